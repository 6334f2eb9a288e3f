//! Going on from a checkpoint: what of it still holds under these settings.
//!
//! Contract: a fit stays only if a new run would come to the same one. A resumed run keeps all; a fork keeps the base models that both
//! name, and the aggregators if nothing changed that they learn from.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::assemble::rows_of;
use super::store::{Forked, Store};
use super::{AGGREGATING, Plan, predictions, record};
use crate::base::Kind;
use crate::config::{Config, NonFinite};
use crate::ensemble::Aggregator;
use crate::names::Method;
use weightscope_frame::experiment::{Problem, settings_of};
use weightscope_frame::lab::Running;
use weightscope_frame::run::{Context, RunError};

/// What a store was made under.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Made {
    config: Config,
    /// Content hash of the table.
    table: String,
}

impl Made {
    /// These settings, and a table by its content hash.
    pub(super) fn new(config: &Config, table: &str) -> Self {
        Self { config: config.clone(), table: table.to_owned() }
    }
}

/// Leaves in the store what holds under these settings; its keys are numbered by the present lists later, with
/// [`only_present`](super::exclude::only_present).
pub(super) fn take_up(store: &mut Store, config: &Config, table: &str) -> Result<(), RunError> {
    let refused = |key: &str, why: &str, allowed: &str| {
        Err(RunError::Problems(vec![Problem::error(key, why).allowing(allowed)]))
    };
    let Some(Made { config: old, table: old_table }) = store.made.replace(Made::new(config, table)) else {
        return refused("lab", "the checkpoint does not say what it was made under", "a new run");
    };
    if old_table != table {
        let why = "the table has changed since the checkpoint, whose fits belong to the old rows";
        return refused("dataset", why, "the table as it was, or a new run");
    }
    if old == *config {
        return Ok(());
    }
    if config.non_finite == NonFinite::Refuse {
        store.excluded.clear();
    }
    // Aggregators are judged anew: what they are made of may have changed.
    store
        .excluded
        .retain(|(method, _)| matches!(method, Method::Base(kind) if config.base_models.contains(kind)));
    let is_present = |kind: &Kind| !store.excludes(Method::Base(*kind));
    let present: Vec<Kind> = config.base_models.iter().copied().filter(is_present).collect();
    if present != store.models || !same_joining(&old, config) {
        store.aggregated.clear();
        store.nested.clear();
    }
    if config.keeps_fold_models() {
        // Without CV+ the fold models are not kept; they are fitted again, to the same ones.
        store.folds.retain(|_, fit| fit.fitted.is_some());
    }
    store.finished = None;
    store.forked = Some(Forked { rescored: old.isotonization != config.isotonization });
    Ok(())
}

/// True if an aggregator of the same base models learns the same under both.
fn same_joining(a: &Config, b: &Config) -> bool {
    // The operator is read before aggregators are fitted, and again by them.
    a.isotonization == b.isotonization && settings_of(a, &[AGGREGATING]) == settings_of(b, &[AGGREGATING])
}

/// Numbers the base models by a new list; those that it does not name go.
pub(super) fn keep_models(store: &mut Store, now: Vec<Kind>) {
    let before = std::mem::replace(&mut store.models, now);
    let place = |old: &usize| store.models.iter().position(|kind| before.get(*old) == Some(kind));
    store.full = renumbered(&mut store.full, place);
    store.folds = renumbered(&mut store.folds, |(old, fold)| Some((place(old)?, *fold)));
    store.pairs = renumbered(&mut store.pairs, |(old, low, high)| Some((place(old)?, *low, *high)));
}

/// Numbers the aggregators by a new list; those that it does not name go.
pub(super) fn keep_aggregators(store: &mut Store, now: Vec<Aggregator>) {
    let before = std::mem::replace(&mut store.aggregators, now);
    let place = |old: &usize| store.aggregators.iter().position(|one| before.get(*old) == Some(one));
    store.aggregated = renumbered(&mut store.aggregated, place);
    store.nested = renumbered(&mut store.nested, |(old, fold)| Some((place(old)?, *fold)));
}

fn renumbered<K: Ord, T>(map: &mut BTreeMap<K, T>, place: impl Fn(&K) -> Option<K>) -> BTreeMap<K, T> {
    std::mem::take(map).into_iter().filter_map(|(key, value)| Some((place(&key)?, value))).collect()
}

/// Fits that a store holds for these settings: each was one step of the run.
pub(super) fn count(config: &Config, store: &Store) -> u64 {
    let nested = if config.is_nested() { store.pairs.len() + store.nested.len() } else { 0 };
    (store.full.len() + store.folds.len() + store.aggregated.len() + nested) as u64
}

/// The first step of a fork: what the parent showed of fits that are gone leaves the record, what is kept is shown again.
pub(super) fn show_again(run: &mut Running<'_, '_, Config>) -> Result<(), RunError> {
    let Some(forked) = run.state.forked.take() else { return Ok(()) };
    let plan = Plan::of(run);
    run.begin_step(0.0)?;
    show_kept(&plan, run.state, forked, run.context);
    run.end_step()
}

fn show_kept(plan: &Plan<'_>, store: &Store, forked: Forked, context: &mut Context<'_>) {
    let kept = store.full.keys().filter_map(|model| plan.kinds.get(*model)).map(|kind| kind.key());
    let joined = store.aggregated.keys().filter_map(|number| plan.aggregators.get(*number));
    let names: Vec<&str> = kept.chain(joined.map(|one| one.key())).collect();
    record::forget_all_but_curves_of(context, &names);
    for (model, fit) in &store.full {
        let Some(kind) = plan.kinds.get(*model) else { continue };
        record::predictions(context, plan, Method::Base(*kind), &fit.test, &fit.calibration);
        if !forked.rescored {
            continue;
        }
        let score = predictions::wis(plan, &fit.validation, &plan.material.validation.y);
        record::score(context, Method::Base(*kind), score);
        for ((_, fold), fit) in store.folds.iter().filter(|((own, _), _)| own == model) {
            let rows = rows_of(plan, &[*fold]);
            let y: Vec<f32> = rows.iter().map(|row| plan.material.train.y[*row]).collect();
            record::fold_score(context, *kind, predictions::wis(plan, &fit.held_out, &y));
        }
    }
}
