//! Density of the Hessian's eigenvalues by stochastic Lanczos quadrature (`PyHessian`, `density_plot.py`).

use weightscope_math::linalg::lanczos::Lanczos;

/// A density on evenly spaced places.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Density {
    /// Eigenvalues.
    pub positions: Vec<f64>,
    /// Density there; times the spacing it sums to 1.
    pub values: Vec<f64>,
    /// Variance of the Gaussian around each Ritz value.
    pub variance: f64,
}

/// How a density is drawn.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Drawing {
    /// Number of places.
    pub bins: usize,
    /// Variance of the Gaussians over max(1, range).
    pub variance: f64,
    /// Room beyond the extreme Ritz values.
    pub overhead: f64,
}

/// Mean over the runs of Σ w·N(x; θ, s), normalised. `None` without Ritz values.
pub fn density(runs: &[Lanczos], drawing: Drawing) -> Option<Density> {
    let runs: Vec<&Lanczos> = runs.iter().filter(|run| !run.ritz.is_empty()).collect();
    if runs.is_empty() || drawing.bins < 2 {
        return None;
    }
    let count = runs.len() as f64;
    let low = runs.iter().filter_map(|run| run.ritz.first()).sum::<f64>() / count - drawing.overhead;
    let high = runs.iter().filter_map(|run| run.ritz.last()).sum::<f64>() / count + drawing.overhead;
    let variance = drawing.variance * (high - low).max(1.0);
    let spacing = (high - low) / (drawing.bins - 1) as f64;
    let factor = 1.0 / (std::f64::consts::TAU * variance).sqrt();
    let positions: Vec<f64> = (0..drawing.bins).map(|bin| low + spacing * bin as f64).collect();
    let mut values: Vec<f64> = positions
        .iter()
        .map(|x| {
            let parts = runs.iter().flat_map(|run| run.ritz.iter().zip(&run.weights));
            let sum: f64 =
                parts.map(|(theta, weight)| weight * (-(x - theta).powi(2) / (2.0 * variance)).exp()).sum();
            factor * sum / count
        })
        .collect();
    let total: f64 = values.iter().sum::<f64>() * spacing;
    if total > 0.0 {
        values.iter_mut().for_each(|value| *value /= total);
    }
    Some(Density { positions, values, variance })
}
