//! One network at work: a forward pass, the gradient, a step of gradient descent, and judging rows.
//!
//! A [`Machine`] is the work space of one shape; the parameters come and go as packed vectors. Backward pass as in any
//! textbook: δ of the outputs from the objective, gW = aᵀδ, gb = Σδ, δ of the layer below = (δ Wᵀ)·s'(z).
//! Contract: after [`Machine::new`] a step allocates nothing; results do not depend on what the machine did before.

use super::activation::{activate, damp, multiply};
use super::dropout::Dropout;
use super::kernel::{Descend, Place, Rates, Start, Store, outer_descend, outer_store, product, transpose};
use super::lane::{Lane, add_scaled, panels};
use super::normalization::Normalization;
use super::objective::{self, Rows};
use super::samples::Samples;
use super::shape::{Layer, Shape};

/// Rows that are judged at once.
const JUDGED_AT_ONCE: usize = 128;

/// Working memory for networks of one shape and batches up to one size: forward, gradient, step, judging.
#[derive(Clone, Debug)]
pub struct Machine {
    shape: Shape,
    batch: usize,
    /// Input, then the values of each layer, for up to `batch` rows.
    values: Vec<Vec<Lane>>,
    slopes: Vec<Vec<Lane>>,
    /// Gradients with respect to the sums of a layer, for two layers in turn.
    deltas: [Vec<Lane>; 2],
    /// Transposed weights of each layer but the first.
    transposed: Vec<Vec<Lane>>,
    order: Vec<u32>,
}

/// What a training pass does beside the plain one; judging never does.
#[derive(Debug, Default)]
pub(super) struct Beside<'a> {
    /// Share of each target that is spread over the classes.
    pub(super) label_smoothing: f32,
    /// Factors of hidden units, drawn for the rows of this pass.
    pub(super) dropout: Option<&'a Dropout>,
    /// Normalisation of hidden sums over the batch.
    pub(super) normalization: Option<&'a mut Normalization>,
}

/// How well a network does on some rows.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Judgement {
    /// Mean loss over the rows.
    pub loss: f64,
    /// Share of right answers; NaN without classes.
    pub accuracy: f64,
}

impl Judgement {
    /// Wrong answers in percent.
    pub fn error_percent(&self) -> f64 {
        100.0 * (1.0 - self.accuracy)
    }
}

impl Layer {
    pub(super) fn place(&self, with_biases: bool) -> Place {
        Place {
            weights: self.weights.start,
            biases: self.biases.start,
            inputs: self.inputs,
            padded_inputs: self.padded_inputs(),
            with_biases,
        }
    }
}

/// Transposes the weights of all layers but the first.
pub(super) fn transpose_all(shape: &Shape, weights: &[Lane], transposed: &mut [Vec<Lane>]) {
    for (layer, target) in shape.layers.iter().skip(1).zip(transposed) {
        transpose(&weights[layer.weights.clone()], layer.padded_inputs(), target);
    }
}

/// Room for [`transpose_all`].
pub(super) fn room_for_transposed(shape: &Shape) -> Vec<Vec<Lane>> {
    let lanes = |layer: &Layer| panels(layer.inputs) * layer.padded_outputs();
    shape.layers.iter().skip(1).map(|layer| vec![Lane::ZERO; lanes(layer)]).collect()
}

impl Machine {
    /// Work space for batches of up to `batch` rows.
    pub fn new(shape: &Shape, batch: usize) -> Self {
        let batch = batch.max(1);
        let room = |columns: &usize| vec![Lane::ZERO; panels(*columns) * batch];
        let widest = shape.sizes().iter().max().map_or_else(Vec::new, room);
        Self {
            batch,
            values: shape.sizes().iter().map(room).collect(),
            slopes: shape.sizes()[1..].iter().map(room).collect(),
            deltas: [widest.clone(), widest],
            transposed: room_for_transposed(shape),
            order: (0..batch as u32).collect(),
            shape: shape.clone(),
        }
    }

