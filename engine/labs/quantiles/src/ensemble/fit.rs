//! Fitting an aggregator on what it may see, and asking a fitted one.

use burn::tensor::Device;
use serde::{Deserialize, Serialize};

use super::regression::Regression;
use super::{Aggregator, global, local};
use crate::base::network::Network;
use crate::base::{Matrix, Progress};
use crate::method::aggregate::{Resolution, Shape};
use crate::method::crossing::{Centre, Margin, residuals};
use crate::method::isotonize::Isotonization;
use crate::method::training::Objective;
use crate::method::{blend, pinball};
use weightscope_frame::run::RunError;
use weightscope_math::stats::order;

/// What an aggregator is fitted on: training rows with out-of-fold predictions, validation rows with those of the full fits.
#[derive(Clone, Copy, Debug)]
pub struct Given<'a> {
    /// Features of the training rows.
    pub x: &'a Matrix,
    /// Their out-of-fold predictions `[rows, models, levels]`.
    pub z: &'a [f32],
    /// Their observations.
    pub y: &'a [f32],
    /// The validation rows.
    pub validation: Option<Validation<'a>>,
}

/// Rows for early stopping and choice.
#[derive(Clone, Copy, Debug)]
pub struct Validation<'a> {
    /// Features.
    pub x: &'a Matrix,
    /// Predictions `[rows, models, levels]`.
    pub z: &'a [f32],
    /// Observations.
    pub y: &'a [f32],
}

/// Settings of trained aggregators.
#[derive(Clone, Debug, PartialEq)]
pub struct AggregateSettings {
    /// Levels.
    pub taus: Vec<f64>,
    /// Number of base models.
    pub models: usize,
    /// Operator inside the loss; the same operator then stands at evaluation.
    pub inside: Isotonization,
    /// Operator before the validation loss.
    pub after: Isotonization,
    /// Weight of the crossing penalty.
    pub penalty: f64,
    /// Margin of the penalty, or scale of the adaptive one.
    pub margin: f64,
    /// Margins from the quantiles of residuals.
    pub adaptive: bool,
    /// Adam's step size of global tables.
    pub global_learning_rate: f64,
    /// Adam's step size of local networks.
    pub local_learning_rate: f64,
    /// Coupled weight decay.
    pub weight_decay: f64,
    /// Dropout of local networks.
    pub dropout: f64,
    /// Width of their hidden layers.
    pub hidden: usize,
    /// Their hidden layers.
    pub layers: usize,
    /// Rows in a batch.
    pub batch: usize,
    /// Most steps.
    pub most_steps: usize,
    /// Steps between two looks at the validation rows.
    pub every: usize,
    /// Steps without improvement after which training ends.
    pub patience: usize,
}

impl AggregateSettings {
    /// The fixed settings of the sheet's protocol (§4), without an operator inside the loss.
    pub fn fixed(taus: Vec<f64>, models: usize, batch: usize) -> Self {
        Self {
            taus,
            models,
            inside: Isotonization::None,
            after: Isotonization::Sort,
            penalty: 1.0,
            margin: 1e-3,
            adaptive: false,
            global_learning_rate: 1e-2,
            local_learning_rate: 1e-3,
            weight_decay: 1e-7,
            dropout: 0.05,
            hidden: 64,
            layers: 2,
            batch,
            most_steps: 2000,
            every: 100,
            patience: 500,
        }
    }

    pub(super) fn singles(&self) -> Vec<f32> {
        self.taus.iter().map(|tau| *tau as f32).collect()
    }

    pub(super) fn objective(&self, given: &Given<'_>) -> Objective<f32> {
        let margin = if self.adaptive {
            let z: Vec<f64> = given.z.iter().map(|z| f64::from(*z)).collect();
            let y: Vec<f64> = given.y.iter().map(|y| f64::from(*y)).collect();
            let middle = self.taus.len() / 2;
            let residuals = residuals(&z, &y, self.models, self.taus.len(), middle, Centre::Median);
            Margin::adaptive(&order::quantiles(&residuals, &self.taus), self.margin)
        } else {
            Margin::Single(self.margin as f32)
        };
        Objective {
            taus: self.singles(),
            smoothing: 0.0,
            inside: self.inside,
            penalty: self.penalty as f32,
            margin,
        }
    }
}

/// A fitted aggregator.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Combined {
    /// Mean.
    Average,
    /// Median.
    Median,
    /// Mixture of the distributions.
    ProbabilityAverage,
    /// One base model.
    Single(usize),
    /// Regressions on the predictions.
    Regression(Regression),
    /// Weights that are the same for all rows.
    Table {
        /// What the weights depend on besides the model.
        resolution: Resolution,
        /// `[rows, columns]` of the family's shape.
        weights: Vec<f32>,
    },
    /// Weights from a perceptron.
    Local {
        /// What the weights depend on besides the model.
        resolution: Resolution,
        /// Sizes of the perceptron.
        widths: Vec<usize>,
        /// Its parameters.
        values: Vec<f32>,
    },
}

