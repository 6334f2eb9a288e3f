//! Where networks of the zoo's shape are trained and judged: the rows of every task, and the recipe.
//!
//! Contract: what a network becomes depends on its start, its task, the settings and the stream that is given.

use rayon::prelude::*;
use weightscope_frame::run::RunError;
use weightscope_math::{Stream, stream};
use weightscope_population::{Advance, DecayOn, Learner, Machine, Plain, Regularizers, Rule, Samples, Shape};

use crate::config::{Config, Initialisation};
use crate::data::{Material, Part};
use crate::method::tasks::{Task, Tasks};

/// Rows judged at once.
const JUDGED: usize = 128;

/// Rows and shape.
#[derive(Clone, Debug)]
pub(crate) struct Bench {
    pub(crate) shape: Shape,
    /// Seen tasks, then unseen ones.
    pub(crate) tasks: Vec<Task>,
    /// How many of them are seen.
    pub(crate) seen: usize,
    train: Vec<Samples>,
    test: Vec<Samples>,
    rate: f64,
    batch: usize,
}

impl Bench {
    /// The bench for these tasks.
    pub(crate) fn new(
        config: &Config,
        material: &Material,
        tasks: &Tasks,
        shape: Shape,
    ) -> Result<Self, RunError> {
        let all: Vec<Task> = tasks.seen.iter().chain(&tasks.unseen).cloned().collect();
        let samples = |part| {
            all.iter().map(|task| material.samples(task, part)).collect::<Result<Vec<Samples>, RunError>>()
        };
        Ok(Self {
            shape,
            seen: tasks.seen.len(),
            train: samples(Part::Train)?,
            test: samples(Part::Test)?,
            tasks: all,
            rate: config.zoo_rate,
            batch: config.zoo_batch as usize,
        })
    }

    /// Initial weights: uniform on ±1/√inputs, biases too, as PyTorch's `Linear` begins.
    pub(crate) fn initial(&self, random: &mut Stream) -> Vec<f32> {
        let mut flat = vec![0.0; self.shape.parameters()];
        for pair in self.shape.tensors().chunks(2) {
            let inputs = pair.first().and_then(|weights| weights.shape.get(1)).copied().unwrap_or(1);
            let bound = 1.0 / (inputs.max(1) as f32).sqrt();
            for tensor in pair {
                if let Some(values) = flat.get_mut(tensor.range.clone()) {
                    random.fill_uniform(values, -bound, bound);
                }
            }
        }
        flat
    }

    /// The start of network `number`: the same for all, or its own.
    pub(crate) fn start(&self, config: &Config, seed: u64, number: &str) -> Vec<f32> {
        match config.initialisation {
            Initialisation::Common => self.initial(&mut stream(seed, "common start")),
            Initialisation::Independent => self.initial(&mut stream(seed, &format!("start {number}"))),
        }
    }

    fn samples(of: &[Samples], task: usize) -> Result<&Samples, RunError> {
        of.get(task).ok_or_else(|| RunError::Defect("no such task".to_owned()))
    }

    /// Trains a network in place on a task; `look` sees the weights before the first step and after every one.
    pub(crate) fn train(
        &self,
        task: usize,
        start: &[f32],
        steps: u64,
        random: &mut Stream,
        mut look: impl FnMut(u64, &[f32]) -> Result<(), RunError>,
        looked_at: impl Fn(u64) -> bool,
    ) -> Result<Vec<f32>, RunError> {
        let samples = Self::samples(&self.train, task)?;
        let packed = self.pack(start)?;
        let mut learner = Learner::new(&self.shape, packed, self.batch, Regularizers::default());
        let by = Advance {
            learning_rate: self.rate,
            weight_decay: 0.0,
            decay_on: DecayOn::Latent,
            rule: Rule::AdamW,
        };
        let mut rows = vec![0_u32; self.batch];
        // Nothing is dropped, so the learner draws nothing.
        let mut unused = stream(0, "unused");
        for step in 0..=steps {
            if looked_at(step) {
                look(step, &self.shape.unpack(&learner.latent))?;
            }
            if step < steps {
                rows.iter_mut().for_each(|row| *row = random.below(samples.rows()) as u32);
                learner.step(samples, &rows, &mut unused, &by, &Plain);
            }
        }
        Ok(self.shape.unpack(&learner.latent))
    }

