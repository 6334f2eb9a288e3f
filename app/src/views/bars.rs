//! Bars: a histogram between edges, or named bars lying one below the other, with stacked parts.

use weightscope_engine::record::{self, Data, ViewSpec};

use super::options::ViewOptions;
use super::{Source, axis, channels, references};
use crate::figure::model::{Axis, Bars, Ink, Legend, Orientation, Plot};

/// Share of a named bar's lane that stays empty on each side.
const LANE_MARGIN: f64 = 0.15;

/// Bars of the first selected channel.
pub(super) fn bars(spec: &ViewSpec, sources: &[Source<'_>], options: &ViewOptions) -> Option<Plot> {
    let channel = *channels(spec, *sources.first()?, options).first()?;
    let Data::Bars(timeline) = &channel.data else { return None };
    let (_, bars) = timeline.at(options.step.unwrap_or(u64::MAX))?;
    let mut plot =
        if bars.labels.is_empty() { histogram(spec, options, bars) } else { named(spec, options, bars) };
    references(&mut plot, &spec.references, options);
    if bars.series.len() < 2 {
        plot.legend = Legend::None;
    }
    Some(plot)
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
