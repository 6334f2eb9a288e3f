//! Lines over steps, and shares stacked over steps.

use weightscope_engine::record::{Channel, Data, Detail, Query, Series, ViewSpec};

use super::options::{Resolution, ViewOptions};
use super::{Source, axis, channels, references, smooth};
use crate::figure::axis::Scale;
use crate::figure::model::{Band, Dash, Ink, Line, Plot, Stroke};

/// With more series than this a column of pixels gets two points instead of four.
const MANY: usize = 10;

/// Dashes that tell runs apart when several are drawn.
const RUN_DASHES: [Dash; 4] = [Dash::Solid, Dash::Dashed, Dash::Dotted, Dash::DashDot];

/// Scalar channels, and the components of vector channels, as lines.
pub(super) fn lines(
    spec: &ViewSpec,
    sources: &[Source<'_>],
    options: &ViewOptions,
    notes: &mut Vec<String>,
) -> Option<Plot> {
    let mut series: Vec<(String, usize, usize, &Series)> = Vec::new();
    for (run, source) in sources.iter().enumerate() {
        let mut number = 0;
        for channel in channels(spec, *source, options) {
            for (label, values) in members(channel) {
                let name = if sources.len() > 1 { format!("{} · {label}", source.label) } else { label };
                series.push((name, run, number, values));
                number += 1;
            }
        }
    }
    series.retain(|(_, _, _, values)| !values.is_empty());
    if series.is_empty() {
        return None;
    }
    let detail = if series.len() > MANY { Detail::Extremes } else { Detail::Full };
    let x = axis(
        &spec.x,
        options.x_scale,
        None,
        series.iter().filter_map(|(_, _, _, s)| s.last()).map(|point| point.x),
    );
    let y = axis(
        &spec.y,
        options.y_scale,
        None,
        series.iter().filter_map(|(_, _, _, s)| s.last()).map(|point| point.y),
    );
    let x_scale = x.scale;
    let mut plot = Plot::new(x, y);
    references(&mut plot, &spec.references, options);
    for (name, run, number, values) in series {
        let ink = Ink::Series(number);
        let dash = RUN_DASHES.get(run % RUN_DASHES.len()).copied().unwrap_or_default();
        if options.smoothing > 0.0 {
            let raw = points(values, options.resolution, detail, x_scale);
            let smoothed =
                smooth::smooth(&points(values, Resolution::Full, detail, x_scale), options.smoothing);
            plot = plot
                .with(Line { stroke: Stroke::Ghost, dash, ..Line::new(String::new(), raw, ink) })
                .with(Line { dash, ..Line::new(name, smoothed, ink) });
        } else {
            plot = plot.with(Line {
                dash,
                ..Line::new(name, points(values, options.resolution, detail, x_scale), ink)
            });
        }
    }
    if options.smoothing > 0.0 {
        notes.push(format!("smoothed with weight {}, raw values behind", options.smoothing));
    }
    Some(plot)
}

/// Shares that add up to one, stacked in the order of their components.
pub(super) fn stacked(spec: &ViewSpec, sources: &[Source<'_>], options: &ViewOptions) -> Option<Plot> {
    let source = *sources.first()?;
    let members: Vec<(String, &Series)> =
        channels(spec, source, options).into_iter().flat_map(members).collect();
    let x: Vec<f64> = members.first()?.1.iter().map(|point| point.x).collect();
    let mut plot = Plot::new(
        axis(&spec.x, options.x_scale, None, x.iter().copied()),
        axis(&spec.y, None, Some((0.0, 1.0)), std::iter::empty()),
    );
    let mut lower = vec![0.0; x.len()];
    for (number, (name, series)) in members.into_iter().enumerate() {
        let upper: Vec<f64> = lower.iter().zip(series.iter()).map(|(below, point)| below + point.y).collect();
        plot = plot.with(Band {
            name,
            x: x.clone(),
            lower,
            upper: upper.clone(),
            ink: Ink::Series(number),
            opacity: 0.8,
        });
        lower = upper;
    }
    Some(plot)
}

/// The series of a channel with their legends.
fn members(channel: &Channel) -> Vec<(String, &Series)> {
    match &channel.data {
        Data::Scalar(series) => vec![(channel.label.clone(), series)],
        Data::Vector(vector) => {
            vector.components.iter().map(|part| (part.label.clone(), &part.series)).collect()
        }
        _ => Vec::new(),
    }
}

/// The points of a series at the wanted resolution.
pub(super) fn points(
    series: &Series,
    resolution: Resolution,
    detail: Detail,
    x_scale: Scale,
) -> Vec<[f64; 2]> {
    match resolution {
        Resolution::Full => series.iter().map(|point| [point.x, point.y]).collect(),
        Resolution::Screen { from, to, columns } => {
            let to_axis = |x: f64| x_scale.to_axis(x);
            // Nothing zoomed yet: the whole series.
            let (first, last) =
                (series.first().map_or(0.0, |point| point.x), series.last().map_or(0.0, |point| point.x));
            let query = Query { from: from.max(first), to: to.min(last), columns, detail, to_axis: &to_axis };
            series.query(&query).into_iter().map(|point| [point.x, point.y]).collect()
        }
    }
}
