//! The singular values of a random matrix of independent entries of mean 0 (Marchenko and Pastur, Mathematics of the USSR-Sbornik 1,
//! 1967), as density, edges and expected ranks.

use std::f64::consts::PI;

/// Steps of the numerical distribution function.
const STEPS: usize = 4096;

/// The law for one shape and one deviation.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct MarchenkoPastur {
    small: f64,
    variance: f64,
    /// Least singular value, `σ·|√rows − √columns|`.
    pub lower_edge: f64,
    /// Largest singular value, `σ·(√rows + √columns)`. Finite matrices exceed it by a few parts of `n^(−2/3)`.
    pub upper_edge: f64,
}

impl MarchenkoPastur {
    /// For a matrix of this shape whose entries have this standard deviation; `None` if a side is 0 or the deviation is not a positive
    /// number.
    pub fn new(rows: usize, columns: usize, deviation: f64) -> Option<Self> {
        if rows == 0 || columns == 0 || !(deviation.is_finite() && deviation > 0.0) {
            return None;
        }
        let (a, b) = ((rows as f64).sqrt(), (columns as f64).sqrt());
        Some(Self {
            small: rows.min(columns) as f64,
            variance: deviation * deviation,
            lower_edge: deviation * (a - b).abs(),
            upper_edge: deviation * (a + b),
        })
    }

    /// Share of the singular values per unit at s: `√((b² − s²)(s² − a²)) / (π·σ²·n·s)` between the edges a and b, 0 outside; n is the
    /// smaller side. Its integral is 1.
    pub fn density(&self, s: f64) -> f64 {
        let (a, b) = (self.lower_edge, self.upper_edge);
        if !(a..=b).contains(&s) || s <= 0.0 {
            return 0.0;
        }
        ((b * b - s * s) * (s * s - a * a)).max(0.0).sqrt() / (PI * self.variance * self.small * s)
    }

    /// How many singular values lie above the upper edge: what a random matrix does not explain.
    pub fn count_above(&self, singular_values: &[f64]) -> usize {
        singular_values.iter().filter(|value| **value > self.upper_edge).count()
    }

    /// The expected singular values of rank 1 to `count`, descending: the quantiles at `(rank − ½)/count`.
    pub fn expected(&self, count: usize) -> Vec<f64> {
        // With s² = mid + half·cos θ the density becomes smooth: half²·sin²θ / (2π·σ²·n·s²) dθ.
        let (low, high) = (self.lower_edge.powi(2), self.upper_edge.powi(2));
        let (mid, half) = (0.5 * (high + low), 0.5 * (high - low));
        let angle = |step: f64| PI * step / STEPS as f64;
        let square = |theta: f64| mid + half * theta.cos();
        let mut reached = Vec::with_capacity(STEPS + 1);
        let mut sum = 0.0;
        reached.push(0.0);
        for step in 0..STEPS {
            let theta = angle(step as f64 + 0.5);
            sum += theta.sin().powi(2) / square(theta).max(f64::MIN_POSITIVE);
            reached.push(sum);
        }
        let mut step = 0;
        let quantile = |rank: usize| {
            let wanted = sum * (rank as f64 + 0.5) / count as f64;
            while step + 1 < STEPS && reached[step + 1] < wanted {
                step += 1;
            }
            let width = (reached[step + 1] - reached[step]).max(f64::MIN_POSITIVE);
            let share = ((wanted - reached[step]) / width).clamp(0.0, 1.0);
            square(angle(step as f64 + share)).max(0.0).sqrt()
        };
        (0..count).map(quantile).collect()
    }
}
