//! Mode connectivity: what a curve between two networks looks like, as one number (Garipov et al., arXiv 1802.10026; the
//! sign convention of Yang et al. and of the model zoo), and linear barriers (Frankle et al., arXiv 1912.05671).

/// Mode connectivity of a profile: m − `v_k` with m the mean of the ends and k the place of the largest deviation from m (the first
/// one of equals). Negative is a barrier; positive says that the curve finds better models than its ends.
pub fn mode_connectivity(profile: &[f64]) -> Option<(f64, usize)> {
    let mean = f64::midpoint(*profile.first()?, *profile.last()?);
    let mut best = 0;
    for (index, value) in profile.iter().enumerate() {
        if !value.is_finite() {
            return None;
        }
        if (value - mean).abs() > (profile[best] - mean).abs() {
            best = index;
        }
    }
    Some((mean - profile[best], best))
}

/// Largest rise of a profile above the straight line between its ends, not below 0; `positions` run from 0 to 1.
pub fn barrier(profile: &[f64], positions: &[f64]) -> f64 {
    let (Some(first), Some(last)) = (profile.first(), profile.last()) else { return f64::NAN };
    let rise = profile.iter().zip(positions).map(|(value, t)| value - ((1.0 - t) * first + t * last));
    rise.fold(0.0, f64::max)
}

/// Weights of the control points of a Bézier curve at `t`.
pub fn bezier(points: usize, t: f64) -> Vec<f64> {
    let degree = points.saturating_sub(1);
    let mut binomial = 1.0;
    (0..points)
        .map(|index| {
            let power = |base: f64, exponent: usize| base.powi(i32::try_from(exponent).unwrap_or(i32::MAX));
            let weight = binomial * power(t, index) * power(1.0 - t, degree - index);
            binomial = binomial * (degree - index) as f64 / (index + 1) as f64;
            weight
        })
        .collect()
}

/// Weights of the control points of a chain of straight pieces at `t`.
pub fn polygonal_chain(points: usize, t: f64) -> Vec<f64> {
    let position = t * points.saturating_sub(1) as f64;
    (0..points).map(|index| (1.0 - (position - index as f64).abs()).max(0.0)).collect()
}

/// Factor on the curve's learning rate in epoch `epoch` (from 1) of `epochs`: 1 for the first half, down to 0.01 until nine tenths.
pub fn rate_factor(epoch: usize, epochs: usize) -> f64 {
    let share = epoch as f64 / epochs.max(1) as f64;
    if share <= 0.5 {
        1.0
    } else if share <= 0.9 {
        1.0 - (share - 0.5) / 0.4 * 0.99
    } else {
        0.01
    }
}

/// Learning rate of each epoch. The zoo's loop overwrites its base rate, so that the factors compound there.
pub fn curve_rates(rate: f64, epochs: usize, compounded: bool) -> Vec<f64> {
    let mut present = rate;
    (1..=epochs)
        .map(|epoch| {
            let factor = rate_factor(epoch, epochs);
            if compounded {
                present *= factor;
                present
            } else {
                rate * factor
            }
        })
        .collect()
}

/// Minimum, maximum, mean, and mean along the curve's length.
pub fn statistics(values: &[f64], lengths: &[f64]) -> [f64; 4] {
    let smallest = values.iter().copied().fold(f64::INFINITY, f64::min);
    let largest = values.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let mean = values.iter().sum::<f64>() / values.len().max(1) as f64;
    let total: f64 = lengths.iter().skip(1).sum();
    let pieces = values.windows(2).zip(lengths.iter().skip(1));
    let integral = pieces.map(|(pair, length)| f64::midpoint(pair[0], pair[1]) * length).sum::<f64>();
    [smallest, largest, mean, if total > 0.0 { integral / total } else { mean }]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_profile_of_two_points_gives_half_their_difference() {
        assert_eq!(mode_connectivity(&[3.0, 1.0]), Some((-1.0, 0)));
        assert_eq!(mode_connectivity(&[]), None);
        assert_eq!(mode_connectivity(&[1.0, f64::NAN, 1.0]), None, "a diverged curve has no connectivity");
    }

    #[test]
    fn weights_of_a_curve_sum_to_one() {
        for points in 1..6 {
            for t in [0.0, 0.3, 1.0] {
                assert!((bezier(points, t).iter().sum::<f64>() - 1.0).abs() < 1e-12, "{points} {t}");
            }
        }
    }
}
