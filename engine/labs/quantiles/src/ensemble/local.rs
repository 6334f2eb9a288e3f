//! Local weights: a perceptron of the row gives the logits of its table; softmax, mixture, loss and their gradients in one host pass.

use burn::tensor::Device;

use super::fit::{AggregateSettings, Given};
use crate::base::network::{Head, Network, TrainSettings, Trained, train as train_network};
use crate::base::{Matrix, Progress};
use crate::method::aggregate::{self, Shape};
use crate::method::pinball;
use crate::method::training::Objective;
use weightscope_frame::run::RunError;
use weightscope_math::rng::{Stream, stream};

/// Trains the perceptron on out-of-fold predictions.
pub(super) fn train(
    shape: Shape,
    given: &Given<'_>,
    settings: &AggregateSettings,
    (seed, purpose): (u64, &str),
    device: &Device,
    progress: Progress<'_>,
) -> Result<(Network, usize), RunError> {
    let mut widths = vec![given.x.columns];
    widths.extend(std::iter::repeat_n(settings.hidden, settings.layers));
    widths.push(shape.len());
    let network = Network::new(&widths, &mut stream(seed, &format!("{purpose}/init")))
        .map_err(|error| RunError::Defect(error.to_string()))?;
    let mut head =
        LocalHead { shape, given, settings, objective: settings.objective(given), space: Space::default() };
    let train_settings = TrainSettings {
        learning_rate: settings.local_learning_rate,
        weight_decay: settings.weight_decay,
        dropout: settings.dropout,
        batch: settings.batch,
        most_steps: settings.most_steps,
        every: settings.every,
        patience: settings.patience,
    };
    let Trained { network, best_step, .. } =
        train_network(network, &mut head, given.y.len(), &train_settings, (seed, purpose), device, progress)?;
    Ok((network, best_step))
}

#[derive(Default)]
struct Space {
    q: Vec<f32>,
    y: Vec<f32>,
    slopes: Vec<f32>,
    weights: Vec<f32>,
    columns: Vec<f32>,
}

struct LocalHead<'a> {
    shape: Shape,
    given: &'a Given<'a>,
    settings: &'a AggregateSettings,
    objective: Objective<f32>,
    space: Space,
}

impl Head for LocalHead<'_> {
    fn inputs(&mut self, rows: &[usize], _: &mut Stream) -> Vec<f32> {
        rows.iter().flat_map(|row| self.given.x.row(*row).iter().copied()).collect()
    }

    fn loss(&mut self, rows: &[usize], outputs: &[f32], gradient: &mut [f32]) -> (f64, f64) {
        let (shape, m, stack) = (self.shape, self.shape.levels, self.shape.stack());
        let Space { q, y, slopes, weights, columns } = &mut self.space;
        q.resize(rows.len() * m, 0.0);
        slopes.resize(rows.len() * m, 0.0);
        y.clear();
        y.extend(rows.iter().map(|row| self.given.y[*row]));
        gradient.copy_from_slice(outputs);
        for ((row, table), q) in
            rows.iter().zip(gradient.chunks_exact_mut(shape.len())).zip(q.chunks_exact_mut(m))
        {
            aggregate::softmax_columns(table, shape.columns(), columns);
            aggregate::mix(shape, table, &self.given.z[row * stack..(row + 1) * stack], q);
        }
        let loss = self.objective.value_with_gradient(q, y, slopes);
        let tables = gradient.chunks_exact_mut(shape.len());
        for (((row, table), q), slopes) in
            rows.iter().zip(tables).zip(q.chunks_exact(m)).zip(slopes.chunks_exact(m))
        {
            weights.clear();
            weights.extend_from_slice(table);
            let z = &self.given.z[row * stack..(row + 1) * stack];
            aggregate::logit_gradient(shape, weights, z, q, slopes, table);
        }
        (loss.pinball, loss.crossing)
    }

    fn validate(&self, network: &Network, device: &Device) -> Option<f64> {
        let rows = self.given.validation?;
        let mut q = predict(self.shape, network, rows.x, rows.z, device);
        self.settings.after.apply_rows(&mut q, self.shape.levels);
        Some(pinball::mean(&q, rows.y, &self.settings.singles()))
    }
}

/// Aggregates of all rows.
pub(super) fn predict(shape: Shape, network: &Network, x: &Matrix, z: &[f32], device: &Device) -> Vec<f32> {
    let (m, stack) = (shape.levels, shape.stack());
    let mut q = vec![0.0; x.rows() * m];
    each_table(shape, network, x, device, |row, table| {
        aggregate::mix(shape, table, &z[row * stack..(row + 1) * stack], &mut q[row * m..(row + 1) * m]);
    });
    q
}

/// The table of weights of each row.
pub(super) fn each_table(
    shape: Shape,
    network: &Network,
    x: &Matrix,
    device: &Device,
    mut each: impl FnMut(usize, &[f32]),
) {
    let mut table = Vec::new();
    let mut columns = Vec::new();
    network.predict_chunks(x, device, |first, outputs| {
        for (index, logits) in outputs.chunks_exact(shape.len()).enumerate() {
            table.clear();
            table.extend_from_slice(logits);
            aggregate::softmax_columns(&mut table, shape.columns(), &mut columns);
            each(first + index, &table);
        }
    });
}
