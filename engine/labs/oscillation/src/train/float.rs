//! The float network: teacher of the quantized one and its starting point.

use weightscope_frame::lab::{Running, Step};
use weightscope_frame::run::{Context, RunError};
use weightscope_frame::store::{Codec, CodecError, Saved};
use weightscope_nn::host::parts::Parts;
use weightscope_nn::layer::Bias;
use weightscope_nn::loss::cross_entropy;
use weightscope_nn::optimizer::{AdamW, AdamWSettings, groups_by_role};
use weightscope_nn::schedule::Schedule;

use super::evaluate;
use super::learn::learn;
use super::material::Material;
use super::model::Model;
use crate::channels as ch;
use crate::config::Config;
use crate::metrics;

/// The float network in training.
pub(crate) struct Float {
    pub(super) model: Model,
    optimizer: AdamW,
    memory: Parts,
    /// Loss and share of right answers of the newest batch.
    newest: (f64, f64),
}

impl Saved for Float {
    fn codec(&mut self, codec: &mut Codec<'_>) -> Result<(), CodecError> {
        codec.part("parameters.", &mut self.model.parameters)?;
        codec.part("optimizer.", &mut self.optimizer)
    }
}

impl Float {
    /// A network with the seed's initial weights.
    pub(super) fn new(config: &Config, context: &Context<'_>, material: &Material) -> Result<Self, RunError> {
        let model = Model::new(config, material, context.seed, Bias::Learned)?;
        let settings = AdamWSettings { weight_decay: config.weight_decay, ..AdamWSettings::default() };
        let optimizer = AdamW::new(settings, model.parameters.len());
        Ok(Self { model, optimizer, memory: Parts::default(), newest: (f64::NAN, f64::NAN) })
    }
}

fn learning_rate(config: &Config, steps: u64, done: u64) -> f64 {
    let schedule = Schedule::Cosine { warmup_steps: 0, warmup_start: 0.0, total_steps: steps, floor: 0.0 };
    schedule.learning_rate(config.float_learning_rate, done)
}

/// One step.
pub(super) fn step(run: &mut Running<'_, '_, Config>, at: &Step<'_>) -> Result<(), RunError> {
    let (config, material) = (run.settings, run.shared);
    let float = &mut run.state.float;
    let batch = material.gather(at.rows);
    let learned = learn(
        &float.model,
        &mut float.memory,
        &batch.features,
        (&run.context.device.device, None),
        |logits, device| cross_entropy(logits.clone(), material.targets(&batch.labels, device)),
    );
    run.context.finite("the training loss", learned.loss)?;
    let groups = groups_by_role(&float.model.parameters, |_| 1.0);
    let rate = learning_rate(config, at.count, at.index);
    let _optimizer = tracing::trace_span!("optimizer").entered();
    float.optimizer.step(float.model.parameters.values_mut(), &learned.gradients, &groups, rate);
    float.model.finite(run.context)?;
    if (at.index + 1).is_multiple_of(config.record_every) {
        let right = evaluate::right(&learned.logits, &batch.labels, material.classes);
        float.newest = (learned.loss, right as f64 / batch.labels.len().max(1) as f64);
    }
    Ok(())
}

/// Records the newest batch.
pub(super) fn record(run: &mut Running<'_, '_, Config>) -> Result<(), RunError> {
    let (loss, accuracy) = run.state.float.newest;
    let (steps, done) = (run.settings.float_epochs * run.shared.steps_per_epoch(), run.stage_step() - 1);
    run.scalar(&ch::LOSS_TRAIN, loss);
    run.scalar(&ch::ACCURACY_TRAIN, accuracy);
    let rate = learning_rate(run.settings, steps, done);
    run.scalar(&ch::LEARNING_RATE, rate);
    Ok(())
}

/// Loss and accuracy on the test rows.
pub(super) fn evaluate(run: &mut Running<'_, '_, Config>) -> Result<(), RunError> {
    let score = evaluate::test(&run.state.float.model, run.shared, &run.device.device, None);
    run.scalar(&ch::LOSS_TEST, score.loss);
    run.scalar(&ch::ACCURACY_TEST, score.accuracy);
    run.result(&metrics::TEST_ACCURACY, score.accuracy);
    Ok(())
}
