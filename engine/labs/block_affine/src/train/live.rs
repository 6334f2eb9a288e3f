//! What is recorded while a base or an adapter trains.

use rayon::prelude::*;
use weightscope_frame::lab::Running;
use weightscope_frame::record::Curve;
use weightscope_frame::run::RunError;

use crate::adapt::{Kind, Layer};
use crate::channels as ch;
use crate::compute::model::Memory;
use crate::config::Config;
use crate::method::diagnose;
use crate::method::error::Result as Found;
use crate::metrics;
use weightscope_math::linalg::Dense;

/// Steps that a fork or a reader sees as the first ones.
const FIRST: usize = 100;

/// Work that is not saved.
#[derive(Default)]
pub(crate) struct Live {
    /// Gradient of the base.
    pub(crate) gradient: Vec<f32>,
    /// Memory for judging.
    pub(crate) memory: Memory<f32>,
    /// Seconds of steps of the adapter in this process.
    pub(crate) step_seconds: f64,
    /// Their number.
    pub(crate) steps: u64,
    /// Loss of the full fine-tuning beside it at the newest step.
    pub(crate) beside_loss: Option<f64>,
}

/// Records the loss of a step.
pub(super) fn train_loss(run: &mut Running<'_, '_, Config>, loss: f64) {
    run.scalar(&ch::LOSS.labelled(ch::TRAIN, "train"), loss);
    if let Some(beside) = run.state.live.beside_loss {
        run.scalar(&ch::LOSS.labelled("full_train", "full, train"), beside);
    }
    let losses = if run.settings.adapts() { &run.state.book.losses } else { &run.state.book.base_losses };
    if losses.len() <= FIRST && (losses.len() == FIRST || losses.len().is_multiple_of(10)) {
        let x = (1..=losses.len()).map(|step| step as f64).collect();
        let curve = Curve { x, y: losses.clone(), band: None };
        run.show_only(&ch::FIRST_STEPS.labelled(ch::TRAIN, "train"), curve);
    }
}

/// Judges the base before its first step.
pub(super) fn enter_base(run: &mut Running<'_, '_, Config>) -> Result<(), RunError> {
    record_base(run)
}

/// Judges the base by the text it learns; of other tasks only the loss goes on.
pub(super) fn record_base(run: &mut Running<'_, '_, Config>) -> Result<(), RunError> {
    if run.settings.adapts() {
        return Ok(());
    }
    let shared = run.shared;
    let state = &mut *run.state;
    let judged = shared.lessons.judge(&shared.model, &state.base.weights, &mut state.live.memory);
    run.scalar(&ch::LOSS.labelled(ch::VALIDATION, "validation"), judged.loss);
    let step = run.stage_step();
    run.state.book.judged.push((step, judged.loss, f64::NAN));
    let done = step.saturating_sub(1);
    let rate = run.settings.base_rate_at(done);
    run.scalar(&ch::LEARNING_RATE, rate);
    Ok(())
}

/// Judges and records the adapter as it stands.
pub(super) fn record(run: &mut Running<'_, '_, Config>) -> Result<(), RunError> {
    let shared = run.shared;
    let state = &mut *run.state;
    let Some(arm) = &state.arm else { return Ok(()) };
    let judged = shared.lessons.judge(&shared.model, &arm.weights, &mut state.live.memory);
    run.finite("the validation loss", judged.loss)?;
    run.scalar(&ch::LOSS.labelled(ch::VALIDATION, "validation"), judged.loss);
    if judged.accuracy.is_finite() {
        run.scalar(&ch::ACCURACY, judged.accuracy);
    }
    let step = run.stage_step();
    let rate = run.settings.rate_at(step.saturating_sub(1));
    run.scalar(&ch::LEARNING_RATE, rate);
    run.state.book.judged.push((step, judged.loss, judged.accuracy));
    matrices(run)
}

/// A layer's part of a vector as a matrix.
pub(super) fn dense(outputs: usize, inputs: usize, values: &[f32]) -> Found<Dense<f32>> {
    Ok(Dense::new(outputs, inputs, values.to_vec())?)
}

