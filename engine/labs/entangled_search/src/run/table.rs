//! The table of truth: every architecture trained from scratch, one job for each architecture and seed.

use std::time::Instant;

use weightscope_frame::run::{Jobs, News, RunError};
use weightscope_math::stream;

use super::{Run, Shared, defect, tables};
use crate::channels as ch;
use crate::config::Config;
use crate::method::score::score;
use crate::method::space::Mixing;
use crate::method::train;
use crate::truth::{Known, Truth};

/// Test accuracy of an architecture that is trained from scratch on training and architecture rows. All architectures of a seed see the rows in
/// one order.
pub(super) fn training(
    config: &Config,
    shared: &Shared,
    known: &Known,
    seed: u64,
    check: &dyn Fn() -> Result<(), RunError>,
) -> Result<f64, RunError> {
    let mut weights = stream(seed, &format!("table/weights/{}", known.name));
    let mut order = stream(seed, "table/order");
    let (mut held, space) = (Ok(()), &*shared.space);
    let tensors = train::train(
        space,
        &known.picks,
        config.table_recipe(),
        None,
        shared.material.both.batch(),
        (&mut weights, &mut order),
        |_| {
            held = check();
            held.is_ok()
        },
    )
    .map_err(defect)?;
    held?;
    let found = score(space, Mixing::Alone, &tensors, &[], &known.picks, shared.material.test.batch());
    let found = found.map_err(defect)?;
    if found.loss.is_finite() {
        return Ok(found.accuracy);
    }
    let what = format!("the test loss of architecture {} with seed {seed}", known.name);
    Err(RunError::Diverged {
        what,
        step: config.table_recipe().steps(shared.material.both.labels.len()) as u64,
        stage: super::TABLE.to_owned(),
    })
}

/// Trains what is not trained yet, seed by seed, or takes it from the runs that made the parts; the table stands when all are there.
pub(super) fn train(run: &mut Run<'_, '_>) -> Result<(), RunError> {
    let (config, shared, seed) = (run.settings, run.shared, run.context.seed);
    let (each, done) = (shared.part.len(), run.state.trained.len());
    let total = (each * config.table_seeds as usize).saturating_sub(done);
    let job = |number: usize| {
        let place = done + number;
        let known = shared.part.get(place % each.max(1)).and_then(|known| shared.known.get(*known));
        (known, seed.wrapping_add((place / each.max(1)) as u64))
    };
    run.jobs::<(f64, f64), ()>(
        &Jobs::new("architecture", total),
        |number, hand| {
            if let Some(joined) = &shared.joined {
                hand.check()?;
                return joined.training(done + number);
            }
            let (Some(known), seed) = job(number) else {
                return Err(RunError::Defect("an architecture of the table is missing".to_owned()));
            };
            let began = Instant::now();
            let accuracy = training(config, shared, known, seed, &|| hand.check())?;
            Ok((accuracy, began.elapsed().as_secs_f64()))
        },
        |run, news| {
            let News::Next(number, (accuracy, seconds)) = news else { return Ok(()) };
            let place = done + number;
            run.begin_step((place / each.max(1)) as f64 + 1.0)?;
            run.scalar(&ch::TABLE_ACCURACY, accuracy);
            run.state.trained.push(accuracy);
            run.state.table_seconds += seconds;
            if (place + 1).is_multiple_of(each.max(1)) {
                stand(run);
                tables::enter(run)?;
                super::results::report(run)?;
            }
            run.end_step()
        },
    )
}

/// Makes the table of the seeds that are done.
fn stand(run: &mut Run<'_, '_>) {
    let (shared, each) = (run.shared, run.shared.part.len());
    let of = |place: usize| -> Vec<f64> {
        run.state.trained.iter().skip(place).step_by(each.max(1)).copied().collect()
    };
    let seeds: Vec<Vec<f64>> = (0..each).map(of).collect();
    let known: Vec<Known> =
        shared.part.iter().filter_map(|place| shared.known.get(*place)).cloned().collect();
    let missing = shared.known.len() - known.len();
    run.state.truth = Some(Truth { missing, ..Truth::of(&*shared.space, &known, &seeds) });
}

/// A table that is there already.
pub(super) fn show(run: &mut Run<'_, '_>) -> Result<(), RunError> {
    if run.stage_step() > 0 {
        return Ok(());
    }
    run.begin_step(0.0)?;
    tables::enter(run)?;
    run.end_step()
}
