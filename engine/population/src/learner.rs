//! One network that learns with AdamW or momentum, its weights an elementwise function of the optimised vector if there is one.
//!
//! A step in parts, so that who holds it can look between them: [`Learner::express`] (effective weights w = Ψ(v)),
//! [`Learner::measure`] (loss and gradient with respect to w, under label smoothing, dropout and batch normalisation),
//! [`Learner::through`] (gradient with respect to v: times Ψ'(v)), [`Learner::advance`] (the optimizer's step on v).
//! Contract: after [`Learner::new`] a step allocates nothing (changing the dropout does); biases are never transformed and never decay.

#[cfg(test)]
mod tests;

use std::ops::Range;

use weightscope_math::Stream;
use weightscope_nn::optimizer::AdamWSettings;

use super::adaptive::Moments;
use super::dropout::Dropout;
use super::lane::{Lane, add_scaled, flat, flat_mut, scale};
use super::machine::{Beside, Machine};
use super::normalization::Normalization;
use super::samples::Samples;
use super::shape::Shape;

/// An elementwise function from the optimised weights of a layer to those that the network uses. It must be 0 at 0, so that padding
/// stays harmless.
pub trait Elementwise {
    /// `effective` = Ψ(`latent`) of the layer; a layer that is not transformed copies.
    fn values(&self, layer: usize, latent: &[f32], effective: &mut [f32]);
    /// `gradient` *= Ψ'(`latent`) of the layer, where `effective` = Ψ(`latent`).
    fn slopes(&self, layer: usize, latent: &[f32], effective: &[f32], gradient: &mut [f32]);
}

/// The identity: the network's weights are those that are optimised.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Plain;

impl Elementwise for Plain {
    fn values(&self, _layer: usize, latent: &[f32], effective: &mut [f32]) {
        effective.copy_from_slice(latent);
    }

    fn slopes(&self, _layer: usize, _latent: &[f32], _effective: &[f32], _gradient: &mut [f32]) {}
}

/// How the optimised vector moves.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Rule {
    /// AdamW; its weight decay is decoupled.
    AdamW,
    /// Gradient descent with this momentum, no Nesterov term; the weight decay is decoupled too.
    Momentum(f32),
}

/// On what weight decay acts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DecayOn {
    /// The optimised weights: v ← v − rate·decay·v.
    Latent,
    /// The effective weights, through the function: v ← v − rate·decay·Ψ(v)·Ψ'(v).
    Effective,
}

/// One step of the optimizer.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Advance {
    /// Learning rate of this step.
    pub learning_rate: f64,
    /// Weight decay, on weights only.
    pub weight_decay: f64,
    /// What it acts on.
    pub decay_on: DecayOn,
    /// The rule.
    pub rule: Rule,
}

/// What regularises beside the function.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Regularizers {
    /// Share of each target that is spread evenly over the classes.
    pub label_smoothing: f32,
    /// Share of the hidden units that is dropped in a step.
    pub dropout: f32,
    /// Whether hidden sums are normalised over the batch.
    pub batch_norm: bool,
}

/// One network in training.
#[derive(Clone, Debug)]
pub struct Learner {
    machine: Machine,
    smoothing: f32,
    dropout: Option<Dropout>,
    /// Normalisation of the hidden layers, if there is one.
    pub normalization: Option<Normalization>,
    /// The optimised vector.
    pub latent: Vec<Lane>,
    /// Moments of its gradient; with momentum the first one is the velocity.
    pub moments: Moments,
    effective: Vec<Lane>,
    gradient: Vec<Lane>,
    /// Room for the pull of a decay of effective weights.
    pull: Vec<Lane>,
    weights: Vec<Range<usize>>,
}

impl Learner {
    /// A network of this shape with the optimised vector `latent` (packed), for batches of up to `batch` rows.
    pub fn new(shape: &Shape, latent: Vec<Lane>, batch: usize, with: Regularizers) -> Self {
        let lanes = shape.lanes();
        Self {
            machine: Machine::new(shape, batch),
            smoothing: with.label_smoothing,
            dropout: (with.dropout > 0.0).then(|| Dropout::new(shape, batch, with.dropout)),
            normalization: with.batch_norm.then(|| Normalization::new(shape, batch)),
            moments: Moments::new(lanes),
            effective: latent.clone(),
            gradient: shape.zeros(),
            pull: shape.zeros(),
            weights: shape.weight_lanes(),
            latent,
        }
    }

    /// Changes label smoothing and dropout from the next step on; a rate of 0 drops nothing.
    pub fn regularize(&mut self, label_smoothing: f32, dropout: f32) {
        self.smoothing = label_smoothing;
        let now = self.dropout.as_ref().map_or(0.0, Dropout::rate);
        if dropout != now {
            self.dropout =
                (dropout > 0.0).then(|| Dropout::new(self.machine.shape(), self.machine.batch(), dropout));
        }
    }

    /// The shape of the network.
    pub fn shape(&self) -> &Shape {
        self.machine.shape()
    }

    /// Work space for judging with these sizes.
    pub fn machine(&mut self) -> &mut Machine {
        &mut self.machine
    }

