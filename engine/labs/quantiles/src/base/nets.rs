//! The three nets: conditional Gaussian, simultaneous quantile (the level is an input), joint quantile (one output a level); sheet §3.

use burn::tensor::Device;
use serde::{Deserialize, Serialize};

use super::network::{Head, Network, TrainSettings, Trained, train};
use super::{Kind, Matrix, Progress};
use crate::method::{gaussian, pinball};
use weightscope_frame::run::RunError;
use weightscope_math::real::Real as _;
use weightscope_math::rng::{Stream, stream};
use weightscope_math::special::normal;

/// Settings of a net.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct NetSettings {
    /// Width of the hidden layers.
    pub hidden: usize,
    /// Hidden layers.
    pub layers: usize,
    /// Dropout rate.
    pub dropout: f64,
    /// Adam's step size.
    pub learning_rate: f64,
    /// Coupled weight decay.
    pub weight_decay: f64,
    /// Half width of the parabola in the pinball loss.
    pub smoothing: f64,
    /// Most steps.
    pub most_steps: usize,
}

impl NetSettings {
    /// The desk settings of a kind.
    pub fn desk(kind: Kind) -> Self {
        let weight_decay = if kind == Kind::JointQuantile { 1e-7 } else { 1e-5 };
        Self {
            hidden: 64,
            layers: 2,
            dropout: 0.05,
            learning_rate: 1e-3,
            weight_decay,
            smoothing: 0.0,
            most_steps: 1500,
        }
    }
}

/// Rows with observations.
#[derive(Clone, Copy, Debug)]
pub struct Rows<'a> {
    /// Features.
    pub x: &'a Matrix,
    /// Observations.
    pub y: &'a [f32],
}

/// A fitted net.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Net {
    kind: Kind,
    widths: Vec<usize>,
    values: Vec<f32>,
}

/// Fits a net. With `steps` it trains for that many and looks at no validation rows (a refit on a part of the rows).
pub fn fit(
    kind: Kind,
    rows: Rows<'_>,
    validation: Option<Rows<'_>>,
    taus: &[f64],
    settings: &NetSettings,
    (batch, steps): (usize, Option<usize>),
    (seed, purpose): (u64, &str),
    device: &Device,
    progress: Progress<'_>,
) -> Result<(Net, usize), RunError> {
    let (inputs, outputs) = match kind {
        Kind::ConditionalGaussian => (rows.x.columns, 2),
        Kind::SimultaneousQuantile => (rows.x.columns + 1, 1),
        _ => (rows.x.columns, taus.len()),
    };
    let mut widths = vec![inputs];
    widths.extend(std::iter::repeat_n(settings.hidden, settings.layers));
    widths.push(outputs);
    let network = Network::new(&widths, &mut stream(seed, &format!("{purpose}/init")))
        .map_err(|error| RunError::Defect(error.to_string()))?;
    let mut head = NetHead {
        kind,
        rows,
        validation: if steps.is_some() { None } else { validation },
        taus,
        singles: taus.iter().map(|tau| *tau as f32).collect(),
        smoothing: settings.smoothing as f32,
        drawn: Vec::new(),
    };
    let train_settings = TrainSettings {
        learning_rate: settings.learning_rate,
        weight_decay: settings.weight_decay,
        dropout: settings.dropout,
        batch,
        most_steps: steps.unwrap_or(settings.most_steps),
        every: 100,
        patience: 500,
    };
    let Trained { network, best_step, .. } =
        train(network, &mut head, rows.y.len(), &train_settings, (seed, purpose), device, progress)?;
    Ok((Net { kind, widths, values: network.values().to_vec() }, best_step))
}

/// Levels that the simultaneous net sees for each row of a batch. The published code draws one; strata of the unit interval keep
/// each draw uniform and take most of the noise out of the gradient.
const STRATA: usize = 4;

struct NetHead<'a> {
    kind: Kind,
    rows: Rows<'a>,
    validation: Option<Rows<'a>>,
    taus: &'a [f64],
    singles: Vec<f32>,
    smoothing: f32,
    /// Levels drawn for the rows of the batch, row after row.
    drawn: Vec<f32>,
}

