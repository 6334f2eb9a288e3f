//! The conditional Gaussian net's head: mean `o₀`, variance `softplus(o₁) + 1e-6`, loss `(y − μ)²/(2v) + ½ ln v` (published code, `cond_gauss`).

use weightscope_math::real::Real;

/// Added to each variance.
pub const LEAST_VARIANCE: f64 = 1e-6;

/// Mean and variance from the two outputs.
pub fn moments<T: Real>(raw: [T; 2]) -> (T, T) {
    let [mean, o] = raw;
    (mean, T::from_f64(softplus(o.to_f64()) + LEAST_VARIANCE))
}

/// The quantile `μ + √v·z`, `z = Φ⁻¹(τ)`.
pub fn quantile<T: Real>(raw: [T; 2], z: T) -> T {
    let (mean, variance) = moments(raw);
    mean + variance.root() * z
}

/// Mean loss over rows; `raw` is `[rows, 2]`, and so is `gradient`, to which the gradient is added.
pub fn loss_with_gradient<T: Real>(raw: &[T], y: &[T], gradient: &mut [T]) -> f64 {
    let share = 1.0 / y.len().max(1) as f64;
    let mut sum = 0.0;
    for ((row, slope), y) in raw.chunks_exact(2).zip(gradient.chunks_exact_mut(2)).zip(y) {
        let (mean, o) = (row[0].to_f64(), row[1].to_f64());
        let variance = softplus(o) + LEAST_VARIANCE;
        let error = y.to_f64() - mean;
        sum += 0.5 * error * error / variance + 0.5 * variance.ln();
        slope[0] += T::from_f64(-share * error / variance);
        let in_variance = 0.5 / variance - 0.5 * error * error / (variance * variance);
        slope[1] += T::from_f64(share * in_variance * logistic(o));
    }
    sum * share
}

fn softplus(x: f64) -> f64 {
    x.max(0.0) + (-x.abs()).exp().ln_1p()
}

fn logistic(x: f64) -> f64 {
    1.0 / (1.0 + (-x).exp())
}
