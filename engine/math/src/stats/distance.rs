//! Distances of two samples of numbers, of any two sizes: Kolmogorov and Smirnov's, Wasserstein's.
//!
//! Both refuse an empty sample and values that are not finite.

use super::ascending;
use crate::error::{MathError, check_count, check_finite};

/// Kolmogorov and Smirnov's comparison of two samples.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct KolmogorovSmirnov {
    /// `D = sup |F₁ − F₂|` of the empirical distribution functions.
    pub statistic: f64,
    /// Probability of such a D or a larger one for two samples of one continuous distribution, by the limit law: `Q(√(nm/(n + m)) D)`.
    /// Good from about thirty values in each; for small samples, or with ties, too large.
    pub p: f64,
}

/// Compares two samples by the largest difference of their distribution functions (Smirnov 1939).
pub fn kolmogorov_smirnov(first: &[f64], second: &[f64]) -> Result<KolmogorovSmirnov, MathError> {
    let (first, second) = sorted("Kolmogorov and Smirnov's test", first, second)?;
    let mut statistic = 0.0_f64;
    steps(&first, &second, |_, difference, _| statistic = statistic.max(difference.abs()));
    let (n, m) = (first.len() as f64, second.len() as f64);
    Ok(KolmogorovSmirnov { statistic, p: kolmogorov_tail((n * m / (n + m)).sqrt() * statistic) })
}

/// Wasserstein distance of order 1: `∫ |F₁ − F₂| dx`, the least mean way from one sample to the other (Vallender 1974).
pub fn wasserstein(first: &[f64], second: &[f64]) -> Result<f64, MathError> {
    let (first, second) = sorted("Wasserstein distance", first, second)?;
    let mut sum = 0.0;
    steps(&first, &second, |at, difference, next| {
        if let Some(next) = next {
            sum += difference.abs() * (next - at);
        }
    });
    Ok(sum)
}

/// Tail `Q(λ) = 2 Σ (−1)^(k−1) e^(−2k²λ²)` of Kolmogorov's limit law; below 1.18 by the series that converges there,
/// `1 − √(2π)/λ Σ e^(−(2k−1)²π²/(8λ²))`. 1 for λ at or below 0.
pub fn kolmogorov_tail(lambda: f64) -> f64 {
    const TERMS: i32 = 20;
    if lambda.is_nan() {
        return f64::NAN;
    }
    if lambda <= 0.0 {
        return 1.0;
    }
    let tail = if lambda < 1.18 {
        let factor = -std::f64::consts::PI.powi(2) / (8.0 * lambda * lambda);
        let sum: f64 = (1..=TERMS).map(|k| (f64::from(2 * k - 1).powi(2) * factor).exp()).sum();
        1.0 - std::f64::consts::TAU.sqrt() / lambda * sum
    } else {
        let term = |k: i32| (-2.0 * (f64::from(k) * lambda).powi(2)).exp();
        2.0 * (1..=TERMS).map(|k| if k % 2 == 1 { term(k) } else { -term(k) }).sum::<f64>()
    };
    tail.clamp(0.0, 1.0)
}

fn sorted(what: &'static str, first: &[f64], second: &[f64]) -> Result<(Vec<f64>, Vec<f64>), MathError> {
    for values in [first, second] {
        check_count(what, 1, values.len())?;
        check_finite(what, values)?;
    }
    Ok((ascending(first), ascending(second)))
}

