//! The stages of the aggregators: on all out-of-fold predictions, and for nested CV+ without each fold.

use std::time::Instant;

use super::assemble::{rows_without, stack, training_stack, without_fold};
use super::exclude::{self, not_finite};
use super::store::{Aggregated, Store};
use super::{Plan, fits, predictions, record, report};
use crate::base::{Matrix, Progress};
use crate::config::Config;
use crate::ensemble::{self, AggregateSettings, Aggregator, Combined, Found, Given, Validation};
use crate::names::Method;
use weightscope_frame::lab::Running;
use weightscope_frame::run::{Context, RunError};

/// What one fit is, for messages.
const FIT: &str = "aggregator";

/// Relative cost, to start the longest first.
fn cost(aggregator: Aggregator) -> f64 {
    match aggregator {
        Aggregator::LocalFine => 10.0,
        Aggregator::LocalMedium | Aggregator::LocalCoarse => 5.0,
        Aggregator::GlobalFine => 4.0,
        Aggregator::GlobalMedium | Aggregator::GlobalCoarse => 2.0,
        Aggregator::Qra | Aggregator::Fqra => 1.0,
        _ => 0.1,
    }
}

/// Fits each aggregator.
pub(super) fn all(run: &mut Running<'_, '_, Config>) -> Result<(), RunError> {
    let plan = Plan::of(run);
    let z = training_stack(&plan, run.state);
    let stacked = predictions::stacks(&plan, run.state);
    for (number, aggregated) in &run.state.aggregated {
        if let Some(aggregator) = plan.aggregators.get(*number) {
            // What was not finite was judged when it was fitted.
            let _ = publish(&plan, run.context, *aggregator, aggregated, &stacked);
        }
    }
    let settings = plan.aggregate_settings();
    let validation = validation(&plan, &stacked.validation);
    let given =
        Given { x: &plan.material.train.x, z: &z, y: &plan.material.train.y, validation: Some(validation) };
    let missing: Vec<(usize, Aggregator)> = plan
        .aggregators
        .iter()
        .copied()
        .enumerate()
        .filter(|(number, _)| !run.state.aggregated.contains_key(number))
        .collect();
    fits::each(
        run,
        FIT,
        &missing,
        |(_, aggregator)| cost(*aggregator),
        |(_, aggregator), progress| fit(&plan, *aggregator, &given, &settings, progress),
        |run, (_, aggregator), point| record::curve_point(run.context, Method::Joined(*aggregator), point),
        |run, (number, aggregator), fit| {
            let method = Method::Joined(*aggregator);
            match publish(&plan, run.context, *aggregator, &fit, &stacked) {
                Ok(score) => record::score(run.context, method, score),
                Err(why) => exclude::meet(&plan, run.state, run.context, method, &why)?,
            }
            run.state.aggregated.insert(*number, fit);
            report::publish(&plan, run.state, run.context);
            Ok(())
        },
    )?;
    exclude::leave_out(run)
}

/// The validation rows with these predictions of the base models.
fn validation<'a>(plan: &Plan<'a>, z: &'a [f32]) -> Validation<'a> {
    let rows = &plan.material.validation;
    Validation { x: &rows.x, z, y: &rows.y }
}

fn fit(
    plan: &Plan<'_>,
    aggregator: Aggregator,
    given: &Given<'_>,
    settings: &AggregateSettings,
    progress: Progress<'_>,
) -> Result<Aggregated, RunError> {
    let begun = Instant::now();
    let purpose = format!("aggregate/{}", aggregator.key());
    let origin = (plan.seed, purpose.as_str());
    let Found { combined, steps, trial } =
        ensemble::search(aggregator, given, settings, plan.trials(), origin, plan.device, progress)?;
    Ok(Aggregated { combined, steps, trial, seconds: begun.elapsed().as_secs_f64() })
}

/// Puts an aggregator's predictions and weights into the record; its validation score, or what is not finite.
fn publish(
    plan: &Plan<'_>,
    context: &mut Context<'_>,
    aggregator: Aggregator,
    aggregated: &Aggregated,
    stacked: &predictions::Stacks,
) -> Result<f64, String> {
    let material = plan.material;
    let predict = |x, z: &[f32]| aggregated.combined.predict(x, z, plan.levels.values(), plan.device);
    let test = predict(&material.test.x, &stacked.test);
    let calibration = predict(&material.calibration.x, &stacked.calibration);
    let validation = predict(&material.validation.x, &stacked.validation);
    let parts: [(&str, &[f32]); 3] =
        [("validation", &validation), ("calibration", &calibration), ("test", &test)];
    if let Some(why) = not_finite(&parts) {
        return Err(why);
    }
    record::predictions(context, plan, Method::Joined(aggregator), &test, &calibration);
    record::weights(context, plan, aggregator, &aggregated.combined);
    Ok(predictions::wis(plan, &validation, &material.validation.y))
}

/// The training rows outside a fold, with predictions of base models that saw neither that fold nor the row's own.
struct Outer {
    x: Matrix,
    z: Vec<f32>,
    y: Vec<f32>,
}

impl Outer {
    fn new(plan: &Plan<'_>, store: &Store, fold: usize) -> Self {
        let parts: Vec<Vec<f32>> =
            (0..plan.kinds.len()).map(|model| without_fold(plan, store, model, fold)).collect();
        let rows = rows_without(plan, &[fold]);
        Self {
            x: plan.material.train.x.select(&rows),
            z: stack(&parts.iter().map(Vec::as_slice).collect::<Vec<_>>(), plan.levels.len()),
            y: rows.iter().map(|row| plan.material.train.y[*row]).collect(),
        }
    }
}

/// An aggregator that is to be fitted without a fold.
struct Nested {
    number: usize,
    aggregator: Aggregator,
    fold: usize,
    /// With the settings that the search has found for it.
    settings: AggregateSettings,
}

/// Fits each aggregator without each fold.
pub(super) fn nested(run: &mut Running<'_, '_, Config>) -> Result<(), RunError> {
    let plan = Plan::of(run);
    let folds = plan.material.fold_count;
    let stacked = predictions::stacks(&plan, run.state);
    let settings = plan.aggregate_settings();
    let outer: Vec<Outer> = (0..folds).map(|fold| Outer::new(&plan, run.state, fold)).collect();
    let mut missing = Vec::new();
    for (number, aggregator) in plan.aggregators.iter().copied().enumerate() {
        let trial = run.state.aggregated.get(&number).and_then(|full| full.trial);
        let settings = trial.map_or_else(|| settings.clone(), |trial| trial.apply(&settings));
        for fold in (0..folds).filter(|fold| !run.state.nested.contains_key(&(number, *fold))) {
            missing.push(Nested { number, aggregator, fold, settings: settings.clone() });
        }
    }
    fits::each(
        run,
        FIT,
        &missing,
        |one| cost(one.aggregator),
        |one, progress| {
            let Outer { x, z, y } = &outer[one.fold];
            let given = Given { x, z, y, validation: Some(validation(&plan, &stacked.validation)) };
            let purpose = format!("aggregate/{}/without/{}", one.aggregator.key(), one.fold);
            let origin = (plan.seed, purpose.as_str());
            Ok(ensemble::fit(one.aggregator, &given, &one.settings, origin, plan.device, progress)?.0)
        },
        fits::unseen,
        |run, one, combined: Combined| {
            run.state.nested.insert((one.number, one.fold), combined);
            Ok(())
        },
    )?;
    exclude::leave_out(run)
}
