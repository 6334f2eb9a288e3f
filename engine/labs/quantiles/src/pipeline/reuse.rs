//! Going on from a checkpoint: what of it still holds under these settings.
//!
//! Contract: a fit stays only if a new run would come to the same one. A resumed run keeps all; a fork keeps the base models that both
//! name, and the aggregators if nothing changed that they learn from.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::assemble::rows_of;
use super::store::Store;
use super::{Plan, predictions};
use crate::base::Kind;
use crate::channels as ch;
use crate::config::{Config, Conformal, NonFinite};
use weightscope_frame::experiment::Problem;
use weightscope_frame::run::{Context, RunError};

/// What a store was made under.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Made {
    config: Config,
    /// Content hash of the table.
    table: String,
}

/// How the work of a checkpoint stands to the present settings.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Taken {
    /// Made under other settings.
    pub(super) forked: bool,
    /// The operator is another one: scores of kept fits have to be taken again.
    rescored: bool,
}

/// Leaves in the store what holds under these settings; its keys are numbered by the plan later, with
/// [`only_present`](super::exclude::only_present).
pub(super) fn take_up(store: &mut Store, config: &Config, table: &str) -> Result<Taken, RunError> {
    let fresh = *store == Store::default();
    let made = Made { config: config.clone(), table: table.to_owned() };
    let before = store.made.replace(made);
    if fresh {
        return Ok(Taken::default());
    }
    let refused = |key: &str, why: &str, allowed: &str| {
        Err(RunError::Problems(vec![Problem::error(key, why).allowing(allowed)]))
    };
    let Some(Made { config: old, table: old_table }) = before else {
        return refused("lab", "the checkpoint does not say what it was made under", "a new run");
    };
    if old_table != table {
        let why = "the table has changed since the checkpoint, whose fits belong to the old rows";
        return refused("dataset", why, "the table as it was, or a new run");
    }
    if old == *config {
        return Ok(Taken::default());
    }
    if config.non_finite == NonFinite::Refuse {
        store.excluded.clear();
    }
    let asked: Vec<&str> = config.kinds().into_iter().map(Kind::key).collect();
    // Aggregators are judged anew: what they are made of may have changed.
    store.excluded.retain(|(word, _)| asked.contains(&word.as_str()));
    let present: Vec<&str> =
        asked.iter().copied().filter(|word| !store.excluded.iter().any(|(own, _)| own == word)).collect();
    if present != store.models || !same_joining(&old, config) {
        store.aggregated.clear();
        store.nested.clear();
    }
    if matches!(config.conformal, Conformal::CvPlus | Conformal::NestedCvPlus) {
        // Without CV+ the fold models are not kept; they are fitted again, to the same ones.
        store.folds.retain(|_, fit| fit.fitted.is_some());
    }
    store.finished = None;
    Ok(Taken { forked: true, rescored: old.isotonization != config.isotonization })
}

/// True if an aggregator of the same base models learns the same under both.
fn same_joining(a: &Config, b: &Config) -> bool {
    a.aggregator_steps == b.aggregator_steps
        && a.isotonization == b.isotonization
        && a.placement == b.placement
        && a.crossing_penalty == b.crossing_penalty
        && a.margins == b.margins
        && a.margin == b.margin
        && a.search_trials == b.search_trials
}

/// Numbers the base models by a new list; those that it does not name go.
pub(super) fn keep_models(store: &mut Store, now: Vec<String>) {
    let before = std::mem::replace(&mut store.models, now);
    let place = |old: &usize| store.models.iter().position(|word| before.get(*old) == Some(word));
    store.full = renumbered(&mut store.full, place);
    store.folds = renumbered(&mut store.folds, |(old, fold)| Some((place(old)?, *fold)));
    store.pairs = renumbered(&mut store.pairs, |(old, low, high)| Some((place(old)?, *low, *high)));
}

/// The same for aggregators.
pub(super) fn keep_aggregators(store: &mut Store, now: Vec<String>) {
    let before = std::mem::replace(&mut store.aggregators, now);
    let place = |old: &usize| store.aggregators.iter().position(|word| before.get(*old) == Some(word));
    store.aggregated = renumbered(&mut store.aggregated, place);
    store.nested = renumbered(&mut store.nested, |(old, fold)| Some((place(old)?, *fold)));
}

fn renumbered<K: Ord, T>(map: &mut BTreeMap<K, T>, place: impl Fn(&K) -> Option<K>) -> BTreeMap<K, T> {
    std::mem::take(map).into_iter().filter_map(|(key, value)| Some((place(&key)?, value))).collect()
}

/// Fits that a store holds for this plan: each was one step of the run.
pub(super) fn count(plan: &Plan<'_>, store: &Store) -> u64 {
    let nested = if plan.is_nested() { store.pairs.len() + store.nested.len() } else { 0 };
    (store.full.len() + store.folds.len() + store.aggregated.len() + nested) as u64
}

/// The record of a fork: what the parent showed of fits that are gone leaves it, what is kept is shown again.
pub(super) fn show_again(plan: &Plan<'_>, store: &Store, taken: Taken, context: &mut Context<'_>) {
    let kept = store.full.keys().filter_map(|model| plan.kinds.get(*model)).map(|kind| kind.key());
    let joined = store.aggregated.keys().filter_map(|number| plan.aggregators.get(*number));
    let names: Vec<&str> = kept.chain(joined.map(|one| one.key())).collect();
    ch::forget_all_but_curves_of(context, &names);
    ch::declare(context, plan);
    for (model, fit) in &store.full {
        let Some(kind) = plan.kinds.get(*model) else { continue };
        ch::predictions(context, plan, kind.key(), kind.label(), &fit.test, &fit.calibration);
        if !taken.rescored {
            continue;
        }
        let score = predictions::wis(plan, &fit.validation, &plan.material.validation.y);
        ch::score(context, kind.key(), kind.label(), score);
        for (_, fold) in store.folds.keys().filter(|(own, _)| own == model) {
            let rows = rows_of(plan, &[*fold]);
            let y: Vec<f32> = rows.iter().map(|row| plan.material.train.y[*row]).collect();
            let score = predictions::wis(plan, &store.folds[&(*model, *fold)].held_out, &y);
            ch::fold_score(context, kind.key(), kind.label(), score);
        }
    }
}
