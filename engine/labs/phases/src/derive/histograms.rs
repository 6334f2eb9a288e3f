//! Histograms of a metric over the cells, stacked by phase, beneath a threshold that can be dragged.

use super::diagram::{Pictures, thresholds};
use super::picture;
use crate::config::Config;
use crate::method::phase::{Metrics, Phase};
use weightscope_frame::lab::Derive;
use weightscope_frame::record::declared::{Declared, kinds::OfBars};
use weightscope_frame::record::{Bars, Channel};

/// Bars of a histogram.
const BINS: usize = 24;

/// What is counted.
pub(crate) struct Counted {
    /// Where the histogram stands.
    pub(crate) channel: Declared<OfBars>,
    /// The value of a cell.
    pub(crate) value: fn(&Metrics) -> Option<f64>,
    /// Whether the bars are even in the logarithm.
    pub(crate) logarithmic: bool,
}

/// The histogram of a metric at the newest step.
pub(crate) fn channels(config: &Config, job: &Derive<'_>, counted: &Counted) -> Vec<Channel> {
    let thresholds = thresholds(config, job.record, job.controls);
    let pictures = Pictures::new(job.record);
    let phases = pictures.phases(u64::MAX, &thresholds);
    let cells: Vec<(f64, Phase)> = pictures
        .cells(u64::MAX)
        .iter()
        .zip(&phases)
        .filter(|(_, phase)| **phase != Some(Phase::Diverged))
        .filter_map(|(cell, phase)| Some(((counted.value)(cell.as_ref()?)?, (*phase)?)))
        .collect();
    let bars = bars(&cells, counted.logarithmic);
    bars.map(|bars| picture(&counted.channel, bars)).into_iter().collect()
}

fn bars(cells: &[(f64, Phase)], logarithmic: bool) -> Option<Bars> {
    let map = |value: f64| if logarithmic { value.max(1e-12).ln() } else { value };
    let back = |value: f64| if logarithmic { value.exp() } else { value };
    let low = cells.iter().map(|(value, _)| map(*value)).fold(f64::INFINITY, f64::min);
    let high = cells.iter().map(|(value, _)| map(*value)).fold(f64::NEG_INFINITY, f64::max);
    if !(low.is_finite() && high.is_finite()) {
        return None;
    }
    let width = ((high - low) / BINS as f64).max(1e-9);
    let edges: Vec<f64> = (0..=BINS).map(|bin| back(low + width * bin as f64)).collect();
    let mut series = Vec::new();
    for phase in Phase::ALL {
        let mut counts = vec![0.0; BINS];
        for (value, _) in cells.iter().filter(|(_, other)| *other == phase) {
            let bin = (((map(*value) - low) / width) as usize).min(BINS - 1);
            counts[bin] += 1.0;
        }
        if counts.iter().any(|count| *count > 0.0) {
            series.push((phase.word().to_owned(), counts));
        }
    }
    Some(Bars { edges, labels: Vec::new(), series })
}
