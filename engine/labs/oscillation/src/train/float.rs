//! The float network: teacher of the quantized one and its starting point.

use super::evaluate;
use super::material::Material;
use super::model::Model;
use super::state;
use crate::channels as ch;
use crate::config::Config;
use burn::tensor::{Tensor, TensorData};
use weightscope_frame::run::{Context, RunError};
use weightscope_frame::store::State;
use weightscope_nn::layer::Bias;
use weightscope_nn::loss::cross_entropy;
use weightscope_nn::optimizer::{AdamW, AdamWSettings, groups_by_role};
use weightscope_nn::parameters::read;
use weightscope_nn::schedule::Schedule;
use weightscope_nn::transform::Identity;

/// See the module.
pub(super) struct FloatTraining<'a> {
    config: &'a Config,
    model: Model,
    optimizer: AdamW,
    done: u64,
}

impl<'a> FloatTraining<'a> {
    pub(super) fn new(
        config: &'a Config,
        context: &Context<'_>,
        material: &Material,
    ) -> Result<Self, RunError> {
        let model = Model::new(config, material, context.seed, Bias::Learned)?;
        let settings = AdamWSettings { weight_decay: config.weight_decay, ..AdamWSettings::default() };
        let optimizer = AdamW::new(settings, model.parameters.len());
        Ok(Self { config, model, optimizer, done: 0 })
    }

    /// Goes back to a checkpoint; of a later stage only the finished network is taken.
    pub(super) fn restore(&mut self, saved: &State) -> Result<(), RunError> {
        if state::stage(saved) == super::FLOAT {
            state::take_parameters(saved, "parameters.", &mut self.model.parameters)?;
            state::take_optimizer(saved, &mut self.optimizer)?;
            self.done = state::done(saved);
        } else {
            state::take_parameters(saved, "teacher.", &mut self.model.parameters)?;
        }
        Ok(())
    }

    pub(super) fn into_model(self) -> Model {
        self.model
    }

    fn save(&self) -> State {
        let mut saved = state::new(super::FLOAT, self.done);
        state::put_parameters(&mut saved, "parameters.", &self.model.parameters);
        state::put_optimizer(&mut saved, &self.optimizer);
        saved
    }

    /// All steps that are left.
    pub(super) fn train(&mut self, context: &mut Context<'_>, material: &Material) -> Result<(), RunError> {
        let per_epoch = material.steps_per_epoch();
        let total = self.config.float_epochs * per_epoch;
        let schedule =
            Schedule::Cosine { warmup_steps: 0, warmup_start: 0.0, total_steps: total, floor: 0.0 };
        let device = context.device.device.clone().autodiff();
        let groups = groups_by_role(&self.model.parameters, |_| 1.0);
        while self.done < total {
            let epoch = self.done / per_epoch;
            let batches = material.batches(epoch)?;
            for rows in batches.iter().skip((self.done % per_epoch) as usize) {
                context.begin_step((self.done + 1) as f64 / per_epoch as f64);
                let rate = schedule.learning_rate(self.config.float_learning_rate, self.done);
                let batch = material.gather(rows);
                let leaves = self.model.parameters.bind(&device);
                let logits = self.model.forward(&leaves, &batch.features, &device, &Identity);
                let targets =
                    TensorData::new(material.one_hot(&batch.labels), [batch.labels.len(), material.classes]);
                let loss = cross_entropy(logits.clone(), Tensor::from_data(targets, &device));
                let loss_value = f64::from(read(loss.clone()).first().copied().unwrap_or(f32::NAN));
                context.finite("the training loss", loss_value)?;
                let gradients = self.model.parameters.gradients(&leaves, &loss.backward());
                self.optimizer.step(self.model.parameters.values_mut(), &gradients, &groups, rate);
                self.done += 1;
                if self.done.is_multiple_of(self.config.record_every) {
                    let right = evaluate::right(&read(logits), &batch.labels, material.classes);
                    context.scalar(ch::LOSS_TRAIN, loss_value);
                    context.scalar(ch::ACCURACY_TRAIN, right as f64 / batch.labels.len().max(1) as f64);
                    context.scalar(ch::LEARNING_RATE, rate);
                }
                if self.done.is_multiple_of(per_epoch) {
                    let score = evaluate::test(&self.model, material, &context.device.device, None);
                    context.scalar(ch::LOSS_TEST, score.loss);
                    context.scalar(ch::ACCURACY_TEST, score.accuracy);
                    context.result("test_accuracy", score.accuracy);
                }
                context.end_step(|| self.save())?;
            }
        }
        Ok(())
    }
}