impl Head for NetHead<'_> {
    fn inputs(&mut self, rows: &[usize], random: &mut Stream) -> Vec<f32> {
        let simultaneous = self.kind == Kind::SimultaneousQuantile;
        let mut values = Vec::with_capacity(rows.len() * (self.rows.x.columns + 1));
        self.drawn.clear();
        for row in rows {
            for stratum in 0..if simultaneous { STRATA } else { 1 } {
                values.extend_from_slice(self.rows.x.row(*row));
                if simultaneous {
                    let tau = ((stratum as f32 + random.unit()) / STRATA as f32).clamp(0.001, 0.999);
                    self.drawn.push(tau);
                    values.push(tau - 0.5);
                }
            }
        }
        values
    }

    fn loss(&mut self, rows: &[usize], outputs: &[f32], gradient: &mut [f32]) -> (f64, f64) {
        let y: Vec<f32> = rows.iter().map(|row| self.rows.y[*row]).collect();
        let loss = match self.kind {
            Kind::ConditionalGaussian => gaussian::loss_with_gradient(outputs, &y, gradient),
            Kind::SimultaneousQuantile => {
                let share = 1.0 / outputs.len() as f32;
                let mut sum = 0.0;
                for (index, ((q, slope), tau)) in outputs.iter().zip(gradient).zip(&self.drawn).enumerate() {
                    let y = y[index / STRATA];
                    sum += pinball::smoothed_loss(y, *q, *tau, self.smoothing).to_f64();
                    *slope = share * pinball::smoothed_slope(y, *q, *tau, self.smoothing);
                }
                sum / outputs.len() as f64
            }
            _ => pinball::mean_with_gradient(outputs, &y, &self.singles, self.smoothing, gradient),
        };
        (loss, 0.0)
    }

    fn validate(&self, network: &Network, device: &Device) -> Option<f64> {
        let rows = self.validation?;
        let q = quantiles(self.kind, network, rows.x, self.taus, device);
        Some(pinball::mean(&q, rows.y, &self.singles))
    }
}

/// Rows that the simultaneous net predicts at once.
const ROWS: usize = 1024;

/// Quantiles from a network, `[rows, levels]`.
fn quantiles(kind: Kind, network: &Network, x: &Matrix, taus: &[f64], device: &Device) -> Vec<f32> {
    match kind {
        Kind::ConditionalGaussian => {
            let z: Vec<f32> = taus.iter().map(|tau| normal::quantile(*tau) as f32).collect();
            let mut out = Vec::with_capacity(x.rows() * z.len());
            for raw in network.predict(x, device).chunks_exact(2) {
                let (mean, variance) = gaussian::moments([raw[0], raw[1]]);
                let deviation = variance.sqrt();
                out.extend(z.iter().map(|z| mean + deviation * z));
            }
            out
        }
        Kind::SimultaneousQuantile => {
            let mut out = Vec::with_capacity(x.rows() * taus.len());
            // A row stands there once for each level: of all rows at once that would be many times the table.
            for rows in x.values.chunks(ROWS * x.columns.max(1)) {
                let mut values =
                    Vec::with_capacity(rows.len() / x.columns.max(1) * taus.len() * (x.columns + 1));
                for row in rows.chunks_exact(x.columns.max(1)) {
                    for tau in taus {
                        values.extend_from_slice(row);
                        values.push(*tau as f32 - 0.5);
                    }
                }
                out.extend(network.predict(&Matrix { columns: x.columns + 1, values }, device));
            }
            out
        }
        _ => network.predict(x, device),
    }
}

impl Net {
    /// Quantiles of each row, `[rows, levels]`; not-a-number if the stored values do not fit the sizes.
    pub fn predict(&self, x: &Matrix, taus: &[f64], device: &Device) -> Vec<f32> {
        match Network::from_values(&self.widths, &self.values) {
            Some(network) => quantiles(self.kind, &network, x, taus, device),
            None => vec![f32::NAN; x.rows() * taus.len()],
        }
    }
}
