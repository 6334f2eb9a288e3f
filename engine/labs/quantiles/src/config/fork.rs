//! Which settings a fork may change: those that the fitted base models and their out-of-fold predictions do not depend on.

use super::Config;
use weightscope_frame::experiment::{Problem, changed_visits};

/// Settings that may change. Base models may be added and left out: each is fitted by itself.
pub(crate) const FREE: &[&str] = &[
    "base_models",
    "non_finite",
    "aggregators",
    "aggregator_steps",
    "search_trials",
    "isotonization",
    "placement",
    "crossing_penalty",
    "margins",
    "margin",
    "conformal",
    "relative_to",
];

impl Config {
    /// Why a run with these settings cannot go on from a checkpoint of `parent`.
    pub(crate) fn fork_problems(&self, parent: &Self) -> Vec<Problem> {
        let (mut child, mut parent) = (self.clone(), parent.clone());
        let changed = changed_visits(|v| child.visit_settings(v), |v| parent.visit_settings(v), FREE);
        let explained = |problem: Problem| Problem {
            message: format!("{}; start a new run for it", reason(&problem.key)),
            ..problem
        };
        changed.into_iter().map(explained).collect()
    }
}

/// Why a setting stays as it is in the parent.
fn reason(key: &str) -> &'static str {
    match key {
        "dataset" | "target" | "missing" => "the fitted models belong to the parent's rows",
        "split" | "folds" => "the out-of-fold predictions belong to the parent's parts and folds",
        "levels" => "the fitted models predict the parent's levels",
        "search" | "draws" | "net_steps" => "the base models are fitted already",
        _ => "cannot change in a fork",
    }
}
