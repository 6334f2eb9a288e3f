//! Models whose predictions are not finite: the run ends with their name, or leaves them out on request.
//!
//! Contract: a model is left out whole, at the end of the stage in which it was met; everything after it is what a run without that
//! model would have come to.

use super::store::Store;
use super::{Plan, plan_steps, record, reuse};
use crate::config::{Config, NonFinite};
use crate::names::Method;
use weightscope_frame::experiment::Problem;
use weightscope_frame::lab::Running;
use weightscope_frame::run::{Context, RunError};

/// The first of these predictions that hold a number that is not finite: what they are for, and how many of how many.
pub(super) fn not_finite(parts: &[(&'static str, &[f32])]) -> Option<String> {
    parts.iter().find_map(|(name, values)| {
        let count = values.iter().filter(|value| !value.is_finite()).count();
        (count > 0).then(|| format!("{count} of {} predictions for {name} rows are not finite", values.len()))
    })
}

/// Ends the run, or notes that a model is to be left out.
pub(super) fn meet(
    plan: &Plan<'_>,
    store: &mut Store,
    context: &mut Context<'_>,
    method: Method,
    why: &str,
) -> Result<(), RunError> {
    let word = method.key();
    if plan.config.non_finite == NonFinite::Refuse {
        let key = match method {
            Method::Base(_) => "base_models",
            Method::Joined(_) => "aggregators",
        };
        let problem = Problem::error(key, format!("{word}: {why}"));
        let allowed = format!("{key} without {word}, or non_finite = \"exclude\"");
        return Err(RunError::Problems(vec![problem.allowing(allowed)]));
    }
    if !store.excludes(method) {
        let lost = if plan.config.relative_to == method { "; nothing is relative to it" } else { "" };
        context.warn(&format!("{word} is left out: {why}{lost}"));
        store.excluded.push((method, why.to_owned()));
    }
    Ok(())
}

/// At the end of a stage: takes the models that were met in it out of fits and record.
pub(super) fn leave_out(run: &mut Running<'_, '_, Config>) -> Result<(), RunError> {
    let before = (run.state.models.len(), run.state.aggregators.len());
    only_present(run.settings, run.state);
    if before == (run.state.models.len(), run.state.aggregators.len()) {
        return Ok(());
    }
    if run.state.models.is_empty() {
        let problem = Problem::error("base_models", "none of them has finite predictions");
        return Err(RunError::Problems(vec![problem.allowing("models and a table that give numbers")]));
    }
    let gone: Vec<&str> = run.state.excluded.iter().map(|(method, _)| method.key()).collect();
    record::forget(run.context, &gone);
    let plan = Plan::of(run);
    record::methods(run.context, &plan);
    plan_steps(run);
    Ok(())
}

/// Numbers the fits by the base models and aggregators of the settings without those that are left out.
pub(super) fn only_present(config: &Config, store: &mut Store) {
    let models = config.base_models.iter().copied().filter(|kind| !store.excludes(Method::Base(*kind)));
    let models: Vec<_> = models.collect();
    let aggregators = config.aggregators.iter().copied().filter(|one| !store.excludes(Method::Joined(*one)));
    let aggregators: Vec<_> = aggregators.collect();
    reuse::keep_models(store, models);
    reuse::keep_aggregators(store, aggregators);
}
