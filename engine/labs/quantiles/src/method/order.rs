//! Empirical quantiles: linear interpolation between order statistics (type 7), and the lower inverse of a weighted distribution.

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
