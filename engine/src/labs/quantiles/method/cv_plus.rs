//! CV+ intervals of many rows: the same numbers as [`cv_plus`](super::conformal::cv_plus), without a pass over all scores for each row.
//!
//! Within a fold the values `end ∓ score` are ordered as the scores, which are sorted once. The value of a rank over all folds is found
//! by bisection over the ordered bit patterns of numbers: 64 counts, each by binary search in every fold.

use super::conformal::cv_plus_ranks;

/// Scores of one interval by fold, ascending.
#[derive(Clone, Debug, Default)]
pub struct SortedScores {
    by_fold: Vec<Vec<f64>>,
    rows: usize,
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
        let folds = || self.by_fold.iter();
        let low = |value: f64| {
            let own = folds().zip(lower);
            own.map(|(s, end)| s.len() - s.partition_point(|score| end - score > value)).sum::<usize>()
        };
        let high = |value: f64| {
            let own = folds().zip(upper);
            own.map(|(s, end)| s.partition_point(|score| end + score <= value)).sum::<usize>()
        };
        (self.ranked(low_rank, low), self.ranked(high_rank, high))
    }

    /// The smallest number at or below which at least `rank` values lie; infinite beyond them, −∞ at rank 0.
    fn ranked(&self, rank: usize, count: impl Fn(f64) -> usize) -> f64 {
        if rank == 0 {
            return f64::NEG_INFINITY;
        }
        if rank > self.rows {
            return f64::INFINITY;
        }
        let (mut below, mut at) = (place(f64::NEG_INFINITY) - 1, place(f64::INFINITY));
        while at - below > 1 {
            let middle = below + (at - below) / 2;
            if count(number(middle)) >= rank { at = middle } else { below = middle }
        }
        number(at)
    }
}

/// Position of a number among all numbers.
fn place(value: f64) -> i128 {
    let bits = value.to_bits() as i64;
    i128::from(if bits < 0 { i64::MIN - bits } else { bits })
}

/// The number at a position.
fn number(place: i128) -> f64 {
    let bits = place as i64;
    f64::from_bits(if bits < 0 { (i64::MIN - bits) as u64 } else { bits as u64 })
}

#[cfg(test)]
mod tests {
    use super::super::conformal::cv_plus;
    use super::*;
    use crate::math::rng::stream;

    #[test]
    fn positions_keep_the_order_of_numbers() {
        let numbers = [f64::NEG_INFINITY, -2.5, -1e-300, 0.0, 1e-300, 3.0, f64::INFINITY];
        assert!(numbers.windows(2).all(|pair| place(pair[0]) < place(pair[1])));
        assert!(numbers.iter().all(|value| number(place(*value)) == *value));
    }

    #[test]
    fn intervals_are_those_of_the_plain_form() {
        let mut random = stream(4, "cv");
        for (rows, alpha) in [(57, 0.2), (57, 0.01), (200, 0.5), (4, 0.1), (31, 0.9)] {
            let scores: Vec<f64> = (0..rows).map(|_| f64::from(random.normal())).collect();
            let folds: Vec<usize> = (0..rows).map(|row| row % 4).collect();
            let lower: Vec<f64> = (0..4).map(|_| f64::from(random.normal())).collect();
            let upper: Vec<f64> = lower.iter().map(|end| end + 1.0).collect();
            let sorted = SortedScores::new(&scores, &folds);
            let plain = cv_plus(&scores, &folds, &lower, &upper, alpha);
            assert_eq!(sorted.interval(&lower, &upper, alpha), plain, "{rows} rows, {alpha}");
        }
    }
}
