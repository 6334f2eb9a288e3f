//! What the tests of this folder share: random matrices, and gradients against differences.

use weightscope_math::linalg::Dense;
use weightscope_math::stream;

/// Standard normal numbers, the same for the same name.
pub(super) fn random(name: &str, rows: usize, columns: usize) -> Dense<f64> {
    let mut random = stream(15, name);
    let values = (0..rows * columns).map(|_| f64::from(random.normal())).collect();
    Dense::new(rows, columns, values).unwrap()
}

/// `Σ aᵢⱼ·bᵢⱼ`: a loss whose gradient by a is b.
pub(super) fn weighted_sum(a: &Dense<f64>, b: &Dense<f64>) -> f64 {
    a.values().iter().zip(b.values()).map(|(a, b)| a * b).sum()
}

/// Fails unless every entry of a gradient is the slope of the loss, by central differences.
pub(super) fn differences(at: &Dense<f64>, gradient: &[f64], loss: impl Fn(&Dense<f64>) -> f64) {
    const STEP: f64 = 1e-5;
    assert_eq!(at.values().len(), gradient.len());
    for (index, found) in gradient.iter().enumerate() {
        let moved = |step: f64| {
            let mut moved = at.clone();
            moved.values_mut()[index] += step;
            loss(&moved)
        };
        let slope = (moved(STEP) - moved(-STEP)) / (2.0 * STEP);
        assert!((slope - found).abs() < 1e-6 * slope.abs().max(1.0), "{index}: {found} instead of {slope}");
    }
}
