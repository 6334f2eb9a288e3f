//! Conformal calibration: split CQR, symmetric and asymmetric (Romano, Patterson and Candès 2019; paper eq. 26–27), and CV+
//! (Barber et al. 2021; paper eq. 28–29).
//!
//! Ranks are 1-based, ties are kept. A rank beyond the rows gives an infinite offset: that level cannot be reached with so few
//! rows, and nothing here clamps it. Coverage is marginal: it holds on average over rows, not for each slice.

use rayon::prelude::*;

use super::isotonize;
use super::levels::{Levels, Pair};
use weightscope_math::real::Real;

/// A product this near to a whole number is that number: binary rounding must not move a rank.
const GUARD: f64 = 1e-9;

/// `⌈(n + 1)(1 − α)⌉`.
pub fn rank(rows: usize, alpha: f64) -> usize {
    guarded_ceil((rows + 1) as f64 * (1.0 - alpha))
}

/// The fewest calibration rows for a finite offset: `⌈1/α⌉ − 1`.
pub fn fewest_rows(alpha: f64) -> usize {
    guarded_ceil(1.0 / alpha).saturating_sub(1)
}

fn guarded_ceil(value: f64) -> usize {
    let nearest = value.round();
    if (value - nearest).abs() < GUARD { nearest as usize } else { value.ceil() as usize }
}

fn guarded_floor(value: f64) -> usize {
    let nearest = value.round();
    if (value - nearest).abs() < GUARD { nearest as usize } else { value.floor() as usize }
}

/// The value of 1-based rank `k` among `scores`; infinite beyond them, −∞ at rank 0.
pub fn ranked(scores: &[f64], k: usize) -> f64 {
    match k.checked_sub(1) {
        None => f64::NEG_INFINITY,
        Some(index) if index >= scores.len() => f64::INFINITY,
        Some(index) => {
            let mut scores = scores.to_vec();
            *scores.select_nth_unstable_by(index, f64::total_cmp).1
        }
    }
}

weightscope_frame::choices! {
    /// Whether both ends of an interval move by the same amount.
    pub enum Symmetry {
        /// One score, one offset.
        Symmetric = "symmetric", "Symmetric";
        /// One score and half the miss rate for each end.
        Asymmetric = "asymmetric", "Asymmetric";
    }
}

/// The calibration of one central interval.
#[derive(Clone, Copy, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct Offset {
    /// Nominal miss rate.
    pub alpha: f64,
    /// Rank of the score that was taken.
    pub rank: usize,
    /// The lower end moves down by this; infinite if the level cannot be reached.
    pub lower: f64,
    /// The upper end moves up by this.
    pub upper: f64,
}

impl Offset {
    /// False where there are too few calibration rows for the level.
    pub fn is_reachable(&self) -> bool {
        self.lower.is_finite() && self.upper.is_finite()
    }
}

/// Scores of one interval: `max(l − y, y − u)` for each row.
pub fn scores<T: Real>(q: &[T], y: &[T], levels: usize, pair: Pair) -> Vec<f64> {
    one_sided(q, y, levels, pair).map(|(low, high)| low.max(high)).collect()
}

fn one_sided<'a, T: Real>(
    q: &'a [T],
    y: &'a [T],
    levels: usize,
    pair: Pair,
) -> impl Iterator<Item = (f64, f64)> + 'a {
    q.chunks_exact(levels).zip(y).map(move |(row, y)| {
        let y = y.to_f64();
        (row[pair.lower].to_f64() - y, y - row[pair.upper].to_f64())
    })
}

/// Calibrates each central interval, widest first, on rows that no model has seen; `q` is `[rows, levels]`, isotonized.
pub fn calibrate<T: Real>(q: &[T], y: &[T], levels: &Levels, symmetry: Symmetry) -> Vec<Offset> {
    let m = levels.len();
    let offset = |pair: Pair| match symmetry {
        Symmetry::Symmetric => {
            let rank = rank(y.len(), pair.alpha);
            let shift = ranked(&scores(q, y, m, pair), rank);
            Offset { alpha: pair.alpha, rank, lower: shift, upper: shift }
        }
        Symmetry::Asymmetric => {
            let rank = rank(y.len(), 0.5 * pair.alpha);
            let (low, high): (Vec<f64>, Vec<f64>) = one_sided(q, y, m, pair).unzip();
            Offset { alpha: pair.alpha, rank, lower: ranked(&low, rank), upper: ranked(&high, rank) }
        }
    };
    levels.pairs().into_iter().map(offset).collect()
}

/// Moves the ends of each interval of one row; the median stays. Returns how many intervals the offsets inverted.
pub fn shift<T: Real>(row: &mut [T], levels: &Levels, offsets: &[Offset]) -> usize {
    let mut inverted = 0;
    for (pair, offset) in levels.pairs().into_iter().zip(offsets) {
        row[pair.lower] -= T::from_f64(offset.lower);
        row[pair.upper] += T::from_f64(offset.upper);
        inverted += usize::from(row[pair.lower] > row[pair.upper]);
    }
    inverted
}

/// [`shift`] on each row, then the sweep outward from the median, which can only widen. Returns the inverted intervals of all rows.
pub fn apply<T: Real>(rows: &mut [T], levels: &Levels, offsets: &[Offset]) -> usize {
    const CHUNK: usize = 8192;
    let pairs = levels.pairs();
    let part = |part: &mut [T]| {
        let mut inverted = 0;
        for row in part.chunks_exact_mut(levels.len()) {
            for (pair, offset) in pairs.iter().zip(offsets) {
                row[pair.lower] -= T::from_f64(offset.lower);
                row[pair.upper] += T::from_f64(offset.upper);
                inverted += usize::from(row[pair.lower] > row[pair.upper]);
            }
            isotonize::sweep(row);
        }
        inverted
    };
    rows.par_chunks_mut(CHUNK * levels.len()).map(part).sum()
}

/// Ranks of CV+: `⌊α(n + 1)⌋` of the lower values and `⌈(1 − α)(n + 1)⌉` of the upper ones.
pub fn cv_plus_ranks(rows: usize, alpha: f64) -> (usize, usize) {
    (guarded_floor(alpha * (rows + 1) as f64), rank(rows, alpha))
}

/// CV+ interval of one new row. `scores` and `folds` belong to the training rows; `lower` and `upper` hold the ends that each
/// fold's model predicts for the new row.
pub fn cv_plus(scores: &[f64], folds: &[usize], lower: &[f64], upper: &[f64], alpha: f64) -> (f64, f64) {
    let (low_rank, high_rank) = cv_plus_ranks(scores.len(), alpha);
    let lows: Vec<f64> = scores.iter().zip(folds).map(|(score, fold)| lower[*fold] - score).collect();
    let highs: Vec<f64> = scores.iter().zip(folds).map(|(score, fold)| upper[*fold] + score).collect();
    (ranked(&lows, low_rank), ranked(&highs, high_rank))
}
