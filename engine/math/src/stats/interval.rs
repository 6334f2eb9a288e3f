//! Confidence intervals: Student's for means and paired differences, Wilson's for shares.

use super::moments::Moments;
use crate::error::{MathError, check_count, check_finite, check_pairs};
use crate::special::student;

/// A mean with its interval.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct MeanInterval {
    /// The mean.
    pub mean: f64,
    /// Lower end.
    pub lower: f64,
    /// Upper end.
    pub upper: f64,
}

/// Mean of the values with Student's interval `x̄ ± t_{n−1, (1+c)/2} s/√n` of coverage `c` (0.95 is usual). Refused with fewer than two
/// values, a value that is not finite, or a coverage outside (0, 1).
pub fn mean_interval(values: &[f64], coverage: f64) -> Result<MeanInterval, MathError> {
    const WHAT: &str = "interval of a mean";
    check_finite(WHAT, values)?;
    if !(coverage > 0.0 && coverage < 1.0) {
        return Err(MathError::Range { what: WHAT, needed: "a coverage between 0 and 1" });
    }
    let moments = Moments::of(values);
    let (Some(mean), Some(error)) = (moments.mean(), moments.standard_error()) else {
        return Err(MathError::TooFew { what: WHAT, needed: 2, found: values.len() });
    };
    let half = error * student::quantile(0.5 + 0.5 * coverage, (values.len() - 1) as f64);
    Ok(MeanInterval { mean, lower: mean - half, upper: mean + half })
}

/// Mean of the differences `first − second` of pairs with Student's interval; refused as by [`mean_interval`], and if the lists differ
/// in length.
pub fn paired_difference(first: &[f64], second: &[f64], coverage: f64) -> Result<MeanInterval, MathError> {
    const WHAT: &str = "paired difference";
    check_pairs(WHAT, first.len(), second.len())?;
    check_count(WHAT, 2, first.len())?;
    let differences: Vec<f64> = first.iter().zip(second).map(|(a, b)| a - b).collect();
    mean_interval(&differences, coverage)
}

/// Wilson's interval for a share of `hits` in `total` at the normal quantile `z` (Wilson 1927); (0, 1) without rows.
pub fn wilson(hits: usize, total: usize, z: f64) -> (f64, f64) {
    if total == 0 {
        return (0.0, 1.0);
    }
    let n = total as f64;
    let share = hits as f64 / n;
    let spread = z * z / n;
    let centre = (share + 0.5 * spread) / (1.0 + spread);
    let half = z / (1.0 + spread) * (share * (1.0 - share) / n + spread / (4.0 * n)).sqrt();
    ((centre - half).max(0.0), (centre + half).min(1.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `scipy.stats.t.interval(0.95, 4, loc=mean(d), scale=sem(d))` (1.17.1).
    #[test]
    fn known_differences_have_their_known_interval() {
        let differences = [0.5, 1.2, -0.3, 0.8, 1.1];
        let second = [3.0, 1.0, 4.0, 1.0, 5.0];
        let first: Vec<f64> = differences.iter().zip(second).map(|(d, s)| d + s).collect();
        for found in
            [mean_interval(&differences, 0.95).unwrap(), paired_difference(&first, &second, 0.95).unwrap()]
        {
            assert!((found.mean - 0.66).abs() < 1e-14, "{found:?}");
            assert!((found.lower + 0.08809611872408118).abs() < 1e-10, "{found:?}");
            assert!((found.upper - 1.4080961187240812).abs() < 1e-10, "{found:?}");
        }
    }

    /// `scipy.stats.binomtest(7, 20).proportion_ci(0.95, method="wilson")` (1.17.1).
    #[test]
    fn a_known_share_has_its_known_interval() {
        let (low, high) = wilson(7, 20, 1.959963984540054);
        assert!((low - 0.1811918241010821).abs() < 1e-12 && (high - 0.5671457233147637).abs() < 1e-12);
        assert_eq!(wilson(0, 0, 1.96), (0.0, 1.0));
        let (low, high) = wilson(3, 3, 1.96);
        assert!(low > 0.0 && high == 1.0);
    }

    #[test]
    fn what_has_no_interval_is_refused_in_a_sentence() {
        let error = mean_interval(&[1.0], 0.95).unwrap_err().to_string();
        assert_eq!(error, "interval of a mean: at least 2 values needed, 1 given");
        assert!(mean_interval(&[1.0, 2.0], 1.0).is_err() && mean_interval(&[1.0, f64::NAN], 0.9).is_err());
        assert!(paired_difference(&[1.0, 2.0], &[1.0], 0.95).is_err());
        let still = mean_interval(&[2.0; 4], 0.95).unwrap();
        assert_eq!((still.lower, still.upper), (2.0, 2.0));
    }
}
