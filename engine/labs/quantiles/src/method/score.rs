//! Interval score, weighted interval score with its parts, CRPS (sheet §2; paper eq. 5–8; Gneiting and Raftery 2007).

use super::levels::{Levels, Pair};
use super::pinball;
use weightscope_math::real::Real;
use weightscope_math::special::normal;

/// Interval score of a central 1 − α interval: `(u − l) + (2/α)(l − y)₊ + (2/α)(y − u)₊`.
pub fn interval_score(y: f64, lower: f64, upper: f64, alpha: f64) -> f64 {
    (upper - lower) + 2.0 / alpha * ((lower - y).max(0.0) + (y - upper).max(0.0))
}

/// Weighted interval score of one row: mean over the levels of `2ψ_τ`. The paper's sum is `levels` times this.
pub fn wis_row(q: &[f64], y: f64, taus: &[f64]) -> f64 {
    2.0 * pinball::row_sum(q, y, taus) / taus.len().max(1) as f64
}

/// The score of one row in parts that add up to it.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Parts {
    /// Width of the intervals.
    pub dispersion: f64,
    /// Paid for observations above.
    pub underprediction: f64,
    /// Paid for observations below.
    pub overprediction: f64,
}

impl Parts {
    /// Their sum.
    pub fn total(self) -> f64 {
        self.dispersion + self.underprediction + self.overprediction
    }
}

/// The parts of the weighted interval score of one row, on a symmetric grid; an error of the median counts as under- or overprediction.
pub fn wis_parts(q: &[f64], y: f64, levels: &Levels) -> Parts {
    parts(q, y, &levels.pairs(), levels.middle())
}

/// The same for many rows: the pairs and the middle of the grid are asked for once.
pub fn parts<T: Real>(q: &[T], y: T, pairs: &[Pair], middle: usize) -> Parts {
    let (y, at) = (y.to_f64(), |level: usize| q[level].to_f64());
    let mut parts = Parts {
        dispersion: 0.0,
        underprediction: 0.5 * (y - at(middle)).max(0.0),
        overprediction: 0.5 * (at(middle) - y).max(0.0),
    };
    for pair in pairs {
        let (lower, upper) = (at(pair.lower), at(pair.upper));
        parts.dispersion += 0.5 * pair.alpha * (upper - lower);
        parts.underprediction += (y - upper).max(0.0);
        parts.overprediction += (lower - y).max(0.0);
    }
    let scale = pairs.len() as f64 + 0.5;
    Parts {
        dispersion: parts.dispersion / scale,
        underprediction: parts.underprediction / scale,
        overprediction: parts.overprediction / scale,
    }
}

/// CRPS of a normal distribution: `σ [z(2Φ(z) − 1) + 2φ(z) − 1/√π]`, `z = (y − μ)/σ`.
pub fn crps_normal(y: f64, mean: f64, deviation: f64) -> f64 {
    let z = (y - mean) / deviation;
    let root = std::f64::consts::PI.sqrt();
    deviation * (z * (2.0 * normal::cdf(z) - 1.0) + 2.0 * normal::density(z) - 1.0 / root)
}
