//! Batch normalisation of hidden sums (S. Ioffe and C. Szegedy, arXiv 1502.03167), between the product and the activation.
//!
//! While training, a unit is normalised by mean and population variance of the batch; for judging, the layer is folded into plain
//! weights with the running mean and the running unbiased variance (momentum 0.1, ε 1e-5, as PyTorch).
//! Contract: nothing is allocated after [`Normalization::new`] but by [`Normalization::fold`]; padding columns stay 0.

use weightscope_nn::optimizer::AdamWSettings;

use super::adaptive::Moments;
use super::lane::{LANES, Lane, add_scaled, panels, scale};
use super::shape::Shape;

const EPSILON: f32 = 1e-5;
const MOMENTUM: f32 = 0.1;

/// Gains, offsets and running statistics of the hidden layers of one network.
#[derive(Clone, Debug)]
pub struct Normalization {
    /// Gains of all hidden layers, then their offsets, a lane for each sixteen units.
    pub parameters: Vec<Lane>,
    /// Running means of all hidden layers, then running variances.
    pub statistics: Vec<Lane>,
    /// Moments of the parameters' gradients.
    pub moments: Moments,
    gradient: Vec<Lane>,
    layers: Vec<Layer>,
}

/// Places of one hidden layer and what its forward pass leaves for the way back.
#[derive(Clone, Debug)]
struct Layer {
    /// First lane among the gains, and as many lanes behind among the offsets.
    start: usize,
    panels: usize,
    /// Normalised sums of the batch, laid as the sums.
    normalized: Vec<Lane>,
    /// 1/√(variance + ε) of the batch.
    inverse: Vec<Lane>,
}

impl Normalization {
    /// Gains 1, offsets 0, running means 0 and variances 1, with room for batches of up to `batch` rows.
    pub fn new(shape: &Shape, batch: usize) -> Self {
        let (mut layers, mut start) = (Vec::new(), 0);
        for width in &shape.sizes()[1..shape.sizes().len() - 1] {
            let panels = panels(*width);
            let normalized = vec![Lane::ZERO; panels * batch.max(1)];
            layers.push(Layer { start, panels, normalized, inverse: vec![Lane::ZERO; panels] });
            start += panels;
        }
        let halves = |first: f32, second: f32| {
            [vec![Lane([first; LANES]); start], vec![Lane([second; LANES]); start]].concat()
        };
        Self {
            parameters: halves(1.0, 0.0),
            statistics: halves(0.0, 1.0),
            moments: Moments::new(2 * start),
            gradient: vec![Lane::ZERO; 2 * start],
            layers,
        }
    }

    fn half(&self) -> usize {
        self.parameters.len() / 2
    }

    /// Replaces the sums of a hidden layer by their normalised, scaled and shifted values, and follows the running statistics.
    pub(super) fn forward(&mut self, index: usize, sums: &mut [Lane], rows: usize) {
        let half = self.half();
        let layer = &mut self.layers[index];
        let count = rows as f32;
        for panel in 0..layer.panels {
            let (gain, offset) =
                (self.parameters[layer.start + panel], self.parameters[half + layer.start + panel]);
            let sums = &mut sums[panel * rows..(panel + 1) * rows];
            let normalized = &mut layer.normalized[panel * rows..(panel + 1) * rows];
            let (mut mean, mut variance) = ([0.0_f32; LANES], [0.0_f32; LANES]);
            for sum in &*sums {
                for (mean, value) in mean.iter_mut().zip(&sum.0) {
                    *mean += value / count;
                }
            }
            for sum in &*sums {
                for ((variance, value), mean) in variance.iter_mut().zip(&sum.0).zip(&mean) {
                    *variance += (value - mean) * (value - mean) / count;
                }
            }
            let inverse = &mut layer.inverse[panel].0;
            for (inverse, variance) in inverse.iter_mut().zip(&variance) {
                *inverse = 1.0 / (variance + EPSILON).sqrt();
            }
            for (sum, normalized) in sums.iter_mut().zip(normalized) {
                for slot in 0..LANES {
                    normalized.0[slot] = (sum.0[slot] - mean[slot]) * inverse[slot];
                    sum.0[slot] = gain.0[slot] * normalized.0[slot] + offset.0[slot];
                }
            }
            let unbiased = count / (count - 1.0).max(1.0);
            let place = layer.start + panel;
            for slot in 0..LANES {
                let running = &mut self.statistics[place].0[slot];
                *running += MOMENTUM * (mean[slot] - *running);
                let running = &mut self.statistics[half + place].0[slot];
                *running += MOMENTUM * (variance[slot] * unbiased - *running);
            }
        }
    }

