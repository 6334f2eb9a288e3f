//! The stages of the aggregators: on all out-of-fold predictions, and for nested CV+ without each fold.

use std::time::Instant;

use super::assemble::{rows_without, stack, training_stack, without_fold};
use super::exclude::{self, not_finite};
use super::store::{Aggregated, Store};
use super::work::{Job, Keeper, carry_out};
use super::{Plan, predictions, report};
use crate::base::News;
use crate::channels as ch;
use crate::ensemble::{self, Aggregator, Combined, Found, Given};
use weightscope_frame::run::{Context, RunError};
use weightscope_frame::store::State;

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
pub(super) fn all(plan: &Plan<'_>, store: &mut Store, context: &mut Context<'_>) -> Result<(), RunError> {
    let m = plan.levels.len();
    let material = &plan.material;
    let z = training_stack(plan, store);
    let stacked = predictions::stacks(plan, store);
    for (number, aggregated) in &store.aggregated {
        // What was not finite was judged when it was fitted.
        let _ = publish(plan, context, *number, aggregated, &stacked);
    }
    let settings = plan.aggregate_settings();
    let given = Given {
        x: &material.train.x,
        z: &z,
        y: &material.train.y,
        validation: Some(ensemble::Validation {
            x: &material.validation.x,
            z: &stacked.validation,
            y: &material.validation.y,
        }),
    };
    debug_assert_eq!(z.len(), material.train.y.len() * plan.kinds.len() * m, "a stack for each training row");
    let mut jobs: Vec<(usize, f64, Job<'_, Aggregated>)> = Vec::new();
    for (number, aggregator) in plan.aggregators.iter().copied().enumerate() {
        if store.aggregated.contains_key(&number) {
            continue;
        }
        let (given, settings) = (&given, &settings);
        jobs.push((
            number,
            cost(aggregator),
            Box::new(move |progress| {
                let begun = Instant::now();
                let purpose = format!("aggregate/{}", aggregator.key());
                let Found { combined, steps, trial } = ensemble::search(
                    aggregator,
                    given,
                    settings,
                    plan.trials(),
                    (plan.seed, &purpose),
                    &plan.device,
                    progress,
                )?;
                Ok(Aggregated { combined, steps, trial, seconds: begun.elapsed().as_secs_f64() })
            }),
        ));
    }
    carry_out(context, jobs, &mut AggregateKeeper { plan, store, stacked: &stacked })
}

struct AggregateKeeper<'a, 'p> {
    plan: &'a Plan<'p>,
    store: &'a mut Store,
    stacked: &'a predictions::Stacks,
}

impl Keeper<Aggregated> for AggregateKeeper<'_, '_> {
    fn news(&mut self, context: &mut Context<'_>, job: usize, news: News) {
        if let Some(aggregator) = self.plan.aggregators.get(job) {
            ch::curve_point(context, aggregator.key(), news);
        }
    }

    fn done(&mut self, context: &mut Context<'_>, job: usize, result: Aggregated) -> Result<(), RunError> {
        let Some(aggregator) = self.plan.aggregators.get(job) else { return Ok(()) };
        match publish(self.plan, context, job, &result, self.stacked) {
            Ok(score) => ch::score(context, aggregator.key(), aggregator.label(), score),
            Err(why) => {
                let who = ("aggregators", aggregator.key());
                exclude::meet(self.plan, self.store, context, who, &why)?;
            }
        }
        self.store.aggregated.insert(job, result);
        report::publish(self.plan, self.store, context);
        Ok(())
    }

    fn save(&self) -> State {
        self.store.to_state()
    }
}

/// Puts an aggregator's predictions and weights into the record; its validation score, or what is not finite.
fn publish(
    plan: &Plan<'_>,
    context: &mut Context<'_>,
    number: usize,
    aggregated: &Aggregated,
    stacked: &predictions::Stacks,
) -> Result<f64, String> {
    let Some(aggregator) = plan.aggregators.get(number) else { return Ok(f64::NAN) };
    let material = &plan.material;
    let predict = |x, z: &[f32]| aggregated.combined.predict(x, z, plan.levels.values(), &plan.device);
    let test = predict(&material.test.x, &stacked.test);
    let calibration = predict(&material.calibration.x, &stacked.calibration);
    let validation = predict(&material.validation.x, &stacked.validation);
    let parts: [(&str, &[f32]); 3] =
        [("validation", &validation), ("calibration", &calibration), ("test", &test)];
    if let Some(why) = not_finite(&parts) {
        return Err(why);
    }
    ch::predictions(context, plan, aggregator.key(), aggregator.label(), &test, &calibration);
    ch::weights(context, plan, *aggregator, &aggregated.combined);
    Ok(predictions::wis(plan, &validation, &material.validation.y))
}

/// Fits each aggregator without each fold, on predictions of base models that saw neither that fold nor the row's own.
pub(super) fn nested(plan: &Plan<'_>, store: &mut Store, context: &mut Context<'_>) -> Result<(), RunError> {
    let m = plan.levels.len();
    let material = &plan.material;
    let folds = material.fold_count;
    let validation = predictions::stacks(plan, store).validation;
    let settings = plan.aggregate_settings();
    let outer: Vec<_> = (0..folds)
        .map(|fold| {
            let parts: Vec<Vec<f32>> =
                (0..plan.kinds.len()).map(|model| without_fold(plan, store, model, fold)).collect();
            let z = stack(&parts.iter().map(Vec::as_slice).collect::<Vec<_>>(), m);
            let rows = rows_without(plan, &[fold]);
            let y: Vec<f32> = rows.iter().map(|row| material.train.y[*row]).collect();
            (material.train.x.select(&rows), z, y)
        })
        .collect();
    let mut jobs: Vec<(usize, f64, Job<'_, Combined>)> = Vec::new();
    for (number, aggregator) in plan.aggregators.iter().copied().enumerate() {
        for (fold, (x, z, y)) in outer.iter().enumerate() {
            if store.nested.contains_key(&(number, fold)) {
                continue;
            }
            let trial = store.aggregated.get(&number).and_then(|full| full.trial);
            let settings = trial.map_or_else(|| settings.clone(), |trial| trial.apply(&settings));
            let validation = &validation;
            jobs.push((
                number * folds + fold,
                cost(aggregator),
                Box::new(move |progress| {
                    let rows = ensemble::Validation {
                        x: &material.validation.x,
                        z: validation,
                        y: &material.validation.y,
                    };
                    let given = Given { x, z, y, validation: Some(rows) };
                    let purpose = format!("aggregate/{}/without/{fold}", aggregator.key());
                    let origin = (plan.seed, purpose.as_str());
                    Ok(ensemble::fit(aggregator, &given, &settings, origin, &plan.device, progress)?.0)
                }),
            ));
        }
    }
    carry_out(context, jobs, &mut NestedKeeper { store, folds })
}

struct NestedKeeper<'a> {
    store: &'a mut Store,
    folds: usize,
}

impl Keeper<Combined> for NestedKeeper<'_> {
    fn news(&mut self, _: &mut Context<'_>, _: usize, _: News) {}

    fn done(&mut self, _: &mut Context<'_>, job: usize, result: Combined) -> Result<(), RunError> {
        self.store.nested.insert((job / self.folds, job % self.folds), result);
        Ok(())
    }

    fn save(&self) -> State {
        self.store.to_state()
    }
}
