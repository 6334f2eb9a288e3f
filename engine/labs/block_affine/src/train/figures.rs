//! What the update looks like at the end, and what it did: the final figures.

use weightscope_frame::lab::Running;
use weightscope_frame::run::RunError;

use super::live::{cosine, defect, dense};
use super::{Finished, expressive, merging, samples, seeds};
use crate::adapt::Kind;
use crate::config::{Config, Task};
use crate::method::diagnose;
use crate::metrics;
use weightscope_math::linalg::Dense;

/// Steps whose training loss is averaged at the end.
const LAST: usize = 10;
/// Bytes of a mebibyte.
const MEBIBYTE: f64 = 1_048_576.0;

/// The stage.
pub(super) fn work(run: &mut Running<'_, '_, Config>) -> Result<(), RunError> {
    let epoch = run.step() as f64 + 1.0;
    run.begin_step(epoch)?;
    super::book::again(run);
    losses(run);
    if run.settings.task == Task::Pretrain {
        let shared = run.shared;
        let state = &mut *run.state;
        let judged = shared.lessons.judge(&shared.model, &state.base.weights, &mut state.live.memory);
        run.finite("the validation loss", judged.loss)?;
        run.result(&metrics::VALIDATION_LOSS, judged.loss);
        run.result(&metrics::TRAINABLE_PARAMETERS, shared.layout.len() as f64);
    } else {
        adapted(run)?;
    }
    samples::show(run)?;
    run.end_step()
}

/// Mean training losses.
fn losses(run: &mut Running<'_, '_, Config>) {
    let book = &run.state.book;
    let losses = if run.settings.adapts() { &book.losses } else { &book.base_losses };
    let mean = |part: &[f64]| part.iter().sum::<f64>() / part.len().max(1) as f64;
    let last = mean(losses.get(losses.len().saturating_sub(LAST)..).unwrap_or_default());
    // Steps 45 to 55, counted from 1.
    let middle = losses.get(44..55).map(mean);
    run.result(&metrics::TRAIN_LOSS, last);
    if let Some(middle) = middle {
        run.result(&metrics::TRAIN_LOSS_50, middle);
    }
}

fn adapted(run: &mut Running<'_, '_, Config>) -> Result<(), RunError> {
    let (config, shared) = (run.settings, run.shared);
    let state = &mut *run.state;
    let Some(arm) = &state.arm else { return Ok(()) };
    let judged = shared.lessons.judge(&shared.model, &arm.weights, &mut state.live.memory);
    let old = shared.lessons.old_text(&shared.model, &arm.weights, &mut state.live.memory);
    let forgetting = old - state.book.old_text_before;
    run.finite("the validation loss", judged.loss)?;
    let book = &run.state.book;
    let smallest = book.judged.iter().map(|(_, loss, _)| *loss).fold(judged.loss, f64::min);
    let own = Finished {
        seed: shared.seed,
        accuracy: judged.accuracy,
        accuracy_before: book.accuracy_before,
        base_accuracy: book.base_accuracy,
        loss: judged.loss,
        loss_before: book.before,
        smallest,
        gradient_norm: f64::NAN,
    };
    if config.is_language() {
        run.result(&metrics::VALIDATION_LOSS, judged.loss);
        run.result(&metrics::SELECTION_LOSS, judged.selection);
        run.result(&metrics::REPORT_LOSS, judged.report);
        if forgetting.is_finite() {
            run.result(&metrics::FORGETTING, forgetting);
        }
    } else {
        tables(run, own);
    }
    update(run)?;
    let batch =
        shared.lessons.batch(config, &mut weightscope_math::stream(shared.seed, "windows that are compared"));
    merging::measure(run, &batch)?;
    expressive::show(run)?;
    machine(run);
    Ok(())
}

