//! Nested intervals over x with what was observed: fan charts.

use weightscope_frame::record::{Bands, Data, ViewSpec};

use super::options::ViewOptions;
use super::{Source, axis, channels, guides, series_ink};
use crate::figure::model::{Band, Dash, Ink, Line, Marker, Plot, Points, Stroke};

/// Strength of the highlighted interval beside that of the others.
const HIGHLIGHT: f64 = 0.3;

/// The intervals, widest first, the highlighted one stronger; then those beside them, lines, observations.
pub(super) fn bands(spec: &ViewSpec, sources: &[Source<'_>], options: &ViewOptions) -> Option<Plot> {
    let channel = *channels(spec, *sources.first()?, options).first()?;
    let Data::Bands(timeline) = &channel.data else { return None };
    let (_, bands) = timeline.at(options.step.unwrap_or(u64::MAX))?;
    let lines = bands.lines.iter().flat_map(|line| line.y.iter().copied());
    let mut vertical = spec.y.clone();
    if !bands.quantity.is_empty() {
        vertical.label.clone_from(&bands.quantity);
    }
    let mut plot = Plot::new(
        axis(&spec.x, options.x_scale, options, bands.x.iter().copied()),
        axis(&vertical, options.y_scale, options, bands.observed.iter().copied().chain(lines)),
    );
    let is_only = bands.beside.is_empty() && bands.lines.iter().all(|line| line.series.is_none());
    plot = intervals(plot, bands, series_ink(options, channel, 0, if is_only { 1 } else { 2 }));
    guides(&mut plot, spec, *sources.first()?, options);
    for line in &bands.lines {
        let (ink, dash) = match line.series {
            None => (Ink::Muted, Dash::Dashed),
            Some(series) => (Ink::Series(series), Dash::Solid),
        };
        let points = bands.x.iter().zip(&line.y).map(|(x, y)| [*x, *y]).collect();
        // Thin: from row to row the values of a table with many features jump.
        plot = plot.with(Line { dash, stroke: Stroke::Thin, ..Line::new(line.label.clone(), points, ink) });
    }
    Some(observations(plot, bands))
}

/// The intervals in one colour, those beside them in the next one.
fn intervals(mut plot: Plot, bands: &Bands, own: Ink) -> Plot {
    let opacity = (0.7 / bands.intervals.len().max(1) as f64).max(0.06);
    let band = |name: String, lower: &[f64], upper: &[f64], ink: Ink, opacity: f64| Band {
        name,
        x: bands.x.clone(),
        lower: lower.to_vec(),
        upper: upper.to_vec(),
        ink,
        opacity,
    };
    // The others look alike: one key says what they are.
    let is_other = |index: &usize| bands.highlighted != Some(*index);
    let others: Vec<usize> = (0..bands.intervals.len()).filter(is_other).collect();
    for (index, (level, lower, upper)) in bands.intervals.iter().enumerate() {
        let more = if bands.highlighted == Some(index) { HIGHLIGHT } else { 0.0 };
        let name = match others.as_slice() {
            [first, .., last] if *first == index => {
                let narrowest = bands.intervals.get(*last).map_or(*level, |(level, ..)| *level);
                format!("{}–{} %", percent(narrowest), percent(*level))
            }
            [_, .., _] if is_other(&index) => String::new(),
            _ => format!("{} %", percent(*level)),
        };
        plot = plot.with(band(name, lower, upper, own, opacity + more));
    }
    for (name, lower, upper) in &bands.beside {
        plot = plot.with(band(name.clone(), lower, upper, Ink::Series(1), opacity + HIGHLIGHT));
    }
    plot
}

/// Small and pale, so that many rows do not hide the intervals that they are to be compared with; those outside of the highlighted
/// interval in another colour and shape.
fn observations(mut plot: Plot, bands: &Bands) -> Plot {
    if bands.observed.is_empty() {
        return plot;
    }
    let points: Vec<[f64; 2]> = bands.x.iter().zip(&bands.observed).map(|(x, y)| [*x, *y]).collect();
    if bands.inside.len() != points.len() {
        return plot.with(Points { size: 0.45, ..Points::new("observed", points, Ink::Muted) });
    }
    let of = |wanted: bool| {
        let own = points.iter().zip(&bands.inside).filter(|(_, inside)| **inside == wanted);
        own.map(|(point, _)| *point).collect::<Vec<_>>()
    };
    plot = plot.with(Points { size: 0.45, ..Points::new("inside", of(true), Ink::Muted) });
    let outside = Points::new("outside", of(false), Ink::Error);
    plot.with(Points { size: 0.55, marker: Marker::Diamond, ..outside })
}

/// A level in percent, as exact as levels are typed: 97.5, not 98.
fn percent(level: f64) -> f64 {
    (1e9 * level).round() / 1e7
}

#[cfg(test)]
mod tests {
    use weightscope_frame::record::{BandLine, Channel, Record, Timeline, ViewKind};

    use super::*;
    use crate::figure::model::Item;

    fn plot_of(bands: Bands) -> Plot {
        let mut record = Record::default();
        record.insert(Channel {
            id: "fan".to_owned(),
            label: String::new(),
            unit: String::new(),
            about: String::new(),
            clock: false,
            run: None,
            data: Data::Bands(Timeline::one(bands)),
        });
        let spec = ViewSpec::new("fan", "Fan", ViewKind::Bands, &["fan"]);
        super::bands(&spec, &[Source { origin: None, label: "", record: &record }], &ViewOptions::default())
            .unwrap()
    }

    #[test]
    fn the_highlighted_interval_is_stronger_and_splits_the_observations() {
        let plot = plot_of(Bands {
            x: vec![0.0, 1.0, 2.0],
            intervals: vec![(0.9, vec![-2.0; 3], vec![2.0; 3]), (0.5, vec![-1.0; 3], vec![1.0; 3])],
            observed: vec![0.0, 1.5, -0.5],
            highlighted: Some(1),
            inside: vec![true, false, true],
            ..Bands::default()
        });
        let opacity = |name: &str| match plot.items.iter().find(|item| item.name() == name) {
            Some(Item::Band(band)) => band.opacity,
            _ => f64::NAN,
        };
        assert!(opacity("50 %") > opacity("90 %"));
        let points = |name: &str| match plot.items.iter().find(|item| item.name() == name) {
            Some(Item::Points(points)) => points.points.clone(),
            _ => Vec::new(),
        };
        assert_eq!(points("outside"), [[1.0, 1.5]]);
        assert_eq!(points("inside").len(), 2);
    }

    #[test]
    fn a_difference_names_its_axis_and_has_no_dots() {
        let line = BandLine { label: "width".to_owned(), y: vec![0.1, 0.2], series: Some(3) };
        let plot = plot_of(Bands {
            x: vec![0.0, 1.0],
            lines: vec![line],
            quantity: "difference".to_owned(),
            ..Bands::default()
        });
        assert_eq!(plot.y.label, "difference");
        assert_eq!(plot.items.len(), 1);
    }
}
