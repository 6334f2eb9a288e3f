//! Empirical quantiles: linear interpolation between order statistics (type 7 of Hyndman and Fan, The American Statistician 50, 1996),
//! nearest rank (their type 1), and the lower inverse of a weighted distribution.

/// Type-7 quantile of ascending values at `tau`: position `(n − 1)τ`, linear in between. Not-a-number without values.
pub fn quantile_of_sorted(sorted: &[f64], tau: f64) -> f64 {
    let Some(last) = sorted.len().checked_sub(1) else { return f64::NAN };
    let position = last as f64 * tau.clamp(0.0, 1.0);
    let below = position.floor() as usize;
    let above = (below + 1).min(last);
    let share = position - below as f64;
    sorted[below] + share * (sorted[above] - sorted[below])
}

/// Type-7 quantiles of values in any order, at each level.
pub fn quantiles(values: &[f64], taus: &[f64]) -> Vec<f64> {
    let mut sorted = values.to_vec();
    sorted.sort_unstable_by(f64::total_cmp);
    taus.iter().map(|tau| quantile_of_sorted(&sorted, *tau)).collect()
}

/// Nearest-rank quantile of ascending values at `tau`: the smallest value that at least `tau` of the values do not exceed, so always one
/// of them. Not-a-number without values.
pub fn nearest_rank_of_sorted(sorted: &[f64], tau: f64) -> f64 {
    let rank = (sorted.len() as f64 * tau.clamp(0.0, 1.0)).ceil() as usize;
    sorted.get(rank.saturating_sub(1)).copied().unwrap_or(f64::NAN)
}

/// Lower inverse of a weighted distribution: the smallest `y` whose cumulative weight reaches `tau` of the total.
/// `y` ascends; the weights lie in its order; levels ascend.
pub fn weighted_quantiles(y: &[f64], weights: &[f64], taus: &[f64], out: &mut Vec<f64>) {
    // Weights are sums of fractions; a cumulative weight this near below a level is meant to have reached it.
    const SLACK: f64 = 1e-12;
    let total: f64 = weights.iter().sum();
    let mut sum = 0.0;
    let mut next = 0;
    let mut largest = f64::NAN;
    for (y, weight) in y.iter().zip(weights) {
        if *weight > 0.0 {
            sum += weight;
            largest = *y;
            while next < taus.len() && sum >= taus[next] * total - SLACK {
                out.push(*y);
                next += 1;
            }
        }
    }
    out.extend((next..taus.len()).map(|_| largest));
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const VALUES: [f64; 8] = [2.5, -1.0, 4.0, 0.5, 3.0, 3.0, -2.0, 7.5];
    const TAUS: [f64; 4] = [0.1, 0.25, 0.5, 0.9];

    /// `numpy.quantile(x, taus)` and `method="inverted_cdf"` (2.4.6).
    #[test]
    fn known_values_have_their_known_quantiles() {
        for (found, expected) in quantiles(&VALUES, &TAUS).iter().zip([-1.3, 0.125, 2.75, 5.05]) {
            assert!((found - expected).abs() < 1e-14, "{found} instead of {expected}");
        }
        let sorted = super::super::ascending(&VALUES);
        assert_eq!(TAUS.map(|tau| nearest_rank_of_sorted(&sorted, tau)), [-2.0, -1.0, 2.5, 7.5]);
        let mut weighted = Vec::new();
        weighted_quantiles(&sorted, &[0.125; 8], &TAUS, &mut weighted);
        assert_eq!(weighted, [-2.0, -1.0, 2.5, 7.5], "equal weights are nearest ranks");
    }

    #[test]
    fn without_values_there_is_no_number() {
        assert!(quantile_of_sorted(&[], 0.5).is_nan() && nearest_rank_of_sorted(&[], 0.5).is_nan());
        assert!(quantiles(&[], &[0.5])[0].is_nan());
        let mut weighted = Vec::new();
        weighted_quantiles(&[1.0], &[0.0], &[0.5], &mut weighted);
        assert!(weighted[0].is_nan());
        let _ = (quantile_of_sorted(&[1.0, 2.0], f64::NAN), nearest_rank_of_sorted(&[1.0], f64::NAN));
    }

    proptest! {
        #[test]
        fn quantiles_ascend_within_the_values(values in prop::collection::vec(-1e3_f64..1e3, 1..30)) {
            let sorted = super::super::ascending(&values);
            let taus: Vec<f64> = (0..=20).map(|step| f64::from(step) / 20.0).collect();
            for way in [quantile_of_sorted, nearest_rank_of_sorted] {
                let found: Vec<f64> = taus.iter().map(|tau| way(&sorted, *tau)).collect();
                prop_assert!(found.windows(2).all(|pair| pair[0] <= pair[1]));
                prop_assert_eq!((found[0], found[20]), (sorted[0], sorted[sorted.len() - 1]));
            }
        }
    }
}
