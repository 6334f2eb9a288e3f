//! Shares that add up to one, as trails between the corners of a polygon.
//!
//! Contract: a point lies at the mean of the corners weighted by its shares: exact for three components, a projection for more. A step
//! whose shares do not add up to one is left out and counted.

use std::f64::consts::{PI, TAU};

use weightscope_frame::record::{Data, Vector, ViewSpec};

use super::options::ViewOptions;
use super::{Source, channels};
use crate::figure::model::{Anchor, Axis, Ink, Label, Line, Marker, Plot, PointInk, Points, Stroke};
use crate::figure::number::{plural, significant};

/// Most points of a trail; more would be finer than a page or a screen.
const MOST_POINTS: usize = 600;
/// How far from one the sum of shares may lie: rounding of single precision.
const TOLERANCE: f64 = 1e-3;
/// Where the picture ends; the corners lie at distance 1 from the middle, their names a little further out.
const EDGE: f64 = 1.35;
/// Distance of a corner's name from the middle.
const NAME: f64 = 1.12;

/// One trail for each channel, up to the step that is looked at.
pub(super) fn simplex(
    spec: &ViewSpec,
    sources: &[Source<'_>],
    options: &ViewOptions,
    notes: &mut Vec<String>,
) -> Option<Plot> {
    let source = *sources.first()?;
    let vectors: Vec<(&str, &Vector)> = channels(spec, source, options)
        .into_iter()
        .filter_map(|channel| match &channel.data {
            Data::Vector(vector) if !vector.components.is_empty() => Some((channel.label.as_str(), vector)),
            _ => None,
        })
        .collect();
    let (_, first) = vectors.first()?;
    let names: Vec<&str> = first.components.iter().map(|component| component.label.as_str()).collect();
    let corners = corners(names.len());
    let mut plot = frame(&corners, &names);
    let until = options.step.map_or(f64::INFINITY, |step| step as f64);
    let mut left_out = 0;
    let alike = |vector: &Vector| {
        vector.components.iter().map(|component| component.label.as_str()).eq(names.iter().copied())
    };
    let others = vectors.iter().filter(|(_, vector)| !alike(vector)).count();
    for (index, (label, vector)) in vectors.iter().filter(|(_, vector)| alike(vector)).enumerate() {
        let trail = trail(vector, &corners, until);
        left_out += trail.left_out;
        let Some(now) = trail.points.last().copied() else { continue };
        let ink = Ink::Series(index);
        let line = Line::new(*label, trail.points, ink);
        plot = plot.with(Line { stroke: Stroke::Thin, words: trail.words, ..line });
        plot = plot.with(Points { size: 1.6, ..Points::new(*label, vec![now], ink) });
    }
    if left_out > 0 {
        let steps = plural(left_out, "step");
        notes.push(format!("{left_out} {steps} left out: shares that do not add up to one"));
    }
    if others > 0 {
        let channels = plural(others, "channel");
        notes.push(format!("{others} {channels} left out: with other components"));
    }
    Some(plot)
}

/// The places of the corners: the first on top, the others clockwise; two stand side by side.
fn corners(count: usize) -> Vec<[f64; 2]> {
    let begin = if count == 2 { PI } else { PI / 2.0 };
    (0..count)
        .map(|index| {
            let angle = begin - TAU * index as f64 / count.max(1) as f64;
            [angle.cos(), angle.sin()]
        })
        .collect()
}

/// The outline with the names at the corners and a mark where all shares are equal.
fn frame(corners: &[[f64; 2]], names: &[&str]) -> Plot {
    let mut plot = Plot::new(Axis::new("").range(-EDGE, EDGE), Axis::new("").range(-EDGE, EDGE));
    plot.bare = true;
    plot.aspect = Some(1.0);
    let outline = corners.iter().chain(corners.first()).copied().collect();
    plot = plot.with(Line { stroke: Stroke::Thin, ..Line::new("", outline, Ink::Muted) });
    let equal = Points {
        marker: Marker::Plus,
        ink: PointInk::One(Ink::Muted),
        ..Points::new("", vec![[0.0, 0.0]], Ink::Muted)
    };
    plot = plot.with(equal);
    for ([x, y], name) in corners.iter().zip(names) {
        let anchor = match x {
            x if *x > 0.3 => Anchor::Start,
            x if *x < -0.3 => Anchor::End,
            _ => Anchor::Middle,
        };
        plot = plot.with(Label {
            at: [x * NAME, y * NAME],
            text: (*name).to_owned(),
            anchor,
            ink: Ink::Foreground,
        });
    }
    plot
}

/// A trail with what is said of each of its points.
struct Trail {
    points: Vec<[f64; 2]>,
    words: Vec<String>,
    left_out: usize,
}

fn trail(vector: &Vector, corners: &[[f64; 2]], until: f64) -> Trail {
    let mut trail = Trail { points: Vec::new(), words: Vec::new(), left_out: 0 };
    let Some(first) = vector.components.first() else { return trail };
    let steps: Vec<f64> =
        first.series.iter().map(|point| point.x).take_while(|step| *step <= until).collect();
    let stride = steps.len().div_ceil(MOST_POINTS).max(1);
    let last = steps.len().saturating_sub(1);
    for (_, step) in steps.iter().enumerate().filter(|(index, _)| index % stride == 0 || *index == last) {
        let shares: Vec<f64> = vector
            .components
            .iter()
            .map(|component| component.series.at(*step).map_or(f64::NAN, |point| point.y))
            .collect();
        let sum: f64 = shares.iter().sum();
        if sum.is_nan() || (sum - 1.0).abs() > TOLERANCE {
            trail.left_out += 1;
            continue;
        }
        let place = |axis: usize| -> f64 {
            shares.iter().zip(corners).filter_map(|(share, corner)| Some(share * corner.get(axis)?)).sum()
        };
        trail.points.push([place(0), place(1)]);
        trail.words.push(words(*step, vector, &shares));
    }
    trail
}

/// A step and its shares, the largest first.
fn words(step: f64, vector: &Vector, shares: &[f64]) -> String {
    /// Further ones are small.
    const MOST: usize = 6;
    let mut named: Vec<(&str, f64)> = vector
        .components
        .iter()
        .map(|component| component.label.as_str())
        .zip(shares.iter().copied())
        .collect();
    named.sort_by(|a, b| b.1.total_cmp(&a.1));
    let parts: Vec<String> =
        named.iter().take(MOST).map(|(name, share)| format!("{name} {}", significant(*share, 3))).collect();
    format!("step {step}, {}", parts.join(", "))
}

#[cfg(test)]
mod tests {
    use weightscope_frame::record::{Channel, Component, Record, ViewKind};

    use super::*;
    use crate::figure::model::Item;

    fn record(shares: &[[f64; 3]]) -> Record {
        let component = |index: usize| Component {
            label: format!("op{index}"),
            group: String::new(),
            id: index as u64,
            series: shares.iter().enumerate().map(|(step, shares)| (step as f64, shares[index])).collect(),
        };
        let vector = Vector { components: (0..3).map(component).collect() };
        let mut record = Record::default();
        record.insert(Channel::new("alpha", "edge 0", "", "", Data::Vector(vector)));
        record
    }

    #[test]
    fn a_trail_runs_between_the_corners_and_wrong_shares_are_counted() {
        let record = record(&[[1.0, 0.0, 0.0], [1.0 / 3.0; 3], [0.9, 0.9, 0.9], [0.0, 1.0, 0.0]]);
        let spec = ViewSpec::new("s", "S", ViewKind::Simplex, &["alpha"]);
        let sources = [Source { origin: None, label: "", record: &record }];
        let mut notes = Vec::new();
        let plot = simplex(&spec, &sources, &ViewOptions::default(), &mut notes).unwrap();
        let trail = plot.items.iter().find_map(|item| match item {
            Item::Line(line) if line.name == "edge 0" => Some(line),
            _ => None,
        });
        let trail = trail.unwrap();
        let corners = corners(3);
        let close = |a: [f64; 2], b: [f64; 2]| (a[0] - b[0]).hypot(a[1] - b[1]) < 1e-9;
        assert!(close(trail.points[0], corners[0]), "all of the first: on top");
        assert!(close(trail.points[1], [0.0, 0.0]), "equal shares: the middle");
        assert!(close(trail.points[2], corners[1]), "all of the second");
        assert_eq!(notes, ["1 step left out: shares that do not add up to one"]);
        assert!(trail.words[1].starts_with("step 1, "), "{:?}", trail.words);
        let at_one = ViewOptions { step: Some(1), ..ViewOptions::default() };
        let early = simplex(&spec, &sources, &at_one, &mut notes).unwrap();
        let shortened =
            early.items.iter().any(|item| matches!(item, Item::Line(line) if line.points.len() == 2));
        assert!(shortened, "a trail ends at the step that is looked at");
    }
}
