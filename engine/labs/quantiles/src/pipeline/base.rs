//! The stages of the base models: full fits, fits without one fold, fits without two.

use std::time::Instant;

use super::assemble::{rows_of, rows_without};
use super::exclude::{self, not_finite};
use super::fitting::Bench;
use super::store::{Chosen, FoldFit, FullFit, Store};
use super::{Plan, fits, predictions, record, report, reuse};
use crate::base::nets::Rows;
use crate::base::{Kind, Progress};
use crate::config::Config;
use crate::names::Method;
use weightscope_frame::lab::Running;
use weightscope_frame::run::{Context, RunError};

/// What one fit is, for messages.
const FIT: &str = "base model";

/// Relative cost of a fit, to start the longest first.
fn cost(kind: Kind) -> f64 {
    match kind {
        Kind::SimultaneousQuantile => 5.0,
        Kind::JointQuantile => 4.5,
        Kind::ConditionalGaussian => 4.0,
        Kind::Boosting => 2.0,
        Kind::RandomForest | Kind::ExtraTrees => 1.0,
        Kind::Linear => 0.5,
        Kind::Knn => 0.1,
    }
}

/// A base model by its number among those of the run.
type Numbered = (usize, Kind);

/// The base models of the run with their numbers.
fn numbered(plan: &Plan<'_>) -> impl Iterator<Item = Numbered> {
    plan.kinds.iter().copied().enumerate()
}

/// Each base model on all training rows.
pub(super) fn full(run: &mut Running<'_, '_, Config>) -> Result<(), RunError> {
    reuse::show_again(run)?;
    let plan = Plan::of(run);
    let bench = plan.bench();
    let missing: Vec<Numbered> =
        numbered(&plan).filter(|(number, _)| !run.state.full.contains_key(number)).collect();
    fits::each(
        run,
        FIT,
        &missing,
        |(_, kind)| cost(*kind),
        |(_, kind), progress| full_fit(&plan, &bench, *kind, progress),
        |run, (_, kind), point| record::curve_point(run.context, Method::Base(*kind), point),
        |run, (number, kind), fit| {
            take_full(&plan, run.state, run.context, *kind, &fit)?;
            run.state.full.insert(*number, fit);
            report::publish(&plan, run.state, run.context);
            Ok(())
        },
    )?;
    exclude::leave_out(run)
}

fn full_fit(
    plan: &Plan<'_>,
    bench: &Bench<'_>,
    kind: Kind,
    progress: Progress<'_>,
) -> Result<FullFit, RunError> {
    let material = plan.material;
    let begun = Instant::now();
    let rows = Rows { x: &material.train.x, y: &material.train.y };
    let validation = Rows { x: &material.validation.x, y: &material.validation.y };
    let (fitted, chosen, steps) = bench.choose(kind, rows, validation, progress)?;
    let seconds = begun.elapsed().as_secs_f64();
    let predict = |x| fitted.predict(x, bench.taus, bench.device);
    let (validation, calibration) = (predict(&material.validation.x), predict(&material.calibration.x));
    let test = predict(&material.test.x);
    let predict_seconds = begun.elapsed().as_secs_f64() - seconds;
    Ok(FullFit { fitted, chosen, steps, validation, calibration, test, seconds, predict_seconds })
}

fn take_full(
    plan: &Plan<'_>,
    store: &mut Store,
    context: &mut Context<'_>,
    kind: Kind,
    fit: &FullFit,
) -> Result<(), RunError> {
    let method = Method::Base(kind);
    let parts: [(&str, &[f32]); 3] =
        [("validation", &fit.validation), ("calibration", &fit.calibration), ("test", &fit.test)];
    if let Some(why) = not_finite(&parts) {
        return exclude::meet(plan, store, context, method, &why);
    }
    record::score(context, method, predictions::wis(plan, &fit.validation, &plan.material.validation.y));
    record::predictions(context, plan, method, &fit.test, &fit.calibration);
    Ok(())
}

/// A fit without some folds that is to be done.
struct Without {
    model: usize,
    kind: Kind,
    /// Settings of the fit on all training rows.
    chosen: Chosen,
    /// Steps of its best state.
    steps: usize,
    /// The folds that it does not see, in ascending order.
    folds: Vec<usize>,
    /// Whether the model is kept, with its predictions for test rows.
    keep: bool,
}

impl Without {
    /// The fit of a base model without these folds; `None` without one on all training rows, whose settings it takes over.
    fn new(store: &Store, (model, kind): Numbered, folds: Vec<usize>, keep: bool) -> Option<Self> {
        let full = store.full.get(&model)?;
        Some(Self { model, kind, chosen: full.chosen, steps: full.steps, folds, keep })
    }

