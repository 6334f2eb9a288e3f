//! CV+ intervals of many rows: the same numbers as [`cv_plus`](super::conformal::cv_plus), without a pass over all scores for each row.
//!
//! Within a fold the values `end ∓ score` are ordered as the scores, which are sorted once. The value of a rank over all folds is then
//! selected by pivots: each round halves what is left in the largest fold, by binary search in every fold.

use super::conformal::cv_plus_ranks;
use super::isotonize;
use super::levels::Pair;

/// Scores of one interval by fold, ascending.
#[derive(Clone, Debug, Default)]
pub struct SortedScores {
    by_fold: Vec<Vec<f64>>,
    rows: usize,
}

/// Calibrates one row in place: the ends of every interval from the fold models' quantiles `[rows, levels]`, then the sweep.
pub fn calibrate_row(
    pairs: &[Pair],
    scores: &[SortedScores],
    by_fold: &[Vec<f32>],
    row: usize,
    out: &mut [f32],
) {
    let m = out.len();
    for (pair, scores) in pairs.iter().zip(scores) {
        let end = |level: usize| by_fold.iter().map(|q| f64::from(q[row * m + level])).collect::<Vec<_>>();
        let (low, high) = scores.interval(&end(pair.lower), &end(pair.upper), pair.alpha);
        out[pair.lower] = low as f32;
        out[pair.upper] = high as f32;
    }
    isotonize::sweep(out);
}

impl SortedScores {
    /// Sorts the scores of the training rows by their fold.
    pub fn new(scores: &[f64], folds: &[usize]) -> Self {
        let count = folds.iter().max().map_or(0, |most| most + 1);
        let mut by_fold = vec![Vec::new(); count];
        scores.iter().zip(folds).for_each(|(score, fold)| by_fold[*fold].push(*score));
        by_fold.iter_mut().for_each(|scores| scores.sort_unstable_by(f64::total_cmp));
        Self { by_fold, rows: scores.len().min(folds.len()) }
    }

    /// The interval of one new row from the ends that each fold's model predicts for it.
    pub fn interval(&self, lower: &[f64], upper: &[f64], alpha: f64) -> (f64, f64) {
        let (low_rank, high_rank) = cv_plus_ranks(self.rows, alpha);
        let low = |fold: usize, index: usize| {
            let scores = &self.by_fold[fold];
            lower[fold] - scores[scores.len() - 1 - index]
        };
        let high = |fold: usize, index: usize| upper[fold] + self.by_fold[fold][index];
        (self.ranked(low_rank, low), self.ranked(high_rank, high))
    }

    /// The value of 1-based `rank`; `value` ascends within each fold. Infinite beyond the values, −∞ at rank 0,
    /// not-a-number if an end is.
    fn ranked(&self, rank: usize, value: impl Fn(usize, usize) -> f64) -> f64 {
        if rank == 0 {
            return f64::NEG_INFINITY;
        }
        let mut need = rank;
        let mut left: Vec<(usize, usize)> = self.by_fold.iter().map(|scores| (0, scores.len())).collect();
        loop {
            let largest = (0..left.len()).max_by_key(|fold| left[*fold].1 - left[*fold].0);
            let Some(largest) = largest.filter(|fold| left[*fold].1 > left[*fold].0) else {
                return f64::INFINITY;
            };
            let pivot = value(largest, usize::midpoint(left[largest].0, left[largest].1));
            if pivot.is_nan() {
                return f64::NAN;
            }
            // Of each fold: where the values below the pivot end, and where those up to it end.
            let cuts: Vec<(usize, usize)> = left
                .iter()
                .enumerate()
                .map(|(fold, range)| {
                    let below = first(*range, |index| value(fold, index) >= pivot);
                    (below, first((below, range.1), |index| value(fold, index) > pivot))
                })
                .collect();
            let count = |end: fn(&(usize, usize)) -> usize| -> usize {
                cuts.iter().zip(&left).map(|(cut, range)| end(cut) - range.0).sum()
            };
            let (below, up_to) = (count(|cut| cut.0), count(|cut| cut.1));
            if need <= below {
                left.iter_mut().zip(&cuts).for_each(|(range, cut)| range.1 = cut.0);
            } else if need <= up_to {
                return pivot;
            } else {
                need -= up_to;
                left.iter_mut().zip(&cuts).for_each(|(range, cut)| range.0 = cut.1);
            }
        }
    }
}

/// The first index of a range for which `holds`, which then holds to its end; the end if there is none.
fn first((mut from, mut to): (usize, usize), holds: impl Fn(usize) -> bool) -> usize {
    while from < to {
        let middle = usize::midpoint(from, to);
        if holds(middle) { to = middle } else { from = middle + 1 }
    }
    from
}

#[cfg(test)]
mod tests {
    use super::super::conformal::cv_plus;
    use super::*;
    use weightscope_math::rng::stream;

    #[test]
    fn intervals_are_those_of_the_plain_form() {
        let mut random = stream(4, "cv");
        for (rows, alpha) in [(57, 0.2), (57, 0.01), (200, 0.5), (4, 0.1), (31, 0.9), (3, 0.5), (5000, 0.1)] {
            // Rounded, so that values repeat.
            let scores: Vec<f64> =
                (0..rows).map(|_| (8.0 * f64::from(random.normal())).round() / 8.0).collect();
            let folds: Vec<usize> = (0..rows).map(|row| row % 4).collect();
            let lower: Vec<f64> = (0..4).map(|_| f64::from(random.normal())).collect();
            let upper: Vec<f64> = lower.iter().map(|end| end + 1.0).collect();
            let sorted = SortedScores::new(&scores, &folds);
            let plain = cv_plus(&scores, &folds, &lower, &upper, alpha);
            assert_eq!(sorted.interval(&lower, &upper, alpha), plain, "{rows} rows, {alpha}");
        }
    }

    #[test]
    fn an_end_that_is_no_number_ends_the_search() {
        let sorted = SortedScores::new(&[0.1, 0.2, 0.3, 0.4], &[0, 1, 0, 1]);
        let (low, high) = sorted.interval(&[f64::NAN, f64::NAN], &[1.0, f64::INFINITY], 0.5);
        assert!(low.is_nan() && high.is_infinite(), "{low} {high}");
    }
}
