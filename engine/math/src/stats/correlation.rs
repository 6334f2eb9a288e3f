//! Correlations of pairs: Pearson's, Spearman's, Kendall's.
//!
//! Each refuses lists of different lengths, fewer than two pairs, and values that are not finite; each is `Ok(None)` if one list does
//! not vary.

use super::moments::Moments;
use super::rank::ranks;
use crate::error::{MathError, check_count, check_finite, check_pairs};

fn check(what: &'static str, x: &[f64], y: &[f64]) -> Result<(), MathError> {
    check_pairs(what, x.len(), y.len())?;
    check_count(what, 2, x.len())?;
    check_finite(what, x)?;
    check_finite(what, y)
}

/// Pearson's `r = Σ(x − x̄)(y − ȳ) / √(Σ(x − x̄)² Σ(y − ȳ)²)`.
pub fn pearson(x: &[f64], y: &[f64]) -> Result<Option<f64>, MathError> {
    check("Pearson's correlation", x, y)?;
    Ok(product_moment(x, y))
}

/// Spearman's ρ: Pearson's of the ranks, ties sharing their mean rank.
pub fn spearman(x: &[f64], y: &[f64]) -> Result<Option<f64>, MathError> {
    check("Spearman's correlation", x, y)?;
    Ok(product_moment(&ranks(x), &ranks(y)))
}

fn product_moment(x: &[f64], y: &[f64]) -> Option<f64> {
    let standardised = |values: &[f64]| {
        let moments = Moments::of(values);
        let (mean, deviation) = (moments.mean()?, moments.population_variance()?.sqrt());
        // Deviations that are rounding errors of the mean are none.
        let varies = deviation.is_finite() && deviation > f64::EPSILON * mean.abs();
        varies.then(|| values.iter().map(|value| (value - mean) / deviation).collect::<Vec<f64>>())
    };
    let (x, y) = (standardised(x)?, standardised(y)?);
    let sum: f64 = x.iter().zip(&y).map(|(x, y)| x * y).sum();
    Some((sum / x.len() as f64).clamp(-1.0, 1.0))
}

/// Kendall's τ-b: `(C − D) / √((P − T_x)(P − T_y))` with P pairs of pairs, C in the same order, D in opposite order, T tied in one list
/// (Knight, JASA 61, 1966: sorting by x, then the exchanges of a merge sort by y).
pub fn kendall(x: &[f64], y: &[f64]) -> Result<Option<f64>, MathError> {
    check("Kendall's correlation", x, y)?;
    // + 0.0: the two zeros are one value.
    let mut pairs: Vec<(f64, f64)> = x.iter().zip(y).map(|(x, y)| (x + 0.0, y + 0.0)).collect();
    pairs.sort_unstable_by(|a, b| a.0.total_cmp(&b.0).then(a.1.total_cmp(&b.1)));
    let tied_x = tied(&pairs, |a, b| a.0 == b.0);
    let tied_both = tied(&pairs, |a, b| a == b);
    let mut second: Vec<f64> = pairs.iter().map(|pair| pair.1).collect();
    let exchanges = merge_sort(&mut second) as f64;
    let tied_y = tied(&second, |a, b| a == b);
    let all = choose_two(x.len());
    let (varying_x, varying_y) = (all - tied_x, all - tied_y);
    if varying_x == 0.0 || varying_y == 0.0 {
        return Ok(None);
    }
    let difference = all - tied_x - tied_y + tied_both - 2.0 * exchanges;
    Ok(Some((difference / varying_x.sqrt() / varying_y.sqrt()).clamp(-1.0, 1.0)))
}

fn choose_two(count: usize) -> f64 {
    0.5 * count as f64 * (count as f64 - 1.0)
}

/// Pairs within runs of neighbours that are alike.
fn tied<T>(sorted: &[T], alike: impl Fn(&T, &T) -> bool) -> f64 {
    sorted.chunk_by(|a, b| alike(a, b)).map(|run| choose_two(run.len())).sum()
}

