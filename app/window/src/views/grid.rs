//! Grids at one step: one alone, or several as small multiples; measurements with a colour key, categories with names.

use weightscope_frame::record::{Channel, Data, Grid, ViewSpec};

use super::heat_map::{color_scale, with_bar};
use super::options::ViewOptions;
use super::{Source, channels, overlays, references};
use crate::figure::colormap::{ColorMap, ColorScale};
use crate::figure::hatch::glyphs;
use crate::figure::model::{
    Anchor, Axis, Body, Heat, Ink, Label, Legend, Marker, Panel, PanelsBody, Plot, PointInk, Points, Stroke,
};

/// Most cells whose category is also written into them.
const MOST_NAMED_CELLS: usize = 400;
/// Small multiples in a row, as the papers arrange them.
const PANELS_IN_A_ROW: usize = 4;

/// A grid at the step that is looked at.
pub(super) fn grid(spec: &ViewSpec, sources: &[Source<'_>], options: &ViewOptions) -> Option<Plot> {
    let source = *sources.first()?;
    let channel = *channels(spec, source, options).first()?;
    let mut plot = plot(spec, channel, options)?;
    overlays(&mut plot, spec, source, options, (Ink::Foreground, Stroke::Bold));
    references(&mut plot, &spec.references, options);
    Some(plot)
}

/// One small grid for each channel.
pub(super) fn panels(spec: &ViewSpec, sources: &[Source<'_>], options: &ViewOptions) -> Option<PanelsBody> {
    let source = *sources.first()?;
    let mut panels = Vec::new();
    for channel in source.record.select(&spec.channels) {
        let Some(mut plot) = plot(spec, channel, options) else { continue };
        overlays(&mut plot, spec, source, options, (Ink::Foreground, Stroke::Normal));
        // The heading of the panel names the quantity already.
        if let Some(bar) = plot.color_bar.as_mut().filter(|bar| bar.label == channel.label) {
            bar.label.clear();
        }
        panels.push(Panel { title: channel.label.clone(), body: Body::Plot(plot) });
    }
    (!panels.is_empty()).then_some(PanelsBody { columns: PANELS_IN_A_ROW, panels })
}

fn plot(spec: &ViewSpec, channel: &Channel, options: &ViewOptions) -> Option<Plot> {
    let Data::Grid(grids) = &channel.data else { return None };
    let (_, grid) = grids.at(options.step.unwrap_or(u64::MAX))?;
    let x =
        Axis { unit: spec.x.unit.clone(), ..Axis::categorical(spec.x.label.clone(), grid.columns.clone()) };
    let y = Axis { unit: spec.y.unit.clone(), ..Axis::categorical(spec.y.label.clone(), grid.rows.clone()) };
    let mut scale = if grid.categories.is_empty() {
        measured_scale(spec, options, grid)
    } else {
        ColorScale::categorical()
    };
    scale.reversed = options.reversed && grid.categories.is_empty();
    let heat = Heat {
        categories: grid.categories.clone(),
        confidence: grid.confidence.clone(),
        marks: grid.marks.clone(),
        mark_names: grid.mark_names.clone(),
        block: grid.block,
        rings: grid.rings.clone(),
        ring_name: grid.ring_name.clone(),
        ..Heat::on_unit_grid(grid.rows.len(), grid.columns.len(), grid.values.clone(), scale)
    };
    let plot = Plot::new(x, y).with(heat);
    if grid.categories.is_empty() {
        let mut plot = explained(with_bar(plot, spec, scale), grid);
        if let Some(bar) = &mut plot.color_bar {
            if bar.label.is_empty() {
                bar.label.clone_from(&channel.label);
            }
            if bar.unit.is_empty() {
                bar.unit.clone_from(&channel.unit);
            }
        }
        return Some(plot);
    }
    Some(named(plot, grid))
}

/// Limits and colours of measurements: what the person fixed, else what the grid says of itself, else what fits.
fn measured_scale(spec: &ViewSpec, options: &ViewOptions, grid: &Grid) -> ColorScale {
    let mut scale = color_scale(spec, options, &grid.values);
    if let Some(limits) = options.limits.or(grid.limits) {
        scale.limits = limits;
    }
    if grid.diverging {
        scale.map = ColorMap::Diverging;
        if options.limits.is_none() && grid.limits.is_none() {
            let reach = scale.limits.0.abs().max(scale.limits.1.abs());
            scale.limits = (-reach, reach);
        }
    }
    scale
}

/// Words for hatching, rings and paleness, where they occur.
fn explained(mut plot: Plot, grid: &Grid) -> Plot {
    let key = |words: String| Points {
        marker: Marker::Square,
        ink: PointInk::One(Ink::Muted),
        ..Points::new(words, Vec::new(), Ink::Muted)
    };
    for (name, mark) in grid.mark_names.iter().zip(1_u8..) {
        if grid.marks.contains(&mark) {
            plot = plot.with(key(format!("{} {name}", glyphs(mark))));
        }
    }
    if !grid.rings.is_empty() && !grid.ring_name.is_empty() {
        plot = plot.with(key(format!("□ {}", grid.ring_name)));
    }
    if grid.confidence.iter().any(|sure| *sure < 1.0) {
        plot = plot.with(key("pale: not sure".to_owned()));
    }
    plot
}

/// A key for each category that occurs, and its name in the cells, so that colour is not the only carrier of meaning.
fn named(mut plot: Plot, grid: &Grid) -> Plot {
    plot.legend = Legend::Best;
    for (index, name) in grid.categories.iter().enumerate() {
        if grid.values.contains(&(index as f32)) {
            plot = plot.with(Points {
                marker: Marker::Square,
                ink: PointInk::One(Ink::Category(index)),
                ..Points::new(name.clone(), Vec::new(), Ink::Category(index))
            });
        }
    }
    plot = explained(plot, grid);
    if grid.values.len() > MOST_NAMED_CELLS {
        return plot;
    }
    let columns = grid.columns.len().max(1);
    for (cell, value) in grid.values.iter().enumerate() {
        let name = (*value >= 0.0).then(|| grid.categories.get(*value as usize)).flatten();
        // Where the hatching says the same, the name would only be hard to read.
        let mark =
            grid.marks.get(cell).and_then(|mark| grid.mark_names.get(usize::from(mark.checked_sub(1)?)));
        if let Some(name) = name.filter(|name| mark != Some(name)) {
            plot = plot.with(Label {
                at: [(cell % columns) as f64 + 0.5, (cell / columns) as f64 + 0.5],
                text: name.clone(),
                anchor: Anchor::Middle,
                ink: Ink::OnCategory(*value as usize),
            });
        }
    }
    plot
}