    /// One more pass over the rows of a task in `count` batches, keeping the network after each.
    pub(crate) fn last_epoch(
        &self,
        task: usize,
        start: &[f32],
        count: usize,
        random: &mut Stream,
    ) -> Result<Vec<Vec<f32>>, RunError> {
        let samples = Self::samples(&self.train, task)?;
        let size = samples.rows().div_ceil(count.max(1)).max(1);
        let mut learner = Learner::new(&self.shape, self.pack(start)?, size, Regularizers::default());
        let by = Advance {
            learning_rate: self.rate,
            weight_decay: 0.0,
            decay_on: DecayOn::Latent,
            rule: Rule::AdamW,
        };
        let order: Vec<u32> = random.permutation(samples.rows()).into_iter().map(|row| row as u32).collect();
        let mut unused = stream(0, "unused");
        let mut kept = Vec::with_capacity(count);
        // Where there are more networks than batches, the rows come round again.
        for rows in order.chunks(size).cycle().take(count) {
            learner.step(samples, rows, &mut unused, &by, &Plain);
            kept.push(self.shape.unpack(&learner.latent));
        }
        Ok(kept)
    }

    fn pack(&self, flat: &[f32]) -> Result<Vec<weightscope_population::Lane>, RunError> {
        self.shape.pack(flat).map_err(|error| RunError::Defect(error.to_string()))
    }

    /// Share of a task's test rows that a network gets right.
    pub(crate) fn accuracy(&self, task: usize, network: &[f32]) -> Result<f64, RunError> {
        self.accuracy_on(Self::samples(&self.test, task)?, network)
    }

    /// The same on other rows.
    pub(crate) fn accuracy_on(&self, samples: &Samples, network: &[f32]) -> Result<f64, RunError> {
        let mut machine = Machine::new(&self.shape, JUDGED);
        Ok(machine.judge(&self.pack(network)?, samples).accuracy)
    }

    /// Mean loss on rows.
    pub(crate) fn loss_on(&self, samples: &Samples, network: &[f32]) -> Result<f64, RunError> {
        let mut machine = Machine::new(&self.shape, JUDGED);
        Ok(machine.judge(&self.pack(network)?, samples).loss)
    }

    /// Accuracies of networks, each on its task, on all workers.
    pub(crate) fn accuracies(&self, pairs: &[(usize, &[f32])]) -> Result<Vec<f64>, RunError> {
        pairs.par_iter().map(|(task, network)| self.accuracy(*task, network)).collect()
    }

    /// Which test rows of a task a network gets wrong; a row whose outputs are no numbers is wrong.
    pub(crate) fn wrong(&self, task: usize, network: &[f32]) -> Result<Vec<bool>, RunError> {
        let samples = Self::samples(&self.test, task)?;
        let mut machine = Machine::new(&self.shape, JUDGED);
        let outputs = machine.outputs(&self.pack(network)?, samples);
        let labels = samples.labels().unwrap_or_default();
        let width = self.shape.outputs().max(1);
        Ok(outputs.chunks_exact(width).zip(labels).map(|(row, label)| best(row) != Some(*label)).collect())
    }
}

/// Place of the first largest output; `None` if one is no number.
fn best(row: &[f32]) -> Option<u32> {
    let mut best = 0;
    for (place, value) in row.iter().enumerate() {
        if value.is_nan() {
            return None;
        }
        if row.get(best).is_some_and(|largest| value > largest) {
            best = place;
        }
    }
    Some(best as u32)
}