/// Means over the networks of the small tasks.
fn tables(run: &mut Running<'_, '_, Config>, own: Finished) {
    let all = seeds::all(run, own);
    let mean = |of: fn(&Finished) -> f64| all.iter().map(of).sum::<f64>() / all.len() as f64;
    let smallest = mean(|one| one.smallest);
    run.result(&metrics::VALIDATION_LOSS, mean(|one| one.loss));
    run.result(&metrics::SELECTION_LOSS, mean(|one| one.loss));
    run.result(&metrics::REPORT_LOSS, mean(|one| one.loss));
    run.result(&metrics::SMALLEST_VALIDATION_LOSS, smallest);
    if all.len() > 1 {
        let square: f64 = all.iter().map(|one| (one.smallest - smallest).powi(2)).sum();
        let spread = (square / (all.len() - 1) as f64).sqrt();
        run.result(&metrics::SMALLEST_VALIDATION_LOSS_SPREAD, spread);
    }
    let accuracy = mean(|one| one.accuracy);
    if accuracy.is_finite() {
        run.result(&metrics::TEST_ACCURACY, accuracy);
        run.result(&metrics::TEST_ACCURACY_BEFORE, mean(|one| one.accuracy_before));
        run.result(&metrics::BASE_ACCURACY, mean(|one| one.base_accuracy));
    }
}

/// Size, ranks, guide and direction of the update.
fn update(run: &mut Running<'_, '_, Config>) -> Result<(), RunError> {
    let state = &*run.state;
    let Some(arm) = &state.arm else { return Ok(()) };
    let base = &state.base.weights;
    let (mut effective, mut stable, mut guide) = (Vec::new(), Vec::new(), Vec::new());
    let (mut moved, mut whole) = (0.0, 0.0);
    let (mut own, mut full) = (Vec::new(), Vec::new());
    for (number, layer) in arm.adapters.layers.iter().enumerate() {
        run.context.check()?;
        let values = arm.delta_of(base, number);
        let delta = dense(layer.outputs, layer.inputs, &values).map_err(defect)?;
        let weight = dense(layer.outputs, layer.inputs, base.get(layer.place.clone()).unwrap_or_default());
        let weight = weight.map_err(defect)?;
        (moved, whole) = (moved + delta.norm().powi(2), whole + weight.norm().powi(2));
        let spectrum = diagnose::spectrum(&delta).map_err(defect)?;
        effective.extend(spectrum.effective_rank);
        stable.extend(spectrum.stable_rank);
        if let Kind::Bone(bone, _) = layer.kind {
            let matrices = arm.own.get(layer.own.clone()).unwrap_or_default().to_vec();
            let matrices =
                Dense::new(bone.matrices() * bone.block(), bone.block(), matrices).map_err(defect)?;
            guide.extend(diagnose::guide_share(bone, &weight, &matrices).map_err(defect)?);
        }
        if let Some(beside) = &state.beside {
            full.extend(beside.delta_of(base, number));
        }
        own.extend(values);
    }
    let along = cosine(own.iter().zip(&full));
    let mean = |list: &[f64]| list.iter().sum::<f64>() / list.len() as f64;
    let found = [
        (&metrics::RELATIVE_CHANGE, (moved / whole).sqrt()),
        (&metrics::EFFECTIVE_RANK, mean(&effective)),
        (&metrics::STABLE_RANK, mean(&stable)),
        (&metrics::GUIDE_SHARE, mean(&guide)),
        (&metrics::FULL_COSINE, if full.is_empty() { f64::NAN } else { along }),
    ];
    for (metric, value) in found {
        if value.is_finite() {
            run.result(metric, value);
        }
    }
    Ok(())
}

/// Seconds and memory.
fn machine(run: &mut Running<'_, '_, Config>) {
    let live = &run.state.live;
    let seconds = live.step_seconds / live.steps.max(1) as f64;
    let bytes = run.state.arm.as_ref().map_or(0, super::Arm::bytes) + run.state.base.weights.len() * 4;
    if seconds > 0.0 {
        run.result(&metrics::STEP_SECONDS, seconds);
        run.result(&metrics::STEPS_PER_SECOND, 1.0 / seconds);
    }
    run.result(&metrics::PEAK_MEBIBYTES, bytes as f64 / MEBIBYTE);
}
