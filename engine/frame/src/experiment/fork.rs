//! Which settings a fork may change: a run that goes on from a checkpoint of another with some settings changed.

use toml::Value;

use super::config::Experiment;
use super::field::Field;
use super::problem::Problem;
use super::value;
use super::visit::{Slot, Visitor};

/// One problem for each shown setting that differs between two walks and is not in `allowed`.
/// Both walks are a configuration's `visit`.
pub fn changed_in_fork(
    child: impl FnOnce(&mut dyn Visitor),
    parent: impl FnOnce(&mut dyn Visitor),
    allowed: &[&str],
) -> Vec<Problem> {
    let (mut now, mut then) = (Reader(Vec::new()), Reader(Vec::new()));
    child(&mut now);
    parent(&mut then);
    now.0
        .iter()
        .zip(&then.0)
        .filter(|((field, value), (_, before))| value != before && !allowed.contains(&field.key))
        // A setting that means nothing in both runs may hold anything.
        .filter(|((field, _), (old, _))| field.shown || old.shown)
        .map(|((field, _), (_, before))| {
            let problem = Problem::error(field.key, "cannot change in a fork; start a new run for it");
            problem.allowing(format!("{before}, as in the parent"))
        })
        .collect()
}

/// Why `child` cannot go on from a checkpoint of `parent`; nothing if it can. Device and threads may change freely.
pub fn fork_problems(child: &Experiment, parent: &Experiment) -> Vec<Problem> {
    let mut problems = Vec::new();
    if child.seed != parent.seed {
        problems.push(
            Problem::error("seed", "cannot change in a fork; it seeds the data split and the batches")
                .allowing(format!("{}, as in the parent", parent.seed)),
        );
    }
    if child.sweep.is_some() {
        problems.push(Problem::error("sweep", "a fork is one run; take the sweep out"));
    }
    problems.extend(child.method.forkable(&parent.method));
    problems
}

struct Reader(Vec<(Field, Value)>);

impl Visitor for Reader {
    fn field(&mut self, field: Field, slot: Slot<'_>) {
        let value = value::get(&slot);
        self.0.push((field, value));
    }
}
