//! Heat maps: scalar channels × steps, and grids at one step.

use weightscope_frame::record::{AxisScale, Data, Series, ViewSpec};

use super::options::ViewOptions;
use super::{Source, axis, channels};
use crate::figure::axis::Scale;
use crate::figure::colormap::ColorScale;
use crate::figure::model::{Axis, ColorBar, Heat, Legend, Plot};

/// Most columns of a heat map; more would be finer than a page or a screen.
const MOST_COLUMNS: usize = 1024;

/// One row per channel, one column per recorded step.
pub(super) fn over_steps(spec: &ViewSpec, sources: &[Source<'_>], options: &ViewOptions) -> Option<Plot> {
    let source = *sources.first()?;
    let mut names = Vec::new();
    let mut rows: Vec<&Series> = Vec::new();
    for channel in channels(spec, source, options) {
        match &channel.data {
            Data::Scalar(series) => {
                names.push(channel.label.clone());
                rows.push(series);
            }
            Data::Vector(vector) => {
                names.extend(vector.components.iter().map(|component| component.label.clone()));
                rows.extend(vector.components.iter().map(|component| &component.series));
            }
            _ => {}
        }
    }
    let longest = rows.iter().max_by_key(|series| series.len())?;
    let stride = longest.len().div_ceil(MOST_COLUMNS).max(1);
    let steps: Vec<f64> = longest.iter().map(|point| point.x).step_by(stride).collect();
    let edges = edges(&steps)?;
    let mut values = Vec::with_capacity(rows.len() * steps.len());
    for series in &rows {
        let first = series.iter().next().map_or(f64::INFINITY, |point| point.x);
        values.extend(steps.iter().map(|step| {
            if *step < first { f32::NAN } else { series.at(*step).map_or(f32::NAN, |point| point.y as f32) }
        }));
    }
    let scale = color_scale(spec, options, &values);
    let x = Axis { range: None, ..axis(&spec.x, options.x_scale, options, steps.iter().copied()) };
    let y = Axis { unit: spec.y.unit.clone(), ..Axis::categorical(spec.y.label.clone(), names) };
    let heat = Heat { x_edges: edges, ..Heat::on_unit_grid(rows.len(), steps.len(), values, scale) };
    Some(with_bar(Plot::new(x, y).with(heat), spec, scale))
}

/// With a key to the colours.
pub(super) fn with_bar(mut plot: Plot, spec: &ViewSpec, scale: ColorScale) -> Plot {
    plot.legend = Legend::None;
    let (label, unit) = spec
        .color
        .as_ref()
        .map_or((String::new(), String::new()), |color| (color.label.clone(), color.unit.clone()));
    plot.color_bar = Some(ColorBar { scale, label, unit });
    plot
}

/// Limits from the data unless fixed; an all-equal map gets limits around its value.
pub(super) fn color_scale(spec: &ViewSpec, options: &ViewOptions, values: &[f32]) -> ColorScale {
    let finite = values.iter().copied().filter(|value| value.is_finite());
    let (low, high) = finite.fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), value| {
        (low.min(f64::from(value)), high.max(f64::from(value)))
    });
    let fixed = options.limits.or_else(|| spec.color.as_ref().and_then(|color| color.limits));
    let limits = fixed.unwrap_or(if low < high {
        (low, high)
    } else if low.is_finite() {
        (low.min(0.0), if low == 0.0 { 1.0 } else { low.max(0.0) })
    } else {
        (0.0, 1.0)
    });
    let norm = match spec.color.as_ref().map(|color| color.scale) {
        Some(AxisScale::Log) if limits.0 > 0.0 => Scale::Log,
        _ => Scale::Linear,
    };
    ColorScale { map: options.color_map(), limits, norm, reversed: options.reversed }
}

/// Edges halfway between neighbours.
fn edges(centers: &[f64]) -> Option<Vec<f64>> {
    let first = *centers.first()?;
    let last = *centers.last()?;
    let half_first = centers.get(1).map_or(0.5, |second| (second - first) / 2.0);
    let half_last = centers.iter().rev().nth(1).map_or(0.5, |before| (last - before) / 2.0);
    let mut edges = vec![first - half_first];
    edges.extend(centers.windows(2).map(|pair| pair.iter().sum::<f64>() / 2.0));
    edges.push(last + half_last);
    Some(edges)
}
