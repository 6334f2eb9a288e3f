//! Conformal panel: scores of one interval with the one that was taken, and what calibration did to every interval.

use super::look::{Look, Stage, short};
use crate::channels::{channel, only};
use crate::method::calibration;
use crate::method::conformal::{self, fewest_rows};
use crate::names::name;
use crate::pipeline::finish::operator;
use weightscope_frame::record::{Bars, Cell, Channel, Data, Table};
use weightscope_math::stats::order;

/// Histogram of scores.
pub(super) const SCORES: &str = "conformal_scores";
/// One line an interval.
pub(super) const PAIRS: &str = "conformal_pairs";

/// Bins of the histogram.
const BINS: usize = 40;

/// Scores of the calibration rows for the interval that is looked at: those up to the offset, and those beyond.
pub(super) fn scores(look: &Look<'_>) -> Vec<Channel> {
    let method = look.method();
    let (Some((q, y)), Some(pair)) = (look.calibration(&method), look.pair()) else { return Vec::new() };
    let mut scores = conformal::scores(&q, &y, look.levels.len(), pair);
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
    let about = "max(lower end − y, y − upper end) of the calibration rows, standardised.";
    vec![channel(SCORES, name(&method), "", about, Data::Bars(only(0, bars)))]
}

/// Rank, offset, coverage and width of every interval before and after.
pub(super) fn pairs(look: &Look<'_>) -> Vec<Channel> {
    let method = look.method();
    let m = look.levels.len();
    let before = look.predictions(&method, Stage::After(operator(look.config.isotonization)));
    let (Some(before), Some(after), Some(offsets)) =
        (before, look.predictions(&method, Stage::Conformal), look.offsets(&method))
    else {
        return Vec::new();
    };
    let y = look.observations();
    let rows = look.calibration(&method).map_or(0, |(_, y)| y.len());
    let line = |(pair, offset): (crate::method::levels::Pair, &conformal::Offset)| {
        let widths = (calibration::mean_width(&before, m, pair), calibration::mean_width(&after, m, pair));
        let inverted = before
            .chunks_exact(m)
            .filter(|row| {
                f64::from(row[pair.lower]) - offset.lower > f64::from(row[pair.upper]) + offset.upper
            })
            .count();
        let note = if !offset.is_reachable() {
            format!("not reachable with {rows} rows, {} needed", fewest_rows(offset.alpha))
        } else if inverted > 0 {
            format!("{inverted} intervals inverted before the sweep")
        } else {
            String::new()
        };
        vec![
            Cell::Number(1.0 - pair.alpha),
            Cell::Number(offset.rank as f64),
            Cell::Number(offset.lower),
            Cell::Number(offset.upper),
            Cell::Number(calibration::coverage(&before, &y, m, pair)),
            Cell::Number(calibration::coverage(&after, &y, m, pair)),
            Cell::Number(100.0 * (widths.1 / widths.0 - 1.0)),
            Cell::Text(note),
        ]
    };
    let columns = [
        "nominal",
        "rank",
        "offset below",
        "offset above",
        "coverage before",
        "coverage after",
        "width change [%]",
        "note",
    ];
    let rows = look.levels.pairs().into_iter().zip(&offsets).map(line).collect();
    let table = Table { columns: columns.map(str::to_owned).to_vec(), rows };
    let about = "What calibration does to each central interval on the test rows.";
    vec![channel(PAIRS, name(&method), "", about, Data::Table(only(0, table)))]
}
