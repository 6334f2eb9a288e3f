//! Views of whole pictures at one step: scatter, curves, graphs.

use std::collections::BTreeSet;

use weightscope_frame::record::{Channel, Data, Dot, ViewSpec};

use super::lines::channel_style;
use super::options::ViewOptions;
use super::{Source, axis, channels, guides, heat_map, marks, overlays, references, run_ink, series_ink};
use crate::figure::model::{
    Band, ColorBar, Dash, Edge, Emphasis, GraphBody, Ink, Legend, Line, Marker, Node, Plot, PointInk, Points,
    Stroke,
};

/// Markers of the channels of a scatter, in their order.
const CATEGORIES: [Marker; 6] =
    [Marker::Circle, Marker::Diamond, Marker::Up, Marker::Square, Marker::Down, Marker::Cross];

/// Dots coloured by their value where the view says what that means; those of several channels told apart by marker, and by colour where
/// it says nothing else.
pub(super) fn scatter(
    spec: &ViewSpec,
    sources: &[Source<'_>],
    options: &ViewOptions,
    notes: &mut Vec<String>,
) -> Option<Plot> {
    let all = channels(spec, *sources.first()?, options);
    if let Data::Marks(events) = &all.first()?.data {
        return Some(marks::marks(spec, events, options));
    }
    let crowds: Vec<(&Channel, u64, &Vec<Dot>)> = all
        .into_iter()
        .filter_map(|channel| match &channel.data {
            Data::Points(timeline) => {
                timeline.at(options.step.unwrap_or(u64::MAX)).map(|(step, dots)| (channel, step, dots))
            }
            _ => None,
        })
        .collect();
    let (_, step, _) = *crowds.first()?;
    // Results of several runs are of no step.
    let at = (!spec.across).then(|| format!("at step {step}"));
    let dots = || crowds.iter().flat_map(|(_, _, dots)| dots.iter());
    let values: Vec<f32> = dots().map(|dot| dot.value as f32).collect();
    let scale = heat_map::color_scale(spec, options, &values);
    let mut plot = Plot::new(
        axis(&spec.x, options.x_scale, options, dots().map(|dot| dot.x)),
        axis(&spec.y, options.y_scale, options, dots().map(|dot| dot.y)),
    );
    references(&mut plot, &spec.references, options);
    let several = crowds.len() > 1;
    for (index, (channel, _, dots)) in crowds.iter().enumerate() {
        // A colour says only what the view says it means; else it tells who each of several is.
        let ink = if spec.color.is_none() {
            PointInk::One(series_ink(options, channel, index, crowds.len()))
        } else {
            PointInk::Mapped { values: dots.iter().map(|dot| dot.value).collect(), scale }
        };
        let is_sized = dots.iter().any(|dot| dot.size.to_bits() != 1.0_f32.to_bits());
        plot = plot.with(Points {
            name: if several { channel.label.clone() } else { String::new() },
            points: dots.iter().map(|dot| [dot.x, dot.y]).collect(),
            marker: CATEGORIES.get(index % CATEGORIES.len()).copied().unwrap_or_default(),
            size: 1.0,
            sizes: if is_sized { dots.iter().map(|dot| f64::from(dot.size)).collect() } else { Vec::new() },
            ink,
            owners: Vec::new(),
            words: Vec::new(),
        });
    }
    if !several {
        plot.legend = Legend::None;
    }
    if spec.color.is_none() {
        overlays(&mut plot, spec, *sources.first()?, options, (Ink::Muted, Stroke::Thin));
        notes.extend(at);
        return Some(plot);
    }
    overlays(&mut plot, spec, *sources.first()?, options, (Ink::Muted, Stroke::Thin));
    let (label, unit) = spec
        .color
        .as_ref()
        .map_or((String::new(), String::new()), |color| (color.label.clone(), color.unit.clone()));
    plot.color_bar = Some(ColorBar { scale, label, unit });
    notes.extend(at);
    Some(plot)
}

/// One curve for each channel.
pub(super) fn curve(spec: &ViewSpec, sources: &[Source<'_>], options: &ViewOptions) -> Option<Plot> {
    let many = sources.len() > 1;
    let mut curves = Vec::new();
    for (run, source) in sources.iter().enumerate() {
        // A dashed channel has the colour of the one that it stands beside.
        let (mut solid, mut beside) = (0, 0);
        let all = channels(spec, *source, options);
        let count = all.iter().filter(|channel| !spec.is_dashed(&channel.id)).count();
        for (number, channel) in all.into_iter().enumerate() {
            if let Data::Curve(timeline) = &channel.data
                && let Some((_, curve)) = timeline.at(options.step.unwrap_or(u64::MAX))
            {
                let name = match (many, channels(spec, *source, options).len()) {
                    (false, _) => channel.label.clone(),
                    (true, 1) => source.label.to_owned(),
                    (true, _) => format!("{} · {}", source.label, channel.label),
                };
                let (dash, stroke) = channel_style(number);
                let is_dashed = spec.is_dashed(&channel.id);
                let counted = if is_dashed { &mut beside } else { &mut solid };
                let series_number = *counted;
                *counted += 1;
                let (ink, dash, stroke) = if many {
                    (run_ink(options, run), dash, stroke)
                } else {
                    let dash = if is_dashed { Dash::Dashed } else { Dash::Solid };
                    (series_ink(options, channel, series_number, count), dash, Stroke::Normal)
                };
                let points = curve.x.iter().zip(&curve.y).map(|(x, y)| [*x, *y]).collect();
                let source = many.then_some(run);
                let line = Line { dash, stroke, source, ..Line::new(name, points, ink) };
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
    let chosen: BTreeSet<usize> = graph.chosen.iter().copied().collect();
    let edges = graph
        .edges
        .iter()
        .enumerate()
        .map(|(index, (from, to, weight))| Edge {
            from: *from,
            to: *to,
            weight: *weight,
            label: graph.edge_labels.get(index).cloned().unwrap_or_default(),
            emphasis: if chosen.contains(&index) { Emphasis::Strong } else { Emphasis::Normal },
        })
        .collect();
    Some(GraphBody { nodes, edges })
}