    /// The shape it works for.
    pub fn shape(&self) -> &Shape {
        &self.shape
    }

    /// Most rows in a step.
    pub fn batch(&self) -> usize {
        self.batch
    }

    /// One step of gradient descent on these rows (at most the machine's batch); the sum of their losses before it.
    pub fn descend(
        &mut self,
        weights: &mut [Lane],
        velocity: &mut [Lane],
        samples: &Samples,
        rows: &[u32],
        rates: Rates,
    ) -> f64 {
        transpose_all(&self.shape, weights, &mut self.transposed);
        let rows = &rows[..rows.len().min(self.batch)];
        let loss = self.forward_to_delta(weights, samples, rows, &mut Beside::default());
        self.backward(rows.len(), &mut Beside::default(), |layer, input, delta, count| {
            let mut sink = Descend { weights: &mut *weights, velocity: &mut *velocity, rates };
            outer_descend(input, delta, count, layer.place(true), &mut sink);
        });
        loss
    }

    /// Gradient of the mean loss over these rows (at most the machine's batch); the sum of their losses.
    pub fn gradient(
        &mut self,
        weights: &[Lane],
        samples: &Samples,
        rows: &[u32],
        gradient: &mut [Lane],
    ) -> f64 {
        self.gradient_beside(weights, samples, rows, gradient, &mut Beside::default())
    }

    /// Gradient of the mean loss over all rows, in pieces of at most the machine's batch, with `smoothing` of each target spread over
    /// the classes; the mean loss. Allocates.
    pub fn whole_gradient(
        &mut self,
        weights: &[Lane],
        samples: &Samples,
        smoothing: f32,
        gradient: &mut [Lane],
    ) -> f64 {
        let order: Vec<u32> = (0..samples.rows() as u32).collect();
        let mut piece = self.shape.zeros();
        let mut sum = 0.0;
        gradient.fill(Lane::ZERO);
        for rows in order.chunks(self.batch) {
            let mut beside = Beside { label_smoothing: smoothing, ..Beside::default() };
            sum += self.gradient_beside(weights, samples, rows, &mut piece, &mut beside);
            add_scaled(gradient, rows.len() as f32 / order.len() as f32, &piece);
        }
        sum / order.len().max(1) as f64
    }

    /// [`Machine::gradient`] with what is done beside.
    pub(super) fn gradient_beside(
        &mut self,
        weights: &[Lane],
        samples: &Samples,
        rows: &[u32],
        gradient: &mut [Lane],
        beside: &mut Beside<'_>,
    ) -> f64 {
        transpose_all(&self.shape, weights, &mut self.transposed);
        let rows = &rows[..rows.len().min(self.batch)];
        let loss = self.forward_to_delta(weights, samples, rows, beside);
        self.backward(rows.len(), beside, |layer, input, delta, count| {
            outer_store(input, delta, count, layer.place(true), &mut Store(&mut *gradient));
        });
        loss
    }

    /// Mean loss and accuracy over all rows.
    pub fn judge(&mut self, weights: &[Lane], samples: &Samples) -> Judgement {
        self.judge_with(weights, samples, |_, _| {})
    }

    /// The outputs for all rows, `[rows, outputs]` row-major, before any softmax.
    pub fn outputs(&mut self, weights: &[Lane], samples: &Samples) -> Vec<f32> {
        let outputs = self.shape.outputs();
        let mut all = Vec::with_capacity(samples.rows() * outputs);
        self.judge_with(weights, samples, |z, count| {
            for row in 0..count {
                all.extend(z[row..].iter().step_by(count).flat_map(|lane| lane.0).take(outputs));
            }
        });
        all
    }

