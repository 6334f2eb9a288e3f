//! Histograms of a metric over the cells, stacked by phase, beneath a threshold that can be dragged.

use super::diagram::{Pictures, thresholds};
use super::view;
use crate::config::Config;
use crate::method::phase::{Metrics, Phase};
use weightscope_frame::lab::Derive;
use weightscope_frame::record::{Bars, Channel, Data, Timeline};

/// Bars of a histogram.
const BINS: usize = 24;

/// Channel of a histogram.
pub(crate) fn channel(view: &str) -> String {
    format!("histogram/{view}")
}

/// The histogram of a view, at the newest step.
pub(super) fn channels(config: &Config, job: &Derive<'_>) -> Vec<Channel> {
    let thresholds = thresholds(config, job.record, job.controls);
    let pictures = Pictures::new(job.record);
    let phases = pictures.phases(u64::MAX, &thresholds);
    let (value, logarithmic): (fn(&Metrics) -> Option<f64>, bool) = match job.view {
        view::LOSS_HISTOGRAM => (|cell| cell.train_loss, true),
        view::CONNECTIVITY_HISTOGRAM => (|cell| cell.connectivity.map(|value| -value), false),
        _ => (|cell| cell.cka, false),
    };
    let cells: Vec<(f64, Phase)> = pictures
        .cells(u64::MAX)
        .iter()
        .zip(&phases)
        .filter(|(_, phase)| **phase != Some(Phase::Diverged))
        .filter_map(|(cell, phase)| Some((value(cell.as_ref()?)?, (*phase)?)))
        .collect();
    let Some(bars) = bars(&cells, logarithmic) else { return Vec::new() };
    let about = "Number of cells by the value of the metric, stacked by phase.";
    vec![Channel::new(channel(job.view), "cells", "", about, Data::Bars(Timeline::one(bars)))]
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
