//! One adapter in training: what is trained, and the weights that follow from it.

use weightscope_frame::store::{Codec, CodecError, Saved};
use weightscope_nn::optimizer::{AdamW, Decay, Group};

use crate::adapt::{Adapters, Scratch};
use crate::compute::model::{Batch, Dropping, Memory};
use crate::device::Passes;

/// All values of a vector in one group.
pub(crate) fn whole(length: usize) -> Group {
    Group { range: 0..length, learning_rate_factor: 1.0, decay: Decay::Spared }
}

/// An adapter in training.
pub(crate) struct Arm {
    /// What is adapted and how.
    pub(crate) adapters: Adapters,
    /// What is trained, at step 0.
    pub(crate) start: Vec<f32>,
    /// What is trained.
    pub(crate) own: Vec<f32>,
    optimizer: AdamW,
    /// The weights that stay frozen.
    pub(crate) frozen: Vec<f32>,
    /// The weights that follow.
    pub(crate) weights: Vec<f32>,
    /// Slopes by the weights of the last step.
    pub(crate) gradient: Vec<f32>,
    /// Slopes by what is trained.
    pub(crate) slopes: Vec<f32>,
    /// Weights before the last recorded step.
    pub(crate) before: Vec<f32>,
    delta: Vec<f32>,
    pub(crate) scratch: Scratch,
    /// Memory of its passes.
    pub(crate) memory: Memory<f32>,
}

impl Saved for Arm {
    fn codec(&mut self, codec: &mut Codec<'_>) -> Result<(), CodecError> {
        codec.tensor("start", &[self.start.len()], &mut self.start)?;
        codec.tensor("parameters", &[self.own.len()], &mut self.own)?;
        codec.part("optimizer.", &mut self.optimizer)
    }
}

impl Arm {
    /// Before it has a start.
    pub(crate) fn new(adapters: Adapters, base: &[f32]) -> Self {
        let length = adapters.length;
        Self {
            optimizer: super::optimizer(length),
            start: vec![0.0; length],
            own: vec![0.0; length],
            frozen: base.to_vec(),
            weights: base.to_vec(),
            gradient: vec![0.0; base.len()],
            slopes: vec![0.0; length],
            before: Vec::new(),
            delta: Vec::new(),
            scratch: Scratch::default(),
            memory: Memory::default(),
            adapters,
        }
    }

    /// Takes a start.
    pub(crate) fn begin(&mut self, start: Vec<f32>, base: &[f32]) {
        self.own.clone_from(&start);
        self.start = start;
        self.follow(base);
    }

    /// Makes the weights that follow from what is trained.
    pub(crate) fn follow(&mut self, base: &[f32]) {
        self.frozen = self.adapters.frozen(base, &self.start, &mut self.scratch);
        self.weights.clone_from(&self.frozen);
        self.adapters.weights((base, &self.frozen), &self.own, &mut self.weights, &mut self.scratch);
    }

    /// Keeps the weights before a step.
    pub(crate) fn keep_before(&mut self) {
        self.before.clone_from(&self.weights);
    }

    /// Loss on a batch; fills the slopes.
    pub(crate) fn slope(
        &mut self,
        model: &Passes,
        base: &[f32],
        batch: Batch<'_, f32>,
        dropping: Option<(f32, u64)>,
    ) -> f64 {
        if self.adapters.length == 0 {
            return model.loss(&self.weights, batch, &mut self.memory);
        }
        let loss = match dropping {
            None => {
                let wanted = &self.adapters.wanted;
                model.gradient(&self.weights, batch, wanted, None, &mut self.gradient, &mut self.memory)
            }
            Some((rate, seed)) => {
                self.delta.resize(base.len(), 0.0);
                self.adapters.updates(base, &self.own, &mut self.delta, &mut self.scratch);
                let dropping = Dropping { delta: &self.delta, adapted: &self.adapters.adapted, rate, seed };
                let wanted = &self.adapters.wanted;
                let (gradient, memory) = (&mut self.gradient, &mut self.memory);
                model.gradient(&self.frozen, batch, wanted, Some(dropping), gradient, memory)
            }
        };
        let weights = (base, &self.frozen[..]);
        self.adapters.slopes(weights, &self.own, &self.gradient, &mut self.slopes, &mut self.scratch);
        loss
    }

    /// One step of AdamW; the loss before it.
    pub(crate) fn step(
        &mut self,
        model: &Passes,
        base: &[f32],
        batch: Batch<'_, f32>,
        rate: f64,
        dropping: Option<(f32, u64)>,
    ) -> f64 {
        let loss = self.slope(model, base, batch, dropping);
        self.optimizer.step(&mut self.own, &self.slopes, &self.adapters.groups, rate);
        self.adapters.weights((base, &self.frozen), &self.own, &mut self.weights, &mut self.scratch);
        loss
    }

    /// The update of a layer, `[outputs, inputs]`.
    pub(crate) fn delta_of(&self, base: &[f32], layer: usize) -> Vec<f32> {
        let Some(layer) = self.adapters.layers.get(layer) else { return Vec::new() };
        let place = layer.place.clone();
        self.weights[place.clone()].iter().zip(&base[place]).map(|(now, before)| now - before).collect()
    }

    /// Bytes of weights, gradient, optimizer and passes.
    pub(crate) fn bytes(&self) -> usize {
        let lists =
            [&self.start, &self.own, &self.frozen, &self.weights, &self.gradient, &self.slopes, &self.delta];
        let numbers: usize = lists.iter().map(|list| list.len()).sum();
        (numbers + 2 * self.own.len()) * size_of::<f32>() + self.memory.bytes()
    }
}