    /// Goes through all rows in pieces and shows the outputs of each piece.
    fn judge_with(
        &mut self,
        weights: &[Lane],
        samples: &Samples,
        mut see: impl FnMut(&[Lane], usize),
    ) -> Judgement {
        let piece = self.batch.min(JUDGED_AT_ONCE);
        let outputs = self.shape.outputs();
        let (mut loss, mut right) = (0.0, 0);
        let mut start = 0;
        while start < samples.rows() {
            let count = piece.min(samples.rows() - start);
            for (slot, row) in self.order.iter_mut().zip(start..start + count) {
                *slot = row as u32;
            }
            let order = std::mem::take(&mut self.order);
            self.forward(weights, samples, &order[..count], &mut Beside::default());
            let last = self.values.len() - 1;
            let z = &mut self.values[last][..panels(outputs) * count];
            see(z, count);
            let rows = Rows { places: &order[..count], total: samples.rows(), outputs };
            let (sum, correct) = objective::judge(self.shape.objective(), z, rows, &samples.targets);
            self.order = order;
            loss += sum;
            right += correct;
            start += count;
        }
        let total = samples.rows().max(1) as f64;
        let accuracy = if samples.labels().is_some() { right as f64 / total } else { f64::NAN };
        Judgement { loss: loss / total, accuracy }
    }

    /// Values of all layers; the last holds the outputs.
    fn forward(&mut self, weights: &[Lane], samples: &Samples, rows: &[u32], beside: &mut Beside<'_>) {
        let count = rows.len();
        let last = self.shape.layers.len() - 1;
        samples.gather(rows, &mut self.values[0][..panels(self.shape.inputs()) * count]);
        for (index, layer) in self.shape.layers.iter().enumerate() {
            let (below, above) = self.values.split_at_mut(index + 1);
            let input = &below[index][..panels(layer.inputs) * count];
            let output = &mut above[0][..panels(layer.outputs) * count];
            let biases = Start::Row(&weights[layer.biases.clone()]);
            product(input, count, &weights[layer.weights.clone()], layer.padded_inputs(), output, biases);
            if index < last {
                if let Some(normalization) = &mut beside.normalization {
                    normalization.forward(index, output, count);
                }
                let slopes = &mut self.slopes[index][..output.len()];
                activate(self.shape.activation(), output, slopes);
                if let Some(dropout) = beside.dropout {
                    multiply(output, &dropout.factors[index][..output.len()]);
                }
            }
        }
    }

    /// Forward pass, then the gradient of the outputs in the first delta buffer; the sum of the losses.
    fn forward_to_delta(
        &mut self,
        weights: &[Lane],
        samples: &Samples,
        rows: &[u32],
        beside: &mut Beside<'_>,
    ) -> f64 {
        self.forward(weights, samples, rows, beside);
        let outputs = self.shape.outputs();
        let z = &mut self.deltas[0][..panels(outputs) * rows.len()];
        z.copy_from_slice(&self.values[self.shape.layers.len()][..z.len()]);
        let at = Rows { places: rows, total: rows.len(), outputs };
        objective::descend_smoothed(self.shape.objective(), z, at, &samples.targets, beside.label_smoothing)
    }

    /// From the outputs' gradient down; `take` gets each layer with its input and its delta.
    fn backward(
        &mut self,
        count: usize,
        beside: &mut Beside<'_>,
        mut take: impl FnMut(&Layer, &[Lane], &[Lane], usize),
    ) {
        let [present, below] = &mut self.deltas;
        let (mut present, mut below) = (present, below);
        for (index, layer) in self.shape.layers.iter().enumerate().rev() {
            let input = &self.values[index][..panels(layer.inputs) * count];
            let delta = &present[..panels(layer.outputs) * count];
            if index > 0 {
                let target = &mut below[..panels(layer.inputs) * count];
                product(
                    delta,
                    count,
                    &self.transposed[index - 1],
                    layer.padded_outputs(),
                    target,
                    Start::Zero,
                );
                if let Some(dropout) = beside.dropout {
                    multiply(target, &dropout.factors[index - 1][..target.len()]);
                }
                damp(self.shape.activation(), target, input, &self.slopes[index - 1][..target.len()]);
                if let Some(normalization) = &mut beside.normalization {
                    normalization.backward(index - 1, target, count);
                }
            }
            take(layer, input, delta, count);
            std::mem::swap(&mut present, &mut below);
        }
    }
}
