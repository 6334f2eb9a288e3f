//! Further networks of the small tasks, each from its own seed, as jobs on all workers.

use weightscope_frame::lab::Running;
use weightscope_frame::record::{Cell, Table};
use weightscope_frame::run::{Jobs, News, RunError};
use weightscope_math::stream;

use super::arm::Arm;
use super::lessons::Lessons;
use super::{Finished, Shared, Trainee, Walk, start};
use crate::adapt::Adapters;
use crate::base::Architecture;
use crate::channels as ch;
use crate::compute::model::Memory;
use crate::config::Config;

/// One network from its seed to its end.
fn one(
    config: &Config,
    shared: &Shared,
    seed: u64,
    check: &dyn Fn() -> Result<(), RunError>,
) -> Result<Finished, RunError> {
    let lessons = Lessons::new(&shared.material, seed)?;
    let weights = Architecture::start(&shared.layout, &mut stream(seed, "weights of the base"));
    let mut base = Trainee::new(config, weights, seed);
    let (mut gradient, mut memory) = (Vec::new(), Memory::default());
    for step in 0..config.steps_of_base() {
        check()?;
        base.step(config, &shared.model, &lessons, step, &mut gradient, &mut memory);
    }
    let adapters = Adapters::new(config, &shared.architecture, &shared.layout)
        .map_err(|refused| RunError::Defect(refused.error.to_string()))?;
    let mut arm = Arm::new(adapters, &base.weights);
    start::begin_arm(config, (&shared.model, &lessons), &mut arm, &base.weights, seed)?;
    let before = lessons.judge(&shared.model, &base.weights, &mut memory);
    let mut windows = Walk(stream(seed, "windows"));
    let mut finished = Finished {
        seed,
        accuracy_before: before.accuracy,
        base_accuracy: lessons.base_accuracy(&shared.model, &base.weights, &mut memory),
        loss_before: before.loss,
        smallest: before.loss,
        accuracy: before.accuracy,
        loss: before.loss,
        gradient_norm: f64::NAN,
    };
    for step in 0..config.steps {
        check()?;
        let batch = lessons.batch(config, &mut windows.0);
        if step == 0 {
            arm.slope(&shared.model, &base.weights, batch.as_batch(), None);
            finished.gradient_norm = start::norm_of(&arm.slopes);
        }
        let dropping = (config.dropout > 0.0 && config.method.may_drop())
            .then(|| (config.dropout as f32, seed.wrapping_mul(1_000_003).wrapping_add(step)));
        let loss = arm.step(&shared.model, &base.weights, batch.as_batch(), config.rate_at(step), dropping);
        if !loss.is_finite() {
            let what = format!("the training loss of seed {seed}");
            return Err(RunError::Diverged { what, step: step + 1, stage: super::REPEATS.to_owned() });
        }
        if (step + 1).is_multiple_of(config.record_every.max(1)) || step + 1 == config.steps {
            let judged = lessons.judge(&shared.model, &arm.weights, &mut memory);
            finished.smallest = finished.smallest.min(judged.loss);
            (finished.loss, finished.accuracy) = (judged.loss, judged.accuracy);
        }
    }
    Ok(finished)
}

/// The networks that are not done, behind the run's own.
pub(super) fn others(run: &mut Running<'_, '_, Config>) -> Result<(), RunError> {
    let (config, shared) = (run.settings, run.shared);
    let done = run.state.finished.len();
    let total = (config.repeats as usize - 1).saturating_sub(done);
    run.jobs::<Finished, ()>(
        &Jobs::new("network", total),
        |number, job| {
            let seed = shared.seed.wrapping_add((done + number + 1) as u64);
            one(config, shared, seed, &|| job.check())
        },
        |run, news| {
            if let News::Next(number, finished) = news {
                run.begin_step((done + number + 2) as f64)?;
                run.state.finished.push(finished);
                run.end_step()?;
            }
            Ok(())
        },
    )
}

/// The run's own network with the others.
pub(super) fn all(run: &mut Running<'_, '_, Config>, own: Finished) -> Vec<Finished> {
    let all: Vec<Finished> = std::iter::once(own).chain(run.state.finished.iter().cloned()).collect();
    let columns = [
        "seed",
        "base accuracy",
        "accuracy before",
        "accuracy",
        "loss before (nat)",
        "loss (nat)",
        "smallest loss (nat)",
        "gradient norm",
    ];
    let row = |one: &Finished| {
        let numbers = [
            one.seed as f64,
            one.base_accuracy,
            one.accuracy_before,
            one.accuracy,
            one.loss_before,
            one.loss,
            one.smallest,
            one.gradient_norm,
        ];
        numbers.map(Cell::Number).to_vec()
    };
    let table = Table { columns: columns.map(str::to_owned).to_vec(), rows: all.iter().map(row).collect() };
    run.show_only(&ch::SEEDS, table);
    all
}
