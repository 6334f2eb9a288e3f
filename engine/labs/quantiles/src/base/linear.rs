//! Linear quantile regression, one linear program for each level, solved by the interior-point method of [`super::interior`].

use serde::{Deserialize, Serialize};

use super::Progress;
use super::matrix::Matrix;
use super::program::quantile_regression;
use weightscope_frame::run::RunError;

/// Coefficients for each level, the intercept first.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Linear {
    coefficients: Vec<Vec<f32>>,
}

/// Fits all levels.
pub fn fit(x: &Matrix, y: &[f32], taus: &[f64], progress: Progress<'_>) -> Result<Linear, RunError> {
    let values: Vec<f64> = x.values.iter().map(|value| f64::from(*value)).collect();
    let y: Vec<f64> = y.iter().map(|value| f64::from(*value)).collect();
    let mut model = Linear::default();
    for tau in taus {
        let solution = quantile_regression(&values, x.columns, &y, *tau);
        model.coefficients.push(solution.w.iter().map(|w| *w as f32).collect());
        progress.check()?;
    }
    Ok(model)
}

impl Linear {
    /// Quantiles of each row, `[rows, levels]`.
    pub fn predict(&self, x: &Matrix) -> Vec<f32> {
        let mut out = Vec::with_capacity(x.rows() * self.coefficients.len());
        for row in x.each_row() {
            out.extend(self.coefficients.iter().map(|w| {
                w.first().copied().unwrap_or(0.0) + w.iter().skip(1).zip(row).map(|(w, x)| w * x).sum::<f32>()
            }));
        }
        out
    }
}