/// Fits an aggregator. The second value is the number of steps of its best state, 0 for what is not trained by steps.
pub fn fit(
    aggregator: Aggregator,
    given: &Given<'_>,
    settings: &AggregateSettings,
    seed: (u64, &str),
    device: &Device,
    progress: Progress<'_>,
) -> Result<(Combined, usize), RunError> {
    let (models, taus) = (settings.models, &settings.taus);
    Ok(match aggregator {
        Aggregator::Average => (Combined::Average, 0),
        Aggregator::Median => (Combined::Median, 0),
        Aggregator::ProbabilityAverage => (Combined::ProbabilityAverage, 0),
        Aggregator::Best => (Combined::Single(best_single(given, settings)), 0),
        Aggregator::Qra => (Combined::Regression(Regression::fit(given.z, given.y, models, taus, false)), 0),
        Aggregator::Fqra => (Combined::Regression(Regression::fit(given.z, given.y, models, taus, true)), 0),
        _ => {
            let Some(resolution) = aggregator.resolution() else {
                return Err(RunError::Defect(format!("{} has no weights to train", aggregator.key())));
            };
            let shape = Shape { models, levels: taus.len(), resolution };
            if aggregator.is_local() {
                let (network, steps) = local::train(shape, given, settings, seed, device, progress)?;
                let (widths, values) = (network.widths().to_vec(), network.values().to_vec());
                (Combined::Local { resolution, widths, values }, steps)
            } else {
                let (weights, steps) = global::train(shape, given, settings, seed, progress)?;
                (Combined::Table { resolution, weights }, steps)
            }
        }
    })
}

/// The base model with the smallest pinball loss on the validation rows, after the operator (without such rows: on the training rows).
fn best_single(given: &Given<'_>, settings: &AggregateSettings) -> usize {
    let (z, y) = given.validation.map_or((given.z, given.y), |rows| (rows.z, rows.y));
    let m = settings.taus.len();
    let taus = settings.singles();
    let score = |model: usize| {
        let mut q: Vec<f32> = z
            .chunks_exact(settings.models * m)
            .flat_map(|row| row[model * m..(model + 1) * m].to_vec())
            .collect();
        settings.after.apply_rows(&mut q, m);
        pinball::mean(&q, y, &taus)
    };
    let scores: Vec<f64> = (0..settings.models).map(score).collect();
    (0..settings.models).min_by(|a, b| scores[*a].total_cmp(&scores[*b])).unwrap_or(0)
}

impl Combined {
    /// Aggregates `[rows, levels]` of rows with stacked predictions `z` `[rows, models, levels]`, before any operator.
    pub fn predict(&self, x: &Matrix, z: &[f32], taus: &[f64], device: &Device) -> Vec<f32> {
        let m = taus.len();
        let models = z.len() / (x.rows() * m).max(1);
        let stack = models * m;
        match self {
            Self::Single(model) => z
                .chunks_exact(stack)
                .flat_map(|row| row[model * m..(model + 1) * m].iter().copied())
                .collect(),
            Self::Table { resolution, weights } => {
                let shape = Shape { models, levels: m, resolution: *resolution };
                if weights.len() == shape.len() {
                    global::mix_all(shape, weights, z)
                } else {
                    vec![f32::NAN; x.rows() * m]
                }
            }
            Self::Local { resolution, widths, values } => {
                let shape = Shape { models, levels: m, resolution: *resolution };
                match Network::from_values(widths, values) {
                    Some(network) => local::predict(shape, &network, x, z, device),
                    None => vec![f32::NAN; x.rows() * m],
                }
            }
            _ => {
                let mut out = Vec::with_capacity(x.rows() * m);
                let (mut row64, mut q) = (Vec::new(), Vec::new());
                for row in z.chunks_exact(stack) {
                    row64.clear();
                    row64.extend(row.iter().map(|value| f64::from(*value)));
                    q.clear();
                    match self {
                        Self::Average => blend::average(&row64, m, &mut q),
                        Self::Median => blend::median(&row64, m, &mut q),
                        Self::ProbabilityAverage => blend::probability_average(&row64, taus, &mut q),
                        Self::Regression(regression) => regression.row(&row64, &mut q),
                        Self::Single(_) | Self::Table { .. } | Self::Local { .. } => {}
                    }
                    out.extend(q.iter().map(|value| *value as f32));
                }
                out
            }
        }
    }

    /// Calls `each` with the table of weights of each row, for families that have one; a global table comes once for all rows.
    pub fn tables(
        &self,
        x: &Matrix,
        models: usize,
        levels: usize,
        device: &Device,
        mut each: impl FnMut(usize, Shape, &[f32]),
    ) {
        match self {
            Self::Table { resolution, weights } => {
                each(0, Shape { models, levels, resolution: *resolution }, weights);
            }
            Self::Local { resolution, widths, values } => {
                if let Some(network) = Network::from_values(widths, values) {
                    let shape = Shape { models, levels, resolution: *resolution };
                    local::each_table(shape, &network, x, device, |row, table| each(row, shape, table));
                }
            }
            _ => {}
        }
    }
}