    /// Replaces the gradient with respect to the normalised values by that with respect to the sums, and keeps that of gains and offsets.
    pub(super) fn backward(&mut self, index: usize, delta: &mut [Lane], rows: usize) {
        let half = self.half();
        let layer = &self.layers[index];
        let count = rows as f32;
        for panel in 0..layer.panels {
            let place = layer.start + panel;
            let delta = &mut delta[panel * rows..(panel + 1) * rows];
            let normalized = &layer.normalized[panel * rows..(panel + 1) * rows];
            let (mut gain, mut offset) = (Lane::ZERO, Lane::ZERO);
            for (delta, normalized) in delta.iter().zip(normalized) {
                for slot in 0..LANES {
                    gain.0[slot] += delta.0[slot] * normalized.0[slot];
                    offset.0[slot] += delta.0[slot];
                }
            }
            let factor: [f32; LANES] =
                std::array::from_fn(|slot| self.parameters[place].0[slot] * layer.inverse[panel].0[slot]);
            for (delta, normalized) in delta.iter_mut().zip(normalized) {
                for (slot, factor) in factor.iter().enumerate() {
                    let mean = (offset.0[slot] + normalized.0[slot] * gain.0[slot]) / count;
                    delta.0[slot] = factor * (delta.0[slot] - mean);
                }
            }
            self.gradient[place] = gain;
            self.gradient[half + place] = offset;
        }
    }

    /// One step of AdamW on gains and offsets, without weight decay, along the gradient of the last pass.
    pub fn step(&mut self, settings: &AdamWSettings, learning_rate: f64) {
        self.moments.step(&mut self.parameters, &self.gradient, &[], settings, learning_rate);
    }

    /// One step of gradient descent with momentum on gains and offsets; the first moment is the velocity.
    pub(super) fn descend(&mut self, momentum: f32, rate: f32) {
        scale(&mut self.moments.first, momentum);
        add_scaled(&mut self.moments.first, 1.0, &self.gradient);
        self.moments.steps += 1;
        add_scaled(&mut self.parameters, -rate, &self.moments.first);
    }

    /// The gradient of gains and offsets in the last pass, laid as [`Normalization::parameters`].
    pub fn gradient(&self) -> &[Lane] {
        &self.gradient
    }

    /// Plain weights of the network that judges: W·γ/√(v + ε) and (b − m)·γ/√(v + ε) + β with the running statistics m and v.
    pub fn fold(&self, shape: &Shape, weights: &[Lane]) -> Vec<Lane> {
        let half = self.half();
        let mut folded = weights.to_vec();
        for (layer, own) in shape.layers.iter().zip(&self.layers) {
            let inner = layer.padded_inputs();
            for panel in 0..own.panels {
                let place = own.start + panel;
                let (gain, offset) = (self.parameters[place], self.parameters[half + place]);
                let (mean, variance) = (self.statistics[place], self.statistics[half + place]);
                let factor: [f32; LANES] =
                    std::array::from_fn(|slot| gain.0[slot] / (variance.0[slot] + EPSILON).sqrt());
                for lane in &mut folded[layer.weights.start + panel * inner..][..inner] {
                    lane.0.iter_mut().zip(&factor).for_each(|(weight, factor)| *weight *= factor);
                }
                let used = layer.outputs - (panel * LANES).min(layer.outputs);
                let bias = &mut folded[layer.biases.start + panel].0;
                for slot in 0..used.min(LANES) {
                    bias[slot] = (bias[slot] - mean.0[slot]) * factor[slot] + offset.0[slot];
                }
            }
        }
        folded
    }
}
