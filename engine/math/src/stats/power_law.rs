//! Tails that follow a power law `p(x) ∝ x^(−α)` above a smallest value: Hill's estimator over the upper half, and Clauset's fit that
//! chooses the smallest value (Clauset, Shalizi and Newman, SIAM Review 51, 2009; as `WeightWatcher` uses it for spectra of weights).

use super::ascending;
use crate::error::{MathError, check_count, check_finite};

/// `α = 1 + k / (Σ_{j≥i} ln x_j − k ln x_i)` with i = ⌊N/2⌋, k = N − i of ascending positive values; `None` where that has no meaning.
pub fn exponent_of_upper_half(ascending: &[f64]) -> Option<f64> {
    let middle = ascending.len() / 2;
    let tail = ascending.get(middle..).filter(|tail| !tail.is_empty())?;
    let count = tail.len() as f64;
    let spread = tail.iter().map(|value| value.ln()).sum::<f64>() - count * tail[0].ln();
    (spread > 0.0).then(|| 1.0 + count / spread)
}

/// A fitted tail.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PowerLaw {
    /// Exponent `α = 1 + n / Σ ln(x/x_min)`.
    pub exponent: f64,
    /// Standard error of the exponent, `(α − 1)/√n`.
    pub standard_error: f64,
    /// Smallest value of the tail, `x_min`.
    pub smallest: f64,
    /// Number of values in the tail, n.
    pub count: usize,
    /// Kolmogorov and Smirnov's distance of tail and fit, the empirical function counted below each value as in the published code.
    pub distance: f64,
}

/// Fits the tail whose distance to its maximum-likelihood power law is least, over all distinct values as `x_min` that leave at least
/// `least_count` values (10 is usual; at least 2). The first such tail among equals.
///
/// Refused if a value is not finite and positive, or if no tail of that size holds two different values. O(N²).
pub fn fit_power_law(values: &[f64], least_count: usize) -> Result<PowerLaw, MathError> {
    const WHAT: &str = "power law";
    let needed = least_count.max(2);
    check_finite(WHAT, values)?;
    check_count(WHAT, needed, values.len())?;
    if values.iter().any(|value| *value <= 0.0) {
        return Err(MathError::Range { what: WHAT, needed: "values above 0" });
    }
    let sorted = ascending(values);
    let logarithms: Vec<f64> = sorted.iter().map(|value| value.ln()).collect();
    let mut best: Option<PowerLaw> = None;
    for start in 0..=sorted.len() - needed {
        if start > 0 && sorted[start] == sorted[start - 1] {
            continue;
        }
        let Some(found) = tail(sorted[start], &logarithms[start..]) else { continue };
        if best.is_none_or(|best| found.distance < best.distance) {
            best = Some(found);
        }
    }
    best.ok_or(MathError::Range { what: WHAT, needed: "a tail of different values" })
}

/// The fit to one tail, given by its ascending logarithms; `None` if all are equal.
fn tail(smallest: f64, logarithms: &[f64]) -> Option<PowerLaw> {
    let count = logarithms.len() as f64;
    let first = logarithms.first()?;
    let spread: f64 = logarithms.iter().map(|logarithm| logarithm - first).sum();
    if spread <= 0.0 {
        return None;
    }
    let slope = count / spread;
    let distances = logarithms.iter().enumerate().map(|(below, logarithm)| {
        let model = 1.0 - (-slope * (logarithm - first)).exp();
        (model - below as f64 / count).abs()
    });
    Some(PowerLaw {
        exponent: 1.0 + slope,
        standard_error: slope / count.sqrt(),
        smallest,
        count: logarithms.len(),
        distance: distances.fold(0.0, f64::max),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Quantiles of a power law of exponent `alpha` above 1.
    fn exact(alpha: f64, count: u32) -> Vec<f64> {
        (0..count)
            .map(|index| (1.0 - (f64::from(index) + 0.5) / f64::from(count)).powf(-1.0 / (alpha - 1.0)))
            .collect()
    }

    /// The same loop in numpy (2.4.6): `max|1 − (x_min/z)^(α − 1) − arange(n)/n|` least over `numpy.unique(v)`, at least ten values.
    #[test]
    fn a_tail_is_found_above_a_body_of_another_form() {
        let body = (0..150).map(|index| 0.05 + 0.9 * f64::from(index) / 149.0);
        let values: Vec<f64> = exact(2.7, 400).into_iter().chain(body).rev().collect();
        let found = fit_power_law(&values, 10).unwrap();
        assert!((found.exponent - 2.7036064589963935).abs() < 1e-10, "{found:?}");
        assert!((found.smallest - 1.0007360247932076).abs() < 1e-12);
        assert!((found.distance - 0.001681795847932488).abs() < 1e-10);
        assert_eq!(found.count, 400);
        assert!((found.standard_error - 1.7036064589963935 / 20.0).abs() < 1e-10);
    }

    #[test]
    fn hills_estimator_finds_the_exponent_of_a_power_law() {
        let found = exponent_of_upper_half(&exact(3.0, 20_000)).unwrap();
        assert!((found - 3.0).abs() < 0.01, "{found}");
        assert_eq!((exponent_of_upper_half(&[]), exponent_of_upper_half(&[2.0; 4])), (None, None));
    }

    #[test]
    fn values_without_a_tail_are_refused() {
        assert!(fit_power_law(&[], 2).is_err() && fit_power_law(&[1.0; 5], 2).is_err());
        assert!(fit_power_law(&[1.0, 2.0, 0.0], 2).is_err() && fit_power_law(&[1.0, f64::NAN], 2).is_err());
        assert!(fit_power_law(&[1.0, 2.0, 3.0], 10).is_err());
        assert_eq!(fit_power_law(&[1.0, 2.0], 0).unwrap().count, 2);
    }

    proptest::proptest! {
        #[test]
        fn the_scale_of_the_values_does_not_count(values in proptest::collection::vec(0.1_f64..100.0, 5..40)) {
            let found = fit_power_law(&values, 3).unwrap();
            let scaled: Vec<f64> = values.iter().map(|value| value * 4.0).collect();
            let other = fit_power_law(&scaled, 3).unwrap();
            proptest::prop_assert!(found.exponent > 1.0 && (0.0..=1.0).contains(&found.distance));
            proptest::prop_assert!((found.distance - other.distance).abs() < 1e-9);
        }
    }
}
