//! Bars: a histogram between edges, or named bars lying one below the other, with stacked parts.

use weightscope_frame::record::{self, Data, ViewSpec};

use super::options::ViewOptions;
use super::{Source, axis, channels, guides, references, run_ink, series_ink};
use crate::figure::model::{
    Axis, Bars, Dash, Ink, Item, Legend, Line, Marker, Orientation, Plot, Points, Steps,
};
use crate::figure::style::GOLDEN;

/// Share of a named bar's lane that stays empty on each side.
const LANE_MARGIN: f64 = 0.15;

/// Bars of the first selected channel.
pub(super) fn bars(spec: &ViewSpec, sources: &[Source<'_>], options: &ViewOptions) -> Option<Plot> {
    let channel = *channels(spec, *sources.first()?, options).first()?;
    let Data::Bars(timeline) = &channel.data else { return None };
    let (_, bars) = timeline.at(options.step.unwrap_or(u64::MAX))?;
    let mut plot =
        if bars.labels.is_empty() { histogram(spec, options, bars) } else { named(spec, options, bars) };
    if bars.series.len() == 1 {
        for item in &mut plot.items {
            if let Item::Bars(bars) = item {
                bars.ink = series_ink(options, channel, 0, 1);
                if let [shown, _, ..] = sources
                    && !bars.name.is_empty()
                {
                    shown.label.clone_into(&mut bars.name);
                }
            }
        }
    }
    references(&mut plot, &spec.references, options);
    guides(&mut plot, spec, *sources.first()?, options);
    for (run, source) in sources.iter().enumerate().skip(1) {
        plot = beside(plot, spec, (run, *source), bars, options);
    }
    if bars.series.len() < 2 && sources.len() < 2 && spec.overlays.is_empty() {
        plot.legend = Legend::None;
    }
    Some(plot)
}

/// The whole bars of another run: the outline of a histogram, or a mark in each lane that both runs have.
fn beside(
    plot: Plot,
    spec: &ViewSpec,
    (run, source): (usize, Source<'_>),
    like: &record::Bars,
    options: &ViewOptions,
) -> Plot {
    let all = channels(spec, source, options);
    let Some(Data::Bars(timeline)) = all.first().map(|channel| &channel.data) else { return plot };
    let Some((_, bars)) = timeline.at(options.step.unwrap_or(u64::MAX)) else { return plot };
    let (totals, ink) = (totals(bars), run_ink(options, run));
    if bars.labels.is_empty() {
        let Some((first, last)) = bars.edges.first().zip(bars.edges.last()) else { return plot };
        let heights = totals.iter().copied().chain([0.0]);
        let mut points = vec![[*first, 0.0]];
        points.extend(bars.edges.iter().zip(heights).map(|(edge, height)| [*edge, height]));
        points.push([*last, 0.0]);
        let line = Line::new(source.label, points, ink);
        // Parts take colours of the same cycle; broken up, the outline of a run is not taken for one of them.
        let dash = if like.series.len() > 1 { Dash::Dashed } else { Dash::Solid };
        return plot.with(Line { steps: Steps::After, source: Some(run), dash, ..line });
    }
    let lane = |label: &String| like.labels.iter().position(|own| own == label);
    let points = bars
        .labels
        .iter()
        .zip(&totals)
        .filter_map(|(label, total)| Some([*total, lane(label)? as f64 + 0.5]));
    plot.with(Points { marker: Marker::Diamond, ..Points::new(source.label, points.collect(), ink) })
}

fn histogram(spec: &ViewSpec, options: &ViewOptions, bars: &record::Bars) -> Plot {
    let totals = totals(bars);
    let mut plot = Plot::new(
        axis(&spec.x, options.x_scale, options, bars.edges.iter().copied()),
        axis(&spec.y, options.y_scale, options, totals.iter().copied()),
    );
    for (index, (name, heights, bases)) in stacked(bars).enumerate() {
        plot = plot.with(Bars { bases, ..Bars::new(name, bars.edges.clone(), heights, Ink::Series(index)) });
    }
    plot
}

/// The first name stands at the top. Each bar is an item of its own lane, since lanes have gaps between them.
fn named(spec: &ViewSpec, options: &ViewOptions, bars: &record::Bars) -> Plot {
    let mut plot = Plot::new(
        axis(&spec.x, options.x_scale, options, totals(bars).into_iter()),
        Axis::categorical(spec.y.label.clone(), bars.labels.clone()).inverted(),
    );
    // High enough that each lane has its name.
    let natural = 0.2 + 0.038 * bars.labels.len() as f64;
    plot.aspect = (natural > GOLDEN).then_some(natural.min(1.3));
    for (index, (name, heights, bases)) in stacked(bars).enumerate() {
        for (lane, height) in heights.iter().enumerate() {
            let edges = vec![lane as f64 + LANE_MARGIN, (lane + 1) as f64 - LANE_MARGIN];
            // One key in the legend for all lanes of a part.
            let name = if lane == 0 { name.clone() } else { String::new() };
            let base = bases.get(lane).copied().unwrap_or(0.0);
            plot = plot.with(Bars {
                bases: vec![base],
                orientation: Orientation::Horizontal,
                ..Bars::new(name, edges, vec![*height], Ink::Series(index))
            });
        }
    }
    plot
}

/// Each part with where its bars begin.
fn stacked(bars: &record::Bars) -> impl Iterator<Item = (String, Vec<f64>, Vec<f64>)> {
    let mut below = vec![0.0; bars.labels.len().max(bars.edges.len().saturating_sub(1))];
    bars.series.iter().map(move |(name, heights)| {
        let bases = below.clone();
        for (sum, height) in below.iter_mut().zip(heights) {
            *sum += if height.is_nan() { 0.0 } else { *height };
        }
        (name.clone(), heights.clone(), bases)
    })
}

fn totals(bars: &record::Bars) -> Vec<f64> {
    stacked(bars)
        .last()
        .map(|(_, heights, bases)| heights.iter().zip(&bases).map(|(height, base)| height + base).collect())
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use weightscope_frame::record::{Channel, Record, Timeline};

    #[test]
    fn a_curve_over_named_bars_is_a_dashed_line_with_its_name() {
        let bars = record::Bars {
            labels: vec!["a".to_owned(), "b".to_owned()],
            series: vec![("one".to_owned(), vec![1.0, 2.0])],
            ..record::Bars::default()
        };
        let whole = record::Curve { x: vec![3.0, 3.0], y: vec![0.0, 2.0], band: None };
        let mut record = Record::default();
        record.insert(Channel::new("bars", "bars", "", "", Data::Bars(Timeline::one(bars))));
        record.insert(Channel::new("whole", "all of it", "", "", Data::Curve(Timeline::one(whole))));
        let spec = ViewSpec {
            overlays: vec!["whole".to_owned()],
            ..ViewSpec::new("bars", "Bars", record::ViewKind::Bars, &["bars"])
        };
        let source = Source { label: "", origin: None, record: &record };
        let plot = bars_of(&spec, source);
        let Some(Item::Line(line)) = plot.items.last() else { panic!("{:?}", plot.items) };
        assert_eq!((line.name.as_str(), line.dash), ("all of it", Dash::Dashed));
        assert_eq!(line.points, [[3.0, 0.0], [3.0, 2.0]], "across both lanes");
        assert!(!matches!(plot.legend, Legend::None), "the line is named");
    }

    fn bars_of(spec: &ViewSpec, source: Source<'_>) -> Plot {
        bars(spec, &[source], &ViewOptions::default()).unwrap()
    }

    #[test]
    fn another_run_is_an_outline_over_the_bars() {
        let records = [vec![1.0, 2.0], vec![3.0, 4.0]].map(|heights| {
            let bars = record::Bars {
                edges: vec![0.0, 1.0, 2.0],
                labels: Vec::new(),
                series: vec![("all".to_owned(), heights)],
            };
            let mut record = Record::default();
            record.insert(Channel::new("bars", "bars", "", "", Data::Bars(Timeline::one(bars))));
            record
        });
        let [first, second] = &records;
        let sources = [
            Source { label: "a", origin: None, record: first },
            Source { label: "b", origin: None, record: second },
        ];
        let spec = ViewSpec::new("bars", "Bars", record::ViewKind::Bars, &["bars"]);
        let plot = super::bars(&spec, &sources, &ViewOptions::default()).unwrap();
        let [Item::Bars(bars), Item::Line(line)] = plot.items.as_slice() else { panic!("{:?}", plot.items) };
        assert_eq!((bars.name.as_str(), line.name.as_str(), line.source), ("a", "b", Some(1)), "told apart");
        assert_ne!(bars.ink, line.ink, "by colour");
        let corners = [[0.0, 0.0], [0.0, 3.0], [1.0, 4.0], [2.0, 0.0], [2.0, 0.0]];
        assert_eq!(line.points, corners, "from the floor over the tops and back");
    }

    #[test]
    fn parts_stand_on_each_other_and_gaps_do_not_sink_them() {
        let bars = record::Bars {
            edges: Vec::new(),
            labels: vec!["a".to_owned(), "b".to_owned()],
            series: vec![("x".to_owned(), vec![1.0, f64::NAN]), ("y".to_owned(), vec![2.0, 3.0])],
        };
        let bases: Vec<Vec<f64>> = stacked(&bars).map(|(_, _, bases)| bases).collect();
        assert_eq!(
            bases,
            vec![vec![0.0, 0.0], vec![1.0, 0.0]],
            "the second part begins where the first ends"
        );
    }
}
