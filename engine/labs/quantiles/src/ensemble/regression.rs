//! Quantile regression averaging (QRA) and its factor form (FQRA): for each level an unconstrained linear quantile regression of the
//! observation on the models' predictions at that level, or on their leading principal components (95 % of the variance).

use serde::{Deserialize, Serialize};

use crate::base::program::quantile_regression;
use weightscope_math::linalg::components::{Components, components};

/// Share of the variance that the factors of FQRA explain; the published number of factors is not recorded.
const FACTOR_SHARE: f64 = 0.95;

/// The regressions of all levels.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Regression {
    /// By level: factors, if any, and coefficients with the intercept first.
    levels: Vec<(Option<Components>, Vec<f64>)>,
}

impl Regression {
    /// Fits each level on stacked predictions `z` `[rows, models, levels]`.
    pub fn fit(z: &[f32], y: &[f32], models: usize, taus: &[f64], factors: bool) -> Self {
        let y: Vec<f64> = y.iter().map(|y| f64::from(*y)).collect();
        let fit_level = |(level, tau): (usize, &f64)| {
            let columns = at_level(z, models, taus.len(), level);
            if !factors {
                return (None, quantile_regression(&columns, models, &y, *tau).w);
            }
            let found = components(&columns, models, FACTOR_SHARE);
            let projected: Vec<f64> =
                columns.chunks_exact(models).flat_map(|row| found.project(row)).collect();
            let w = quantile_regression(&projected, found.directions.len(), &y, *tau).w;
            (Some(found), w)
        };
        Self { levels: taus.iter().enumerate().map(fit_level).collect() }
    }

    /// The aggregate of one row `[models, levels]`.
    pub fn row(&self, z: &[f64], out: &mut Vec<f64>) {
        let m = self.levels.len();
        let mut values = Vec::new();
        for (level, (factors, w)) in self.levels.iter().enumerate() {
            values.clear();
            values.extend(z.iter().skip(level).step_by(m));
            let dot =
                |values: &[f64]| w[0] + w[1..].iter().zip(values).map(|(w, value)| w * value).sum::<f64>();
            out.push(factors.as_ref().map_or_else(|| dot(&values), |factors| dot(&factors.project(&values))));
        }
    }
}

/// Predictions of all models at one level, `[rows, models]`.
fn at_level(z: &[f32], models: usize, levels: usize, level: usize) -> Vec<f64> {
    z.chunks_exact(models * levels)
        .flat_map(|row| row.iter().skip(level).step_by(levels).map(|value| f64::from(*value)))
        .collect()
}
