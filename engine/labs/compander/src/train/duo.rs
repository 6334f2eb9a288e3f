//! One repeat: a network and its twin on the same rows, in the same order, with the same units dropped.

use std::sync::Arc;

use burn::tensor::Device;
use weightscope_data::{EpochBatches, LastBatch};
use weightscope_frame::run::RunError;
use weightscope_frame::store::{Codec, CodecError, Saved};
use weightscope_math::stream;

use super::arm::Arm;
use super::phases::Phases;
use crate::config::{Config, Twin};
use crate::data::{Material, Trial};
use crate::network::Network;

/// Points of the accuracy over steps, the start left out.
const HISTORY: u64 = 8;

/// Accuracies at one step.
#[derive(Clone, Copy, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
pub(crate) struct Point {
    pub(crate) step: u64,
    pub(crate) train: f64,
    pub(crate) test: f64,
}

/// A network and its twin in training.
#[derive(Clone)]
pub(crate) struct Duo {
    pub(crate) seed: u64,
    pub(crate) own: Arm,
    pub(crate) twin: Option<Arm>,
    pub(crate) trial: Arc<Trial>,
    /// Steps done.
    pub(crate) done: u64,
    /// Accuracies over the steps so far.
    pub(crate) history: Vec<Point>,
    pub(crate) twin_history: Vec<Point>,
}

/// Batches of an epoch for a training part of so many rows.
pub(crate) fn batches(config: &Config, rows: usize, seed: u64, epoch: u64) -> Result<EpochBatches, RunError> {
    let rows: Vec<usize> = (0..rows).collect();
    Ok(EpochBatches::new(&rows, config.batch_size as usize, LastBatch::Keep, seed, epoch)?)
}

/// Rows that the weights learn from.
pub(crate) fn learned_from(config: &Config) -> u64 {
    config.train_rows - config.held_out_rows()
}

/// Steps of an epoch; the last batch may be smaller.
pub(crate) fn steps_per_epoch(config: &Config) -> u64 {
    learned_from(config).div_ceil(config.batch_size.max(1)).max(1)
}

impl Duo {
    /// The repeat of this seed before its first step.
    pub(crate) fn new(
        config: &Config,
        material: &Material,
        device: &Device,
        seed: u64,
    ) -> Result<Self, RunError> {
        let trial = Arc::new(material.trial(config, config.data_seed.first().copied().unwrap_or(seed))?);
        let network = Network::new(config, material, &trial, device, &mut stream(seed, "init"))?;
        let twin = config.has_twin().then(|| network.clone());
        let own = Arm::companding(config, network)?;
        let factors = own.spread();
        let twin = twin
            .map(|network| Arm::plain(network, (config.twin == Twin::Scaled).then_some(&factors[..])))
            .transpose()?;
        let mut duo = Self { seed, own, twin, trial, done: 0, history: Vec::new(), twin_history: Vec::new() };
        duo.look();
        Ok(duo)
    }

    /// One step of both by the settings in force; their losses before it.
    pub(crate) fn step(&mut self, phases: &Phases, rows: &[usize]) -> Result<(f64, Option<f64>), RunError> {
        let index = self.done;
        let config = phases.at(index);
        if phases.turns(index) {
            self.own.turn(phases.at(index - 1), config);
        }
        let rate = config.rate_at(index, steps_per_epoch(config));
        let dropped = stream(self.seed, &format!("dropout/{index}"));
        let own = self.own.step(config, rows, index, rate, &mut dropped.clone());
        let twin = self.twin.as_mut().map(|twin| twin.step(config, rows, index, rate, &mut dropped.clone()));
        finite(own, twin, self.seed, index + 1)?;
        self.done += 1;
        let total = phases.steps();
        if self.done.is_multiple_of(total.div_ceil(HISTORY).max(1)) || self.done == total {
            self.look();
        }
        Ok((own, twin))
    }

    /// Adds the accuracies of now to the history.
    fn look(&mut self) {
        let step = self.done;
        let at = |arm: &mut Arm| {
            let effective = arm.effective();
            let (train, test) =
                (arm.network.judge_train(&effective).accuracy, arm.network.judge_test(&effective).accuracy);
            Point { step, train, test }
        };
        self.history.push(at(&mut self.own));
        if let Some(twin) = &mut self.twin {
            self.twin_history.push(at(twin));
        }
    }

    /// The steps that are left, by the settings in force at each; `check` may end it.
    pub(crate) fn train(
        &mut self,
        phases: &Phases,
        check: &dyn Fn() -> Result<(), RunError>,
    ) -> Result<(), RunError> {
        let total = phases.steps();
        while self.done < total {
            let config = phases.at(self.done);
            let per_epoch = steps_per_epoch(config);
            let epoch = self.done / per_epoch;
            let batches = batches(config, self.trial.train.labels.len(), self.seed, epoch)?;
            let left = (total - self.done) as usize;
            for batch in batches.iter().skip((self.done % per_epoch) as usize).take(left) {
                check()?;
                self.step(phases, batch)?;
            }
        }
        Ok(())
    }
}

/// A network that diverged has no figures.
pub(crate) fn finite(own: f64, twin: Option<f64>, seed: u64, step: u64) -> Result<(), RunError> {
    let what = match (own.is_finite(), twin.is_none_or(f64::is_finite)) {
        (true, true) => return Ok(()),
        (false, _) => format!("the training loss of the network with seed {seed}"),
        (true, false) => format!("the training loss of the twin with seed {seed}"),
    };
    Err(RunError::Diverged { what, step, stage: super::TRAINING.to_owned() })
}

impl Saved for Duo {
    fn codec(&mut self, codec: &mut Codec<'_>) -> Result<(), CodecError> {
        codec.part("own.", &mut self.own)?;
        if let Some(twin) = &mut self.twin {
            codec.part("twin.", twin)?;
        }
        codec.count("done", &mut self.done)?;
        codec.value("history.cbor", &mut self.history)?;
        codec.value("twin_history.cbor", &mut self.twin_history)
    }
}
