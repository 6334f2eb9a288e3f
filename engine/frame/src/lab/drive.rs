//! How a lab is carried out: begin or restore, the stages in order, the last checkpoint.

use super::{Lab, Running, Stage, Step, Steps, Work};
use crate::run::{Context, RunError};

/// Carries an experiment of a lab out, from its beginning or from the checkpoint that the context brings.
pub(super) fn drive<L: Lab>(settings: &L, context: &mut Context<'_>) -> Result<(), RunError> {
    context.declare();
    let (shared, mut state) = settings.begin(context)?;
    let stages = settings.stages(&shared);
    let plan: Vec<(&str, u64)> = stages.iter().map(|stage| (stage.name, stage.steps)).collect();
    context.plan(&plan);
    let mut run = Running { settings, shared: &shared, state: &mut state, context };
    let resumed = run.context.take_resumed();
    let (first, is_inside) = match &resumed {
        Some(saved) => {
            L::restore(&mut run, saved)?;
            (run.context.stage_in_work(), true)
        }
        None => (0, false),
    };
    for (index, stage) in stages.iter().enumerate().skip(first) {
        run.context.enter_stage(index);
        if let Some(enter) = stage.enter.filter(|_| !(is_inside && index == first)) {
            enter(&mut run)?;
        }
        match &stage.work {
            Work::Steps(steps) => train(&mut run, &stages, index, steps)?,
            Work::Whole(work) => work(&mut run)?,
        }
    }
    L::finish(&mut run)?;
    run.context.declared_all()?;
    run.checkpoint()
}

/// The steps of a training loop that are left.
fn train<L: Lab>(
    run: &mut Running<'_, '_, L>,
    stages: &[Stage<L>],
    index: usize,
    steps: &Steps<L>,
) -> Result<(), RunError> {
    let per_epoch = steps.per_epoch.max(1);
    let (before, count) = stages.split_at_checked(index).map_or((0, 0), |(before, rest)| {
        (before.iter().map(|stage| stage.steps).sum::<u64>(), rest.first().map_or(0, |stage| stage.steps))
    });
    let first_epoch = before / per_epoch;
    while run.stage_step() < count {
        let done = run.stage_step();
        let epoch = first_epoch + done / per_epoch;
        let batches = steps.batches.map(|batches| batches(run.settings, run.shared, epoch)).transpose()?;
        for place in done % per_epoch..per_epoch.min(count - (done - done % per_epoch)) {
            let rows = batches.as_ref().and_then(|batches| batches.batch(place as usize)).unwrap_or_default();
            let finished = first_epoch * per_epoch + run.stage_step() + 1;
            let step = Step { index: run.stage_step(), count, rows };
            run.begin_step(finished as f64 / per_epoch as f64)?;
            // Where nobody listens a span costs one load; the table of speeds listens.
            tracing::trace_span!("step").in_scope(|| (steps.step)(run, &step))?;
            rhythm(run, steps, count)?;
            run.end_step()?;
        }
    }
    if let Some((metric, speed)) = steps.speed.zip(run.stage_speed()) {
        run.result(metric, speed);
    }
    Ok(())
}

/// Records, takes pictures and evaluates where the step that was done is due for it.
fn rhythm<L: Lab>(run: &mut Running<'_, '_, L>, steps: &Steps<L>, count: u64) -> Result<(), RunError> {
    let done = run.stage_step();
    if let Some((_, record)) = steps.record.filter(|(every, _)| done.is_multiple_of((*every).max(1))) {
        record(run)?;
    }
    let is_due = |wanted: u64| done.is_multiple_of((count / wanted.max(1)).max(1));
    if let Some((_, picture)) = steps.pictures.filter(|(wanted, _)| is_due(*wanted)) {
        picture(run)?;
    }
    if let Some(evaluate) = steps.evaluate.filter(|_| done.is_multiple_of(steps.per_epoch.max(1))) {
        evaluate(run)?;
    }
    Ok(())
}