    /// Fits, and predicts what the fit did not see.
    fn fit(&self, plan: &Plan<'_>, progress: Progress<'_>) -> Result<FoldFit, RunError> {
        let Self { kind, chosen, steps, folds, keep, .. } = self;
        let material = plan.material;
        let bench = plan.bench();
        let (seen, held_out) = (rows_without(plan, folds), rows_of(plan, folds));
        let x = material.train.x.select(&seen);
        let y: Vec<f32> = seen.iter().map(|row| material.train.y[*row]).collect();
        let names: Vec<String> = folds.iter().map(ToString::to_string).collect();
        let purpose = format!("base/{}/without/{}", kind.key(), names.join("+"));
        let steps = kind.is_net().then_some((*steps).max(1));
        let rows = Rows { x: &x, y: &y };
        let begun = Instant::now();
        let (fitted, _) = bench.fit(*kind, *chosen, rows, None, steps, &purpose, progress)?;
        let seconds = begun.elapsed().as_secs_f64();
        let predict = |x| fitted.predict(x, bench.taus, bench.device);
        let unseen = material.train.x.select(&held_out);
        let held_out = predict(&unseen);
        let test = if *keep { predict(&material.test.x) } else { Vec::new() };
        Ok(FoldFit { held_out, test, fitted: keep.then_some(fitted), seconds })
    }
}

/// Each base model without each fold.
pub(super) fn folds(run: &mut Running<'_, '_, Config>) -> Result<(), RunError> {
    let plan = Plan::of(run);
    let keep = plan.config.keeps_fold_models();
    let store = &*run.state;
    let is_missing = |model: usize, fold: usize| !store.folds.contains_key(&(model, fold));
    let of_model = |one: Numbered| {
        let folds = (0..plan.material.fold_count).filter(move |fold| is_missing(one.0, *fold));
        folds.filter_map(move |fold| Without::new(store, one, vec![fold], keep))
    };
    let missing: Vec<Without> = numbered(&plan).flat_map(of_model).collect();
    fits::each(
        run,
        FIT,
        &missing,
        |without| cost(without.kind),
        |without, progress| without.fit(&plan, progress),
        fits::unseen,
        |run, without, fit| take_fold(&plan, run.state, run.context, without, fit),
    )?;
    exclude::leave_out(run)
}

fn take_fold(
    plan: &Plan<'_>,
    store: &mut Store,
    context: &mut Context<'_>,
    without: &Without,
    fit: FoldFit,
) -> Result<(), RunError> {
    let parts: [(&str, &[f32]); 2] = [("out-of-fold", &fit.held_out), ("test", &fit.test)];
    if let Some(why) = not_finite(&parts) {
        exclude::meet(plan, store, context, Method::Base(without.kind), &why)?;
    } else {
        let rows = rows_of(plan, &without.folds);
        let y: Vec<f32> = rows.iter().map(|row| plan.material.train.y[*row]).collect();
        record::fold_score(context, without.kind, predictions::wis(plan, &fit.held_out, &y));
    }
    if let [fold] = without.folds.as_slice() {
        store.folds.insert((without.model, *fold), fit);
    }
    report::publish(plan, store, context);
    Ok(())
}

/// Each base model without each pair of folds: leaving out {k, l} serves both outer folds.
pub(super) fn pairs(run: &mut Running<'_, '_, Config>) -> Result<(), RunError> {
    let plan = Plan::of(run);
    let folds = plan.material.fold_count;
    let all: Vec<(usize, usize)> =
        (0..folds).flat_map(|low| (low + 1..folds).map(move |high| (low, high))).collect();
    let store = &*run.state;
    let of_model = |one: Numbered| {
        let missing = all.iter().filter(move |(low, high)| !store.pairs.contains_key(&(one.0, *low, *high)));
        missing.filter_map(move |(low, high)| Without::new(store, one, vec![*low, *high], false))
    };
    let missing: Vec<Without> = numbered(&plan).flat_map(of_model).collect();
    fits::each(
        run,
        FIT,
        &missing,
        |without| cost(without.kind),
        |without, progress| without.fit(&plan, progress),
        fits::unseen,
        |run, without, fit| {
            if let Some(why) = not_finite(&[("out-of-fold", &fit.held_out)]) {
                exclude::meet(&plan, run.state, run.context, Method::Base(without.kind), &why)?;
            }
            if let [low, high] = without.folds.as_slice() {
                run.state.pairs.insert((without.model, *low, *high), fit);
            }
            Ok(())
        },
    )?;
    exclude::leave_out(run)
}
