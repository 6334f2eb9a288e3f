//! Models whose predictions are not finite: the run ends with their name, or leaves them out on request.
//!
//! Contract: a model is left out whole, at the end of the stage in which it was met; everything after it is what a run without that
//! model would have come to.

use super::store::Store;
use super::{Plan, reuse};
use crate::base::Kind;
use crate::channels as ch;
use crate::config::NonFinite;
use crate::ensemble::Aggregator;
use weightscope_frame::experiment::Problem;
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
    (key, word): (&str, &str),
    why: &str,
) -> Result<(), RunError> {
    if plan.config.non_finite == NonFinite::Refuse {
        let problem = Problem::error(key, format!("{word}: {why}"));
        let allowed = format!("{key} without {word}, or non_finite = \"exclude\"");
        return Err(RunError::Problems(vec![problem.allowing(allowed)]));
    }
    if !store.excluded.iter().any(|(own, _)| own == word) {
        let lost = if plan.config.relative_to == word { "; nothing is relative to it" } else { "" };
        context.warn(&format!("{word} is left out: {why}{lost}"));
        store.excluded.push((word.to_owned(), why.to_owned()));
    }
    Ok(())
}

/// Takes the models that were met out of plan, store and record; true if there were any.
pub(super) fn leave_out(
    plan: &mut Plan<'_>,
    store: &mut Store,
    context: &mut Context<'_>,
) -> Result<bool, RunError> {
    let before = (plan.kinds.len(), plan.aggregators.len());
    only_present(plan, store);
    if before == (plan.kinds.len(), plan.aggregators.len()) {
        return Ok(false);
    }
    if plan.kinds.is_empty() {
        let problem = Problem::error("base_models", "none of them has finite predictions");
        return Err(RunError::Problems(vec![problem.allowing("models and a table that give numbers")]));
    }
    let gone: Vec<String> = store.excluded.iter().map(|(word, _)| format!("/{word}")).collect();
    context.record().retain(|channel| {
        channel.id.starts_with(ch::SCORE) || !gone.iter().any(|word| channel.id.ends_with(word))
    });
    ch::declare(context, plan);
    Ok(true)
}

/// The plan without excluded models, and the store numbered by it.
pub(super) fn only_present(plan: &mut Plan<'_>, store: &mut Store) {
    let is_present = |word: &str| !store.excluded.iter().any(|(own, _)| own == word);
    plan.kinds.retain(|kind| is_present(kind.key()));
    plan.aggregators.retain(|one| is_present(one.key()));
    let words = |plan: &Plan<'_>| -> (Vec<String>, Vec<String>) {
        (
            plan.kinds.iter().copied().map(Kind::key).map(str::to_owned).collect(),
            plan.aggregators.iter().copied().map(Aggregator::key).map(str::to_owned).collect(),
        )
    };
    let (models, aggregators) = words(plan);
    reuse::keep_models(store, models);
    reuse::keep_aggregators(store, aggregators);
}
