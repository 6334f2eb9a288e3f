//! Views of whole pictures at one step: scatter, curves, graphs.

use weightscope_frame::record::{Data, ViewSpec};

use super::lines::CHANNEL_DASHES;
use super::options::ViewOptions;
use super::{Source, axis, channels, guides, heat_map, marks, overlays, references, run_ink};
use crate::figure::model::{
    Band, ColorBar, Dash, Edge, Emphasis, GraphBody, Ink, Legend, Line, Marker, Node, Plot, PointInk, Points,
    Stroke,
};

/// Dots coloured by their value.
pub(super) fn scatter(
    spec: &ViewSpec,
    sources: &[Source<'_>],
    options: &ViewOptions,
    notes: &mut Vec<String>,
) -> Option<Plot> {
    let channel = *channels(spec, *sources.first()?, options).first()?;
    if let Data::Marks(events) = &channel.data {
        return Some(marks::marks(spec, events, options));
    }
    let Data::Points(timeline) = &channel.data else { return None };
    let (step, dots) = timeline.at(options.step.unwrap_or(u64::MAX))?;
    let values: Vec<f32> = dots.iter().map(|dot| dot.value as f32).collect();
    let scale = heat_map::color_scale(spec, options, &values);
    let mut plot = Plot::new(
        axis(&spec.x, options.x_scale, options, dots.iter().map(|dot| dot.x)),
        axis(&spec.y, options.y_scale, options, dots.iter().map(|dot| dot.y)),
    );
    references(&mut plot, &spec.references, options);
    plot = plot.with(Points {
        name: String::new(),
        points: dots.iter().map(|dot| [dot.x, dot.y]).collect(),
        marker: Marker::Circle,
        size: 1.0,
        ink: PointInk::Mapped { values: dots.iter().map(|dot| dot.value).collect(), scale },
    });
    plot.legend = Legend::None;
    overlays(&mut plot, spec, *sources.first()?, options, (Ink::Muted, Stroke::Thin));
    let (label, unit) = spec
        .color
        .as_ref()
        .map_or((String::new(), String::new()), |color| (color.label.clone(), color.unit.clone()));
    plot.color_bar = Some(ColorBar { scale, label, unit });
    notes.push(format!("at step {step}"));
    Some(plot)
}

/// One curve for each channel.
pub(super) fn curve(spec: &ViewSpec, sources: &[Source<'_>], options: &ViewOptions) -> Option<Plot> {
    let many = sources.len() > 1;
    let mut curves = Vec::new();
    for (run, source) in sources.iter().enumerate() {
        // A dashed channel has the colour of the one that it stands beside.
        let (mut solid, mut beside) = (0, 0);
        for (number, channel) in channels(spec, *source, options).into_iter().enumerate() {
            if let Data::Curve(timeline) = &channel.data
                && let Some((_, curve)) = timeline.at(options.step.unwrap_or(u64::MAX))
            {
                let name = match (many, channels(spec, *source, options).len()) {
                    (false, _) => channel.label.clone(),
                    (true, 1) => source.label.to_owned(),
                    (true, _) => format!("{} · {}", source.label, channel.label),
                };
                let dash = CHANNEL_DASHES.get(number % CHANNEL_DASHES.len()).copied().unwrap_or_default();
                let is_dashed = spec.is_dashed(&channel.id);
                let counted = if is_dashed { &mut beside } else { &mut solid };
                let series_number = *counted;
                *counted += 1;
                let (ink, dash) = match (many, is_dashed) {
                    (true, _) => (run_ink(options, run), dash),
                    (false, true) => (Ink::Series(series_number), Dash::Dashed),
                    (false, false) => (Ink::Series(series_number), Dash::Solid),
                };
                let points = curve.x.iter().zip(&curve.y).map(|(x, y)| [*x, *y]).collect();
                let line = Line { dash, source: many.then_some(run), ..Line::new(name, points, ink) };
                curves.push((line, curve));
            }
        }
    }
    let values = curves.iter().flat_map(|(_, curve)| curve.y.iter().copied());
    values.clone().find(|value| value.is_finite())?;
    let mut plot = Plot::new(
        axis(&spec.x, options.x_scale, options, curves.first()?.1.x.iter().copied()),
        axis(&spec.y, options.y_scale, options, values),
    );
    references(&mut plot, &spec.references, options);
    guides(&mut plot, spec, *sources.first()?, options);
    for (line, curve) in curves {
        if let Some((lower, upper)) = &curve.band {
            plot = plot.with(Band {
                name: String::new(),
                x: curve.x.clone(),
                lower: lower.clone(),
                upper: upper.clone(),
                ink: line.ink,
                opacity: 0.2,
            });
        }
        plot = plot.with(line);
    }
    Some(plot)
}

/// Nodes and weighted edges.
pub(super) fn graph(spec: &ViewSpec, sources: &[Source<'_>], options: &ViewOptions) -> Option<GraphBody> {
    let channel = *channels(spec, *sources.first()?, options).first()?;
    let Data::Graph(timeline) = &channel.data else { return None };
    let (_, graph) = timeline.at(options.step.unwrap_or(u64::MAX))?;
    let nodes = graph
        .nodes
        .iter()
        .map(|(label, x, y)| Node { x: *x, y: *y, label: label.clone(), emphasis: Emphasis::Normal })
        .collect();
    let edges = graph
        .edges
        .iter()
        .map(|(from, to, weight)| Edge {
            from: *from,
            to: *to,
            weight: *weight,
            label: String::new(),
            emphasis: Emphasis::Normal,
        })
        .collect();
    Some(GraphBody { nodes, edges })
}
