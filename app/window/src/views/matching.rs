//! A matching: nodes in columns, and lines between them as wide as their weights.

use std::collections::BTreeSet;

use weightscope_frame::record::{Data, ViewSpec};

use super::options::ViewOptions;
use super::{Source, channels};
use crate::figure::model::{Anchor, Axis, Ink, Label, Line, Marker, Plot, PointInk, Points, Stroke};
use crate::figure::number::significant;

/// Most nodes whose names are written; the names of more would lie on each other. The pointer names all.
const MOST_NAMED: usize = 48;
/// Digits of a weight.
const DIGITS: usize = 3;

/// The matching at the step that is looked at.
pub(super) fn matching(
    spec: &ViewSpec,
    sources: &[Source<'_>],
    options: &ViewOptions,
    notes: &mut Vec<String>,
) -> Option<Plot> {
    let channel = *channels(spec, *sources.first()?, options).first()?;
    let Data::Graph(timeline) = &channel.data else { return None };
    let (step, graph) = timeline.at(options.step.unwrap_or(u64::MAX))?;
    let (low, high) = ends(graph.nodes.iter().map(|(_, x, _)| *x))?;
    let (bottom, top) = ends(graph.nodes.iter().map(|(_, _, y)| *y))?;
    // Both columns of nodes get the same room, whatever the units of the places.
    let across = |x: f64| if high > low { (x - low) / (high - low) } else { 0.5 };
    let up = |y: f64| if top > bottom { 1.0 - (y - bottom) / (top - bottom) } else { 0.5 };
    let chosen: BTreeSet<usize> = graph.chosen.iter().copied().collect();
    let mut plot = Plot::new(Axis::new("").range(-0.35, 1.35), Axis::new("").range(-0.06, 1.06));
    plot.bare = true;
    plot.aspect = Some(0.7);
    let place = |node: usize| graph.nodes.get(node).map(|(_, x, y)| [across(*x), up(*y)]);
    for (index, (from, to, weight)) in graph.edges.iter().enumerate() {
        let (Some(a), Some(b)) = (place(*from), place(*to)) else { continue };
        let name = |node: usize| graph.nodes.get(node).map_or("", |(label, ..)| label.as_str());
        let own = graph.edge_labels.get(index).filter(|label| !label.is_empty());
        let own = own.map_or_else(String::new, |label| format!(" ({label})"));
        let words = format!("{} – {}: {}{own}", name(*from), name(*to), significant(*weight, DIGITS));
        let percent = if weight.is_finite() { (weight.clamp(0.0, 1.0) * 100.0).round() as u8 } else { 0 };
        let ink = if chosen.contains(&index) { Ink::Accent } else { Ink::Muted };
        let middle = [f64::midpoint(a[0], b[0]), f64::midpoint(a[1], b[1])];
        let line = Line::new("", vec![a, middle, b], ink);
        plot = plot.with(Line { stroke: Stroke::Share(percent), words: vec![words; 3], ..line });
    }
    let dots = (0..graph.nodes.len()).filter_map(place).collect();
    plot = plot.with(Points {
        marker: Marker::Circle,
        ink: PointInk::One(Ink::Foreground),
        ..Points::new("", dots, Ink::Foreground)
    });
    if graph.nodes.len() <= MOST_NAMED {
        for (label, x, y) in &graph.nodes {
            let at = across(*x);
            let (anchor, shift) = if at < 0.5 { (Anchor::End, -0.03) } else { (Anchor::Start, 0.03) };
            plot = plot.with(Label {
                at: [at + shift, up(*y)],
                text: label.clone(),
                anchor,
                ink: Ink::Foreground,
            });
        }
    }
    notes.push(format!("at step {step}"));
    Some(plot)
}

fn ends(values: impl Iterator<Item = f64>) -> Option<(f64, f64)> {
    let (low, high) = values
        .filter(|value| value.is_finite())
        .fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), value| (low.min(value), high.max(value)));
    (low <= high).then_some((low, high))
}

#[cfg(test)]
mod tests {
    use weightscope_frame::record::{Channel, Graph, Record, Timeline, ViewKind};

    use super::*;
    use crate::views::lines_of;

    #[test]
    fn lines_are_as_wide_as_their_weights_and_say_what_they_join() {
        let node = |label: &str, x: f64, y: f64| (label.to_owned(), x, y);
        let graph = Graph {
            nodes: vec![node("a0", 0.0, 0.0), node("a1", 0.0, 1.0), node("b0", 9.0, 0.0)],
            edges: vec![(0, 2, 0.75), (1, 2, f64::NAN), (1, 7, 1.0)],
            chosen: vec![0],
            ..Graph::default()
        };
        let mut record = Record::default();
        record.insert(Channel::new("m", "M", "", "", Data::Graph(Timeline::one(graph))));
        let spec = ViewSpec::new("m", "M", ViewKind::Matching, &["m"]);
        let sources = [Source { origin: None, label: "", record: &record }];
        let plot = matching(&spec, &sources, &ViewOptions::default(), &mut Vec::new()).unwrap();
        let lines = lines_of(&plot);
        assert_eq!(lines.len(), 2, "an edge to a node that is not there is none");
        assert_eq!((lines[0].stroke, lines[0].ink), (Stroke::Share(75), Ink::Accent));
        assert_eq!(lines[0].words[0], "a0 – b0: 0.750");
        assert_eq!(lines[1].stroke, Stroke::Share(0), "no weight, no width");
        assert_eq!(lines[0].points[0], [0.0, 1.0], "the first node stands on top");
    }
}
