//! The stages of the base models: full fits, fits without one fold, fits without two.

use std::time::Instant;

use super::assemble::{rows_of, rows_without};
use super::exclude::{self, not_finite};
use super::store::{Chosen, FoldFit, FullFit, Store};
use super::work::{Job, Keeper, carry_out};
use super::{Plan, predictions, report};
use crate::base::nets::Rows;
use crate::base::{Kind, News};
use crate::channels as ch;
use weightscope_frame::run::{Context, RunError};
use weightscope_frame::store::State;

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

/// Each base model on all training rows.
pub(super) fn full(plan: &Plan<'_>, store: &mut Store, context: &mut Context<'_>) -> Result<(), RunError> {
    let bench = plan.bench();
    let material = &plan.material;
    let mut jobs: Vec<(usize, f64, Job<'_, FullFit>)> = Vec::new();
    for (number, kind) in
        plan.kinds.iter().copied().enumerate().filter(|(number, _)| !store.full.contains_key(number))
    {
        let bench = &bench;
        jobs.push((
            number,
            cost(kind),
            Box::new(move |progress| {
                let begun = Instant::now();
                let rows = Rows { x: &material.train.x, y: &material.train.y };
                let validation = Rows { x: &material.validation.x, y: &material.validation.y };
                let (fitted, chosen, steps) = bench.choose(kind, rows, validation, progress)?;
                let seconds = begun.elapsed().as_secs_f64();
                let predict = |x| fitted.predict(x, bench.taus, bench.device);
                let (validation, calibration) =
                    (predict(&material.validation.x), predict(&material.calibration.x));
                let test = predict(&material.test.x);
                let predict_seconds = begun.elapsed().as_secs_f64() - seconds;
                Ok(FullFit { fitted, chosen, steps, validation, calibration, test, seconds, predict_seconds })
            }),
        ));
    }
    carry_out(context, jobs, &mut FullKeeper { plan, store })
}

struct FullKeeper<'a, 'p> {
    plan: &'a Plan<'p>,
    store: &'a mut Store,
}

impl Keeper<FullFit> for FullKeeper<'_, '_> {
    fn news(&mut self, context: &mut Context<'_>, job: usize, news: News) {
        if let Some(kind) = self.plan.kinds.get(job) {
            ch::curve_point(context, kind.key(), news);
        }
    }

    fn done(&mut self, context: &mut Context<'_>, job: usize, result: FullFit) -> Result<(), RunError> {
        let Some(kind) = self.plan.kinds.get(job) else { return Ok(()) };
        let name = kind.key();
        let parts: [(&str, &[f32]); 3] = [
            ("validation", &result.validation),
            ("calibration", &result.calibration),
            ("test", &result.test),
        ];
        if let Some(why) = not_finite(&parts) {
            exclude::meet(self.plan, self.store, context, ("base_models", name), &why)?;
        } else {
            let score = predictions::wis(self.plan, &result.validation, &self.plan.material.validation.y);
            ch::score(context, name, kind.label(), score);
            ch::predictions(context, self.plan, name, kind.label(), &result.test, &result.calibration);
        }
        self.store.full.insert(job, result);
        report::publish(self.plan, self.store, context);
        Ok(())
    }

    fn save(&self) -> State {
        self.store.to_state()
    }
}

/// One fit without some folds, with predictions for what it did not see.
fn without<'s>(
    plan: &'s Plan<'_>,
    kind: Kind,
    (chosen, steps): (Chosen, usize),
    folds: Vec<usize>,
    keep: bool,
) -> Job<'s, FoldFit> {
    Box::new(move |progress| {
        let material = &plan.material;
        let bench = plan.bench();
        let (seen, held_out) = (rows_without(plan, &folds), rows_of(plan, &folds));
        let x = material.train.x.select(&seen);
        let y: Vec<f32> = seen.iter().map(|row| material.train.y[*row]).collect();
        let names: Vec<String> = folds.iter().map(ToString::to_string).collect();
        let purpose = format!("base/{}/without/{}", kind.key(), names.join("+"));
        let steps = kind.is_net().then_some(steps.max(1));
        let rows = Rows { x: &x, y: &y };
        let begun = Instant::now();
        let (fitted, _) = bench.fit(kind, chosen, rows, None, steps, &purpose, progress)?;
        let seconds = begun.elapsed().as_secs_f64();
        let predict = |x| fitted.predict(x, bench.taus, bench.device);
        let unseen = material.train.x.select(&held_out);
        let held_out = predict(&unseen);
        let test = if keep { predict(&material.test.x) } else { Vec::new() };
        Ok(FoldFit { held_out, test, fitted: keep.then_some(fitted), seconds })
    })
}

