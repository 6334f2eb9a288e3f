//! True quantiles of the two synthetic tables: mean part plus scale times the quantile of the noise.

use weightscope_math::special::normal;

/// The true quantile at `tau` for features in their units, if the table of this name is a synthetic one.
pub(super) fn quantile(dataset: &str, x: &[f64], tau: f64) -> Option<f64> {
    match (dataset, x) {
        ("synth1", [x]) => Some((1.5 * x).sin() + 0.4 * x + (0.15 + 0.35 * x.abs()) * normal::quantile(tau)),
        ("synth5", [x1, x2, x3, x4, _]) => {
            let mean = 1.5 * (std::f64::consts::PI * x1).sin() + x2 * x2 + 0.5 * x4;
            let noise = if *x3 < 0.0 { normal::quantile(tau) } else { -(1.0 - tau).ln() - 1.0 };
            Some(mean + (0.2 + 0.25 * (x2 + 1.0)) * noise)
        }
        _ => None,
    }
}
