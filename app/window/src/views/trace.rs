//! Picked components of a vector channel over steps, with reference lines and marks in the colour of their category.

use weightscope_frame::record::{Component, Data, Detail, Marks, Vector, ViewSpec};

use super::lines::{self, CHANNEL_DASHES};
use super::options::ViewOptions;
use super::{Source, axis, flips, references, run_ink};
use crate::figure::model::{
    Body, Dash, Ink, Item, Legend, Line, Orientation, Panel, PanelsBody, Plot, Rule, Stroke,
};

/// Components that a view shows when the person picked none.
const SHOWN_AT_FIRST: usize = 4;
/// Steps beside the components in which levels are drawn, and the most levels that are.
const BESIDE: f64 = 1.0;
const MOST_LEVELS: usize = 20;
/// Up to so many levels the boundaries between them stand out.
const FEW_LEVELS: usize = 8;
/// Most panels side by side.
const MOST_COLUMNS: usize = 4;

/// The picked components in one plot, or each in a panel of its own, most telling first as they were picked.
pub(super) fn trace(
    spec: &ViewSpec,
    sources: &[Source<'_>],
    options: &ViewOptions,
    notes: &mut Vec<String>,
) -> Option<Body> {
    let source = sources.first()?;
    let vector = source.record.vector(spec.channels.first()?)?;
    let marks = flips::events(source.record, spec.marks.as_deref());
    let shown = shown(vector, marks, options);
    let many = sources.len() > 1;
    if many && marks.is_some() {
        notes.push(format!("flips are marked for {} only", source.label));
    }
    notes.extend(without(spec, sources, &shown));
    if !options.apart || shown.len() < 2 {
        return Some(Body::Plot(plot(spec, sources, &shown, options)?));
    }
    let mut panels = Vec::new();
    for component in &shown {
        let mut body = plot(spec, sources, &[component], options)?;
        // The heading of the panel names the only line of a run.
        body.legend = if many { body.legend } else { Legend::None };
        panels.push(Panel { title: component.label.clone(), body: Body::Plot(body) });
    }
    let columns = ((shown.len() as f64).sqrt().ceil() as usize).min(MOST_COLUMNS);
    Some(Body::Panels(PanelsBody { columns, panels }))
}

/// How many of the other runs have recorded none of the components.
fn without(spec: &ViewSpec, sources: &[Source<'_>], shown: &[&Component]) -> Option<String> {
    let id = spec.channels.first()?;
    let has = |source: &&Source<'_>| {
        let vector = source.record.vector(id);
        vector.is_some_and(|vector| shown.iter().any(|component| vector.position(component.id).is_some()))
    };
    let others = sources.get(1..).unwrap_or_default();
    let without = others.iter().filter(|source| !has(source)).count();
    let all = others.len();
    (without > 0).then(|| format!("{without} of {all} ticked runs have recorded none of these"))
}

/// Some components in one plot.
fn plot(
    spec: &ViewSpec,
    sources: &[Source<'_>],
    shown: &[&Component],
    options: &ViewOptions,
) -> Option<Plot> {
    let source = sources.first()?;
    let id = spec.channels.first()?;
    if shown.is_empty() {
        return None;
    }
    let ends = || shown.iter().filter_map(|component| component.series.last());
    let x = axis(&spec.x, options.x_scale, options, ends().map(|point| point.x));
    let y = axis(&spec.y, options.y_scale, options, ends().map(|point| point.y));
    let x_scale = x.scale;
    let mut plot = Plot::new(x, y);
    references(&mut plot, &spec.references, options);
    plot.items.extend(levels(spec, source, shown));
    let many = sources.len() > 1;
    let name = |source: &Source<'_>, component: &Component| {
        if many { format!("{} · {}", source.label, component.label) } else { component.label.clone() }
    };
    for (run, source) in sources.iter().enumerate() {
        let Some(vector) = source.record.vector(id) else { continue };
        for (number, component) in shown.iter().enumerate() {
            // The same weights of the other runs.
            let Some(component) = vector.position(component.id).and_then(|at| vector.components.get(at))
            else {
                continue;
            };
            let points = lines::points(&component.series, options.resolution, Detail::Full, x_scale);
            let name = name(source, component);
            let line = if many {
                let dash = CHANNEL_DASHES.get(number % CHANNEL_DASHES.len()).copied().unwrap_or_default();
                Line { dash, source: Some(run), ..Line::new(name, points, run_ink(options, run)) }
            } else {
                Line::new(name, points, Ink::Series(number))
            };
            plot = plot.with(Line { stroke: Stroke::Thin, ..line });
        }
    }
    let owned: Vec<(&Component, String)> =
        shown.iter().map(|component| (*component, name(source, component))).collect();
    Some(flips::with_marks(plot, spec, source.record, &owned))
}

/// Lines at the levels that a channel names, dashed ones at the decision boundaries halfway between them: those among which the
/// components move, and none where they would be no more than a hatching.
fn levels(spec: &ViewSpec, source: &Source<'_>, shown: &[&Component]) -> Vec<Item> {
    let curve = spec.levels.as_ref().and_then(|id| match &source.record.get(id)?.data {
        Data::Curve(timeline) => timeline.last().map(|(_, curve)| curve),
        _ => None,
    });
    let Some(curve) = curve else { return Vec::new() };
    let ranges = || shown.iter().filter_map(|component| component.series.value_range());
    let low = ranges().map(|(low, _)| low).fold(f64::INFINITY, f64::min) - BESIDE;
    let high = ranges().map(|(_, high)| high).fold(f64::NEG_INFINITY, f64::max) + BESIDE;
    let levels: Vec<f64> = curve.y.iter().copied().filter(|level| (low..=high).contains(level)).collect();
    if levels.len() > MOST_LEVELS {
        return Vec::new();
    }
    let rule = |value, dash, ink| {
        let orientation = Orientation::Horizontal;
        Item::from(Rule { orientation, value, label: String::new(), dash, ink, control: None })
    };
    // Many boundaries step back, or they would be brighter than the weights.
    let ink = if levels.len() > FEW_LEVELS { Ink::Muted } else { Ink::Foreground };
    let between = levels.windows(2).filter_map(|pair| match pair {
        [low, high] => Some(rule(0.5 * (low + high), Dash::Dashed, ink)),
        _ => None,
    });
    levels.iter().map(|level| rule(*level, Dash::Solid, Ink::Muted)).chain(between).collect()
}

/// The components that are drawn: those picked, else the first ones that flip.
fn shown<'a>(vector: &'a Vector, marks: Option<&Marks>, options: &ViewOptions) -> Vec<&'a Component> {
    if !options.shown.is_empty() {
        return options.shown.iter().filter_map(|id| vector.components.get(vector.position(*id)?)).collect();
    }
    let flips = |component: &&Component| {
        marks.is_some_and(|marks| marks.marks.iter().any(|mark| mark.id == component.id))
    };
    let mut chosen: Vec<&Component> = vector.components.iter().filter(flips).take(SHOWN_AT_FIRST).collect();
    for component in &vector.components {
        if chosen.len() >= SHOWN_AT_FIRST.min(vector.components.len()) {
            break;
        }
        if !chosen.iter().any(|known| known.id == component.id) {
            chosen.push(component);
        }
    }
    chosen
}
