//! Straight-through Gumbel-softmax (GDAS, arXiv 1910.04465): forward one option, backward the soft shares.

use weightscope_math::Stream;

use super::simplex::{softmax, softmax_gradient};

/// Highest temperature of the published schedule.
pub const TAU_MOST: f64 = 10.0;
/// Lowest temperature of the published schedule.
pub const TAU_LEAST: f64 = 0.1;

/// A standard Gumbel number, `−ln E` of an exponential E; always finite.
pub fn draw(random: &mut Stream) -> f64 {
    // Half a step above 0, so that neither logarithm meets 0.
    const HALF_STEP: f64 = 0.5 / (1_u64 << 53) as f64;
    let exponential = -(random.unit_f64() + HALF_STEP).ln();
    -exponential.max(f64::MIN_POSITIVE).ln()
}

/// Soft shares `softmax((log_softmax(α) + g)/τ)`.
pub fn soft(alpha: &[f64], noise: &[f64], tau: f64) -> Vec<f64> {
    let shares = softmax(alpha);
    let logits: Vec<f64> =
        shares.iter().zip(noise).map(|(share, noise)| (share.ln() + noise) / tau).collect();
    softmax(&logits)
}

/// The gradient in α through the soft shares: the hard step counts as the identity.
pub fn gradient(alpha: &[f64], soft: &[f64], tau: f64, upstream: &[f64]) -> Vec<f64> {
    let logits: Vec<f64> = softmax_gradient(soft, upstream).into_iter().map(|slope| slope / tau).collect();
    // Through the logarithm of a softmax: what sums over the options is taken off by the shares.
    let total: f64 = logits.iter().sum();
    logits.iter().zip(softmax(alpha)).map(|(slope, share)| slope - share * total).collect()
}

/// Temperature at a step, linear from `most` at the first to `least` at the last of `total`; `most` if there is one step only.
pub fn temperature(most: f64, least: f64, step: usize, total: usize) -> f64 {
    let last = total.saturating_sub(1);
    let share = step.min(last) as f64 / last.max(1) as f64;
    most * (1.0 - share) + least * share
}