    /// The effective weights of the last [`Learner::express`], packed.
    pub fn effective(&self) -> &[Lane] {
        &self.effective
    }

    /// Optimised weights, effective weights and gradient of a layer's weights, as they stand.
    pub fn layer(&self, layer: usize) -> (&[f32], &[f32], &[f32]) {
        let range = self.weights[layer].clone();
        (flat(&self.latent[range.clone()]), flat(&self.effective[range.clone()]), flat(&self.gradient[range]))
    }

    /// Number of layers with weights.
    pub fn layers(&self) -> usize {
        self.weights.len()
    }

    /// Effective weights from the optimised ones.
    pub fn express(&mut self, function: &impl Elementwise) {
        let mut start = 0;
        for (layer, range) in self.weights.iter().enumerate() {
            self.effective[start..range.start].copy_from_slice(&self.latent[start..range.start]);
            let latent = flat(&self.latent[range.clone()]);
            function.values(layer, latent, flat_mut(&mut self.effective[range.clone()]));
            start = range.end;
        }
        self.effective[start..].copy_from_slice(&self.latent[start..]);
    }

    /// Mean loss over these rows, and its gradient with respect to the effective weights; dropout is drawn from `random`.
    pub fn measure(&mut self, samples: &Samples, rows: &[u32], random: &mut Stream) -> f64 {
        if let Some(dropout) = &mut self.dropout {
            dropout.draw(rows.len(), random);
        }
        let mut beside = Beside {
            label_smoothing: self.smoothing,
            dropout: self.dropout.as_ref(),
            normalization: self.normalization.as_mut(),
        };
        let sum =
            self.machine.gradient_beside(&self.effective, samples, rows, &mut self.gradient, &mut beside);
        sum / rows.len().max(1) as f64
    }

    /// The gradient with respect to the optimised weights, from that with respect to the effective ones.
    pub fn through(&mut self, function: &impl Elementwise) {
        for (layer, range) in self.weights.iter().enumerate() {
            let (latent, effective) =
                (flat(&self.latent[range.clone()]), flat(&self.effective[range.clone()]));
            function.slopes(layer, latent, effective, flat_mut(&mut self.gradient[range.clone()]));
        }
    }

    /// The optimizer's step along the gradient.
    pub fn advance(&mut self, by: &Advance, function: &impl Elementwise) {
        let on_effective = by.decay_on == DecayOn::Effective && by.weight_decay > 0.0;
        if on_effective {
            self.take_pull(function);
        }
        let decay = if on_effective { 0.0 } else { by.weight_decay };
        match by.rule {
            Rule::AdamW => {
                let settings = AdamWSettings { weight_decay: decay, ..AdamWSettings::default() };
                let (latent, gradient) = (&mut self.latent, &self.gradient);
                self.moments.step(latent, gradient, &self.weights, &settings, by.learning_rate);
                if let Some(normalization) = &mut self.normalization {
                    normalization.step(&settings, by.learning_rate);
                }
            }
            Rule::Momentum(momentum) => self.descend(momentum, decay, by.learning_rate as f32),
        }
        if on_effective {
            add_scaled(&mut self.latent, -(by.learning_rate * by.weight_decay) as f32, &self.pull);
        }
    }

    /// Ψ(v)·Ψ'(v) of all weights, 0 for biases.
    fn take_pull(&mut self, function: &impl Elementwise) {
        self.pull.fill(Lane::ZERO);
        for (layer, range) in self.weights.iter().enumerate() {
            let pull = flat_mut(&mut self.pull[range.clone()]);
            let (latent, effective) =
                (flat(&self.latent[range.clone()]), flat(&self.effective[range.clone()]));
            pull.copy_from_slice(effective);
            function.slopes(layer, latent, effective, pull);
        }
    }

    fn descend(&mut self, momentum: f32, decay: f64, rate: f32) {
        scale(&mut self.moments.first, momentum);
        add_scaled(&mut self.moments.first, 1.0, &self.gradient);
        self.moments.steps += 1;
        for range in &self.weights {
            scale(&mut self.latent[range.clone()], 1.0 - rate * decay as f32);
        }
        add_scaled(&mut self.latent, -rate, &self.moments.first);
        if let Some(normalization) = &mut self.normalization {
            normalization.descend(momentum, rate);
        }
    }

    /// A whole step, for a function whose parameters are fixed; the mean loss before it.
    pub fn step(
        &mut self,
        samples: &Samples,
        rows: &[u32],
        random: &mut Stream,
        by: &Advance,
        function: &impl Elementwise,
    ) -> f64 {
        self.express(function);
        let loss = self.measure(samples, rows, random);
        self.through(function);
        self.advance(by, function);
        loss
    }
}

/// Σ a·b over two slices of one layer, in double precision and a fixed order.
pub fn inner(a: &[f32], b: &[f32]) -> f64 {
    // Sixteen sums side by side, as the lanes lie.
    let mut sums = [0.0_f64; 16];
    for (a, b) in a.chunks(16).zip(b.chunks(16)) {
        for (sum, (a, b)) in sums.iter_mut().zip(a.iter().zip(b)) {
            *sum += f64::from(*a) * f64::from(*b);
        }
    }
    sums.iter().sum()
}
