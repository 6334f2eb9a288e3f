//! Conformal scores of one interval, with the one that was taken.

use super::controls;
use super::derived;
use super::draw::{picture, short};
use super::look::{self, Look};
use crate::config::Config;
use crate::method::conformal;
use weightscope_frame::lab::View;
use weightscope_frame::record::declared::{Declared, kinds::OfBars};
use weightscope_frame::record::{AxisSpec, Bars, Channel, ViewKind, ViewSpec};
use weightscope_math::stats::order;

/// Histogram of scores.
const SCORES: Declared<OfBars> = Declared::new(
    "conformal_scores",
    "conformal scores",
    "",
    "max(lower end − y, y − upper end) of the calibration rows, standardised.",
);

/// Bins of the histogram.
const BINS: usize = 40;

/// Scores of the calibration rows for the interval that is looked at.
pub(super) fn view() -> View<Config> {
    View::new(ViewSpec {
        x: AxisSpec::new("conformal score", "standardised"),
        y: AxisSpec::new("calibration rows", ""),
        empty: "Scores of the calibration rows appear here. Press Run.".to_owned(),
        help: include_str!("../help/conformal.md").to_owned(),
        ..derived(
            "conformal_scores",
            "Conformal scores",
            ViewKind::Bars,
            &[&SCORES],
            &[controls::method(), controls::coverage()],
        )
    })
    .derived(|config, job| look::at(config, job, channels))
}

/// Scores of the calibration rows for the interval that is looked at: those up to the offset, and those beyond.
fn channels(look: &Look<'_>) -> Vec<Channel> {
    let method = look.method();
    let (Some((q, y)), Some(pair)) = (look.calibration(method), look.pair()) else { return Vec::new() };
    let mut scores = conformal::scores(&q, &y, look.levels().len(), pair);
    if scores.is_empty() {
        return Vec::new();
    }
    scores.sort_unstable_by(f64::total_cmp);
    let rank = conformal::rank(scores.len(), pair.alpha);
    let taken = conformal::ranked(&scores, rank);
    let ends = (scores[0], order::quantile_of_sorted(&scores, 1.0));
    let span = (ends.1 - ends.0).max(1e-9);
    let edges: Vec<f64> = (0..=BINS).map(|bin| ends.0 + span * bin as f64 / BINS as f64).collect();
    let (mut below, mut beyond) = (vec![0.0; BINS], vec![0.0; BINS]);
    for score in &scores {
        let bin = (((score - ends.0) / span * BINS as f64) as usize).min(BINS - 1);
        if *score <= taken { below[bin] += 1.0 } else { beyond[bin] += 1.0 }
    }
    let offset = if taken.is_finite() {
        format!("up to rank {rank}, Q = {}", short(taken))
    } else {
        format!("rank {rank} > {} rows", scores.len())
    };
    let bars =
        Bars { edges, labels: Vec::new(), series: vec![(offset, below), ("beyond".to_owned(), beyond)] };
    vec![picture(&SCORES, method.name(), bars)]
}