/// At each distinct value of both ascending samples: the value, `F₁ − F₂` from there on, and the next value.
fn steps(first: &[f64], second: &[f64], mut step: impl FnMut(f64, f64, Option<f64>)) {
    let (mut i, mut j) = (0, 0);
    let least = |i: usize, j: usize| match (first.get(i), second.get(j)) {
        (Some(a), Some(b)) => Some(a.min(*b)),
        (a, b) => a.or(b).copied(),
    };
    while let Some(at) = least(i, j) {
        i += first.iter().skip(i).take_while(|value| **value <= at).count();
        j += second.iter().skip(j).take_while(|value| **value <= at).count();
        step(at, i as f64 / first.len() as f64 - j as f64 / second.len() as f64, least(i, j));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const A: [f64; 8] = [0.1, 0.4, 0.7, 1.2, 1.9, 2.2, 2.2, 3.1];
    const B: [f64; 6] = [0.4, 0.9, 1.6, 2.5, 3.0, 3.6];

    /// `scipy.stats.ks_2samp(a, b).statistic`, `scipy.special.kolmogorov(sqrt(48 / 14) * d)`,
    /// `scipy.stats.wasserstein_distance(a, b)` (1.17.1).
    #[test]
    fn known_samples_have_their_known_distances() {
        let found = kolmogorov_smirnov(&A, &B).unwrap();
        assert!((found.statistic - 0.375).abs() < 1e-15);
        assert!((found.p - 0.7205942854267658).abs() < 1e-13);
        assert!((wasserstein(&A, &B).unwrap() - 0.525).abs() < 1e-14);
    }

    /// `scipy.special.kolmogorov` (1.17.1).
    #[test]
    fn the_limit_law_has_its_known_values() {
        for (lambda, value) in [
            (0.3, 0.9999906941986655),
            (0.5, 0.9639452436648751),
            (1.0, 0.26999967167735456),
            (1.5, 0.022217962616525127),
            (2.5, 7.453306344157342e-06),
        ] {
            assert!((kolmogorov_tail(lambda) / value - 1.0).abs() < 1e-13, "{lambda}");
        }
        assert_eq!((kolmogorov_tail(0.0), kolmogorov_tail(-1.0)), (1.0, 1.0));
        assert!((kolmogorov_tail(1.18) - kolmogorov_tail(1.18 - 1e-12)).abs() < 1e-11, "the series meet");
    }

    #[test]
    fn empty_and_infinite_samples_are_refused() {
        assert!(kolmogorov_smirnov(&[], &B).is_err() && wasserstein(&A, &[]).is_err());
        assert!(kolmogorov_smirnov(&A, &[f64::NAN]).is_err() && wasserstein(&[f64::INFINITY], &B).is_err());
    }

    proptest! {
        #[test]
        fn a_shift_is_the_distance_and_a_copy_is_none(
            values in prop::collection::vec(-50_i32..50, 1..40),
            shift in -9_i32..9,
        ) {
            let values: Vec<f64> = values.into_iter().map(f64::from).collect();
            let moved: Vec<f64> = values.iter().map(|value| value + f64::from(shift)).collect();
            prop_assert!((wasserstein(&values, &moved).unwrap() - f64::from(shift.abs())).abs() < 1e-10);
            prop_assert_eq!(kolmogorov_smirnov(&values, &values).unwrap().statistic, 0.0);
            // Each value twice is the same distribution.
            let twice = [&values[..], &values[..]].concat();
            prop_assert!(wasserstein(&values, &twice).unwrap() < 1e-12);
        }

        #[test]
        fn distances_are_symmetric_and_bounded(
            a in prop::collection::vec(-5.0_f64..5.0, 1..20),
            b in prop::collection::vec(-5.0_f64..5.0, 1..20),
        ) {
            let (one, other) = (kolmogorov_smirnov(&a, &b).unwrap(), kolmogorov_smirnov(&b, &a).unwrap());
            prop_assert_eq!(one, other);
            prop_assert!((0.0..=1.0).contains(&one.statistic) && (0.0..=1.0).contains(&one.p));
            let way = wasserstein(&a, &b).unwrap();
            let mean = |values: &[f64]| values.iter().sum::<f64>() / values.len() as f64;
            prop_assert!(way >= (mean(&a) - mean(&b)).abs() - 1e-12, "no way is shorter than the means'");
            prop_assert!((way - wasserstein(&b, &a).unwrap()).abs() < 1e-12);
        }
    }
}