/// Why a diagnosis failed; numbers were checked before.
pub(super) fn defect(error: impl std::fmt::Display) -> RunError {
    RunError::Defect(error.to_string())
}

/// Relative changes of all matrices; share of the guide and condition, where there is one.
fn matrices(run: &mut Running<'_, '_, Config>) -> Result<(), RunError> {
    let state = &mut *run.state;
    let Some(arm) = &state.arm else { return Ok(()) };
    let base = &state.base.weights;
    let one = |(number, layer): (usize, &Layer)| -> Found<(f64, Option<(f64, f64)>)> {
        let weight = base.get(layer.place.clone()).unwrap_or_default();
        let weight = dense(layer.outputs, layer.inputs, weight)?;
        let delta = dense(layer.outputs, layer.inputs, &arm.delta_of(base, number))?;
        let size = diagnose::relative_size(&delta, &weight);
        let Kind::Bone(bone, _) = layer.kind else { return Ok((size, None)) };
        let own = arm.own.get(layer.own.clone()).unwrap_or_default().to_vec();
        let matrices = Dense::new(bone.matrices() * bone.block(), bone.block(), own)?;
        let guide = diagnose::guide_share(bone, &weight, &matrices)?;
        let worst = diagnose::conditions(bone, &matrices)?.into_iter().fold(0.0, f64::max);
        Ok((size, Some((guide.unwrap_or(f64::NAN), worst))))
    };
    let layers = &arm.adapters.layers;
    let found: Vec<_> = layers.par_iter().enumerate().map(one).collect::<Found<_>>().map_err(defect)?;
    let (mut relative, mut share, mut condition) = (Vec::new(), Vec::new(), Vec::new());
    for (layer, (size, guided)) in layers.iter().zip(found) {
        relative.push((layer.name.as_str(), size));
        if let Some((guide, worst)) = guided {
            share.push((layer.name.as_str(), guide));
            condition.push((layer.name.as_str(), worst));
        }
    }
    let context = &mut *run.context;
    context.components(&ch::RELATIVE, &relative);
    if !share.is_empty() {
        context.components(&ch::GUIDE, &share);
        context.components(&ch::CONDITION, &condition);
    }
    Ok(())
}

/// Cosine of two vectors over the adapted matrices; not-a-number where one of them is zero.
pub(super) fn cosine<'a>(pairs: impl Iterator<Item = (&'a f32, &'a f32)>) -> f64 {
    let (mut product, mut first, mut second) = (0.0_f64, 0.0_f64, 0.0_f64);
    for (a, b) in pairs {
        let (a, b) = (f64::from(*a), f64::from(*b));
        product += a * b;
        first += a * a;
        second += b * b;
    }
    let cosine = product / (first * second).sqrt();
    if cosine.is_finite() { cosine } else { f64::NAN }
}

/// Records directions at a step that was just made.
pub(super) fn directions(run: &mut Running<'_, '_, Config>, index: u64) {
    let state = &mut *run.state;
    let Some(arm) = &state.arm else { return };
    let (mut moved, mut downhill) = (Vec::new(), Vec::new());
    let (mut own, mut full) = (Vec::new(), Vec::new());
    let base = &state.base.weights;
    for (number, layer) in arm.adapters.layers.iter().enumerate() {
        let place = layer.place.clone();
        moved.extend(
            arm.weights[place.clone()].iter().zip(&arm.before[place.clone()]).map(|(now, was)| now - was),
        );
        downhill.extend(arm.gradient[place].iter().map(|slope| -slope));
        if let Some(beside) = &state.beside {
            own.extend(arm.delta_of(base, number));
            full.extend(beside.delta_of(base, number));
        }
    }
    let has_gradient = arm.adapters.length > 0;
    if has_gradient {
        let along = cosine(moved.iter().zip(&downhill));
        run.scalar(&ch::ALIGNMENT.labelled("gradient", "step with −gradient"), along);
        if index == 0 && along.is_finite() {
            super::book::early(run, &metrics::FIRST_STEP_COSINE, along);
        }
    }
    if !full.is_empty() {
        let along = cosine(own.iter().zip(&full));
        run.scalar(&ch::ALIGNMENT.labelled(ch::FULL, "ΔW with that of full"), along);
    }
}