/// Each base model without each fold.
pub(super) fn folds(plan: &Plan<'_>, store: &mut Store, context: &mut Context<'_>) -> Result<(), RunError> {
    let folds = plan.material.fold_count;
    let mut jobs = Vec::new();
    for (model, kind) in plan.kinds.iter().copied().enumerate() {
        let Some(full) = store.full.get(&model) else { continue };
        for fold in (0..folds).filter(|fold| !store.folds.contains_key(&(model, *fold))) {
            let settings = (full.chosen, full.steps);
            jobs.push((
                model * folds + fold,
                cost(kind),
                without(plan, kind, settings, vec![fold], plan.keeps_fold_models()),
            ));
        }
    }
    carry_out(context, jobs, &mut FoldKeeper { plan, store })
}

struct FoldKeeper<'a, 'p> {
    plan: &'a Plan<'p>,
    store: &'a mut Store,
}

impl Keeper<FoldFit> for FoldKeeper<'_, '_> {
    fn news(&mut self, _: &mut Context<'_>, _: usize, _: News) {}

    fn done(&mut self, context: &mut Context<'_>, job: usize, result: FoldFit) -> Result<(), RunError> {
        let (model, fold) = (job / self.plan.material.fold_count, job % self.plan.material.fold_count);
        let Some(kind) = self.plan.kinds.get(model) else { return Ok(()) };
        let rows = rows_of(self.plan, &[fold]);
        let y: Vec<f32> = rows.iter().map(|row| self.plan.material.train.y[*row]).collect();
        let parts: [(&str, &[f32]); 2] = [("out-of-fold", &result.held_out), ("test", &result.test)];
        if let Some(why) = not_finite(&parts) {
            exclude::meet(self.plan, self.store, context, ("base_models", kind.key()), &why)?;
        } else {
            let score = predictions::wis(self.plan, &result.held_out, &y);
            ch::fold_score(context, kind.key(), kind.label(), score);
        }
        self.store.folds.insert((model, fold), result);
        report::publish(self.plan, self.store, context);
        Ok(())
    }

    fn save(&self) -> State {
        self.store.to_state()
    }
}

/// All pairs of folds, in a fixed order.
pub(super) fn fold_pairs(folds: usize) -> Vec<(usize, usize)> {
    (0..folds).flat_map(|low| (low + 1..folds).map(move |high| (low, high))).collect()
}

/// Each base model without each pair of folds: leaving out {k, l} serves both outer folds.
pub(super) fn pairs(plan: &Plan<'_>, store: &mut Store, context: &mut Context<'_>) -> Result<(), RunError> {
    let pairs = fold_pairs(plan.material.fold_count);
    let mut jobs = Vec::new();
    for (model, kind) in plan.kinds.iter().copied().enumerate() {
        let Some(full) = store.full.get(&model) else { continue };
        for (index, (low, high)) in pairs.iter().copied().enumerate() {
            if !store.pairs.contains_key(&(model, low, high)) {
                let settings = (full.chosen, full.steps);
                jobs.push((
                    model * pairs.len() + index,
                    cost(kind),
                    without(plan, kind, settings, vec![low, high], false),
                ));
            }
        }
    }
    carry_out(context, jobs, &mut PairKeeper { plan, store, pairs })
}

struct PairKeeper<'a, 'p> {
    plan: &'a Plan<'p>,
    store: &'a mut Store,
    pairs: Vec<(usize, usize)>,
}

impl Keeper<FoldFit> for PairKeeper<'_, '_> {
    fn news(&mut self, _: &mut Context<'_>, _: usize, _: News) {}

    fn done(&mut self, context: &mut Context<'_>, job: usize, result: FoldFit) -> Result<(), RunError> {
        let (low, high) = self.pairs[job % self.pairs.len()];
        if let Some(kind) = self.plan.kinds.get(job / self.pairs.len())
            && let Some(why) = not_finite(&[("out-of-fold", &result.held_out)])
        {
            exclude::meet(self.plan, self.store, context, ("base_models", kind.key()), &why)?;
        }
        self.store.pairs.insert((job / self.pairs.len(), low, high), result);
        Ok(())
    }

    fn save(&self) -> State {
        self.store.to_state()
    }
}