/// Sorts in place; how many pairs stood in the wrong order.
fn merge_sort(values: &mut [f64]) -> u64 {
    let middle = values.len() / 2;
    if middle == 0 {
        return 0;
    }
    let (left, right) = values.split_at_mut(middle);
    let mut exchanges = merge_sort(left) + merge_sort(right);
    let mut merged = Vec::with_capacity(left.len() + right.len());
    let (mut first, mut second) = (left.iter().peekable(), right.iter().peekable());
    loop {
        let next = match (first.peek(), second.peek()) {
            (Some(a), Some(b)) if b < a => {
                exchanges += first.len() as u64;
                second.next()
            }
            (Some(_), _) => first.next(),
            (None, _) => second.next(),
        };
        match next {
            Some(value) => merged.push(*value),
            None => break,
        }
    }
    values.copy_from_slice(&merged);
    exchanges
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const X: [f64; 8] = [2.5, -1.0, 4.0, 0.5, 3.0, 3.0, -2.0, 7.5];
    const Y: [f64; 8] = [1.0, 0.0, 2.0, 2.0, 5.5, 1.5, -1.0, 4.0];

    /// `scipy.stats.pearsonr`, `spearmanr`, `kendalltau` (1.17.1).
    #[test]
    fn known_pairs_have_their_known_correlations() {
        let near = |found: Result<Option<f64>, MathError>, expected: f64| {
            assert!((found.unwrap().unwrap() - expected).abs() < 1e-13);
        };
        near(pearson(&X, &Y), 0.7216886261226159);
        near(spearman(&X, &Y), 0.7710843373493975);
        near(kendall(&X, &Y), 0.6666666666666666);
    }

    #[test]
    fn pairs_without_meaning_are_refused_or_have_no_correlation() {
        for way in [pearson, spearman, kendall] {
            assert!(way(&[1.0, 2.0], &[1.0]).is_err() && way(&[1.0], &[1.0]).is_err());
            assert!(way(&[1.0, f64::NAN], &[1.0, 2.0]).is_err());
            assert_eq!(way(&[0.1; 3], &[1.0, 2.0, 3.0]), Ok(None));
        }
        assert_eq!(kendall(&[0.0, -0.0], &[1.0, 2.0]), Ok(None));
    }

    fn plain_kendall(x: &[f64], y: &[f64]) -> Option<f64> {
        let (mut sum, mut pairs_x, mut pairs_y) = (0.0, 0.0_f64, 0.0_f64);
        let sign = |difference: f64| if difference == 0.0 { 0.0 } else { difference.signum() };
        for i in 0..x.len() {
            for j in 0..i {
                let (a, b) = (sign(x[i] - x[j]), sign(y[i] - y[j]));
                sum += a * b;
                pairs_x += a * a;
                pairs_y += b * b;
            }
        }
        let pairs = (pairs_x * pairs_y).sqrt();
        (pairs > 0.0).then(|| sum / pairs)
    }

    proptest! {
        #[test]
        fn correlations_are_symmetric_and_kendall_counts_all_pairs(
            pairs in prop::collection::vec((-4_i8..4, -4_i8..4), 2..40),
        ) {
            let (x, y): (Vec<f64>, Vec<f64>) =
                pairs.into_iter().map(|(x, y)| (f64::from(x), f64::from(y))).unzip();
            for way in [pearson, spearman, kendall] {
                let (one, other) = (way(&x, &y).unwrap(), way(&y, &x).unwrap());
                prop_assert_eq!(one.is_some(), other.is_some());
                if let (Some(one), Some(other)) = (one, other) {
                    prop_assert!((one - other).abs() < 1e-12 && one.abs() <= 1.0);
                    prop_assert!((way(&x, &x).unwrap().unwrap() - 1.0).abs() < 1e-12);
                }
            }
            let (fast, plain) = (kendall(&x, &y).unwrap(), plain_kendall(&x, &y));
            prop_assert_eq!(fast.is_some(), plain.is_some());
            prop_assert!((fast.unwrap_or(0.0) - plain.unwrap_or(0.0)).abs() < 1e-12);
        }
    }
}
