//! Softmax and sparsemax, and their gradients.

/// `e^α / Σ e^α`.
pub fn softmax(alpha: &[f64]) -> Vec<f64> {
    let mut weights = alpha.to_vec();
    crate::method::kernel::softmax(&mut weights);
    weights
}

/// The gradient in α: `a_i (g_i − Σ a g)`.
pub fn softmax_gradient(weights: &[f64], upstream: &[f64]) -> Vec<f64> {
    let mean: f64 = weights.iter().zip(upstream).map(|(weight, above)| weight * above).sum();
    weights.iter().zip(upstream).map(|(weight, above)| weight * (above - mean)).collect()
}

/// The nearest point of the simplex: `max(α − t, 0)` with t such that it sums to 1 (Martins and Astudillo, arXiv 1602.02068).
///
/// The released code uses it for DARTS on superposed spaces (established); the paper says softmax.
pub fn sparsemax(alpha: &[f64]) -> Vec<f64> {
    let mut descending = alpha.to_vec();
    descending.sort_by(|a, b| b.total_cmp(a));
    let (mut sum, mut threshold) = (0.0, 0.0);
    for (rank, value) in (1_u32..).zip(&descending) {
        sum += value;
        if 1.0 + f64::from(rank) * value > sum {
            threshold = (sum - 1.0) / f64::from(rank);
        }
    }
    alpha.iter().map(|value| (value - threshold).max(0.0)).collect()
}

/// The gradient in α: on the support, upstream less its mean over the support; 0 off the support.
pub fn sparsemax_gradient(weights: &[f64], upstream: &[f64]) -> Vec<f64> {
    let support = || weights.iter().zip(upstream).filter(|(weight, _)| **weight > 0.0);
    let mean = support().map(|(_, above)| above).sum::<f64>() / support().count().max(1) as f64;
    weights
        .iter()
        .zip(upstream)
        .map(|(weight, above)| if *weight > 0.0 { above - mean } else { 0.0 })
        .collect()
}
