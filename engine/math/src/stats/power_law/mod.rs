//! Tails that follow a power law `p(x) ∝ x^(−α)` above a smallest value: Hill's estimator over the upper half, and Clauset's fit that
//! chooses the smallest value (Clauset, Shalizi and Newman, SIAM Review 51, 2009). [`spectral`] is the rule of `WeightWatcher` for spectra
//! of weights.

pub mod spectral;

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

/// `α` of the values from the smallest one on, as a person chooses it, with its distance; `None` unless at least two values of the
/// ascending list reach `smallest` and differ. The tail starts at the first value that reaches it.
pub fn power_law_from(ascending: &[f64], smallest: f64) -> Option<PowerLaw> {
    let tail = ascending.get(ascending.partition_point(|value| *value < smallest)..)?;
    let first = tail.first().filter(|first| first.is_finite() && **first > 0.0)?;
    let logarithms: Vec<f64> = tail.iter().map(|value| value.ln()).collect();
    let slope = slope(&logarithms)?;
    let distance = distance(&logarithms, slope, f64::INFINITY, &mut 0)?;
    Some(PowerLaw::of(*first, logarithms.len(), slope, distance))
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
    let starts =
        (0..=sorted.len() - needed).filter(|start| *start == 0 || sorted[*start] != sorted[*start - 1]);
    best_tail(&sorted, &logarithms, starts)
        .ok_or(MathError::Range { what: WHAT, needed: "a tail of different values" })
}

impl PowerLaw {
    fn of(smallest: f64, count: usize, slope: f64, distance: f64) -> Self {
        let standard_error = slope / (count as f64).sqrt();
        Self { exponent: 1.0 + slope, standard_error, smallest, count, distance }
    }
}

/// Every how many starts are looked at first, for a distance that all others must beat.
const COARSE: usize = 16;

/// The tail of least distance among these starts, the first of equals; tails of equal values are passed over.
fn best_tail(
    sorted: &[f64],
    logarithms: &[f64],
    starts: impl Iterator<Item = usize> + Clone,
) -> Option<PowerLaw> {
    let coarse = least(sorted, logarithms, starts.clone().step_by(COARSE), f64::INFINITY);
    // The next number up, so that a tail as good as the bound is still found.
    let bound = coarse.map_or(f64::INFINITY, |coarse| coarse.distance.next_up());
    least(sorted, logarithms, starts, bound)
}

/// The first tail of least distance below a bound.
fn least(
    sorted: &[f64],
    logarithms: &[f64],
    starts: impl Iterator<Item = usize>,
    bound: f64,
) -> Option<PowerLaw> {
    let mut best: Option<PowerLaw> = None;
    // Counted from the end: the place of the largest gap hardly moves from one tail to the next.
    let mut worst_place = 0;
    for start in starts {
        let tail = logarithms.get(start..)?;
        let Some(slope) = slope(tail) else { continue };
        let limit = best.map_or(bound, |best| best.distance);
        if let Some(distance) = distance(tail, slope, limit, &mut worst_place) {
            best = Some(PowerLaw::of(*sorted.get(start)?, tail.len(), slope, distance));
        }
    }
    best
}

/// `α − 1 = n / Σ ln(x/x_min)` of ascending logarithms; `None` if all are equal.
fn slope(logarithms: &[f64]) -> Option<f64> {
    let first = logarithms.first()?;
    let spread: f64 = logarithms.iter().map(|logarithm| logarithm - first).sum();
    (spread > 0.0).then(|| logarithms.len() as f64 / spread)
}

/// Kolmogorov and Smirnov's distance of a tail and its law; `None` as soon as it reaches `limit`. `worst_place` is where the largest
/// difference of the last tail was, counted from the end: looked at first, because it decides most tails that are not the best.
fn distance(logarithms: &[f64], slope: f64, limit: f64, worst_place: &mut usize) -> Option<f64> {
    let (count, first) = (logarithms.len(), *logarithms.first()?);
    let gap = |below: usize, logarithm: f64| {
        let model = 1.0 - (-slope * (logarithm - first)).exp();
        (model - below as f64 / count as f64).abs()
    };
    if let Some(index) = (count - 1).checked_sub(*worst_place)
        && gap(index, *logarithms.get(index)?) >= limit
    {
        return None;
    }
    let mut largest = 0.0;
    for (below, logarithm) in logarithms.iter().enumerate() {
        let found = gap(below, *logarithm);
        if found > largest {
            largest = found;
            *worst_place = count - 1 - below;
            if largest >= limit {
                return None;
            }
        }
    }
    Some(largest)
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
    fn a_chosen_end_gives_the_fit_of_that_tail() {
        let values = exact(2.5, 50);
        let best = fit_power_law(&values, 10).unwrap();
        assert_eq!(power_law_from(&values, best.smallest), Some(best));
        let between = 0.5 * (values[9] + values[10]);
        let found = power_law_from(&values, between).unwrap();
        assert_eq!((found.count, found.smallest), (40, values[10]));
        assert_eq!(power_law_from(&values, 0.0).unwrap().count, 50);
        assert_eq!(power_law_from(&values, values[49]), None, "one value has no spread");
        assert_eq!((power_law_from(&values, f64::MAX), power_law_from(&[0.0, 1.0], 0.0)), (None, None));
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
