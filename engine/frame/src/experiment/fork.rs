//! Which settings a fork may change: a run that goes on from a checkpoint of another with some settings changed.

use toml::Value;

use super::config::Experiment;
use super::field::Field;
use super::problem::Problem;
use super::value;
use super::visit::{Described, Slot, Visitor};

/// One problem for each shown setting that differs and that no stage reads first: it was read before the first step.
pub(crate) fn changed_in_fork(child: &impl Described, parent: &impl Described) -> Vec<Problem> {
    let (now, then) = (described(child), described(parent));
    now.iter()
        .zip(&then)
        .filter(|((field, value), (_, before))| value != before && field.stage.is_none())
        // A setting that means nothing in both runs may hold anything.
        .filter(|((field, _), (old, _))| field.shown || old.shown)
        .map(|((field, _), (_, before))| {
            let reason = match field.fixed_because {
                "" => "cannot change in a fork; start a new run for it".to_owned(),
                because => format!("{because}; start a new run for it"),
            };
            Problem::error(field.key, reason).allowing(format!("{before}, as in the parent"))
        })
        .collect()
}

/// The settings that these stages read first, with their values: what they made stands as long as these do.
pub fn settings_of(settings: &impl Described, stages: &[&str]) -> Vec<(&'static str, Value)> {
    let all = described(settings).into_iter();
    all.filter(|(field, _)| field.stage.is_some_and(|stage| stages.contains(&stage)))
        .map(|(field, value)| (field.key, value))
        .collect()
}

/// Keys of shown settings that differ.
pub fn differing(a: &impl Described, b: &impl Described) -> Vec<&'static str> {
    let (a, b) = (described(a), described(b));
    let pairs = a
        .iter()
        .zip(&b)
        .filter(|((field, value), (old, before))| value != before && (field.shown || old.shown));
    pairs.map(|((field, _), _)| field.key).collect()
}

/// Settings that mean something in `made` and have another value in `wanted`, with both values: those that no stage reads first, and
/// those that one of these stages does.
pub fn unlike(
    made: &impl Described,
    wanted: &impl Described,
    stages: &[&str],
) -> Vec<(&'static str, Value, Value)> {
    let pairs = described(made).into_iter().zip(described(wanted));
    pairs
        .filter(|((field, there), (_, here))| there != here && field.shown)
        .filter(|((field, _), _)| field.stage.is_none_or(|stage| stages.contains(&stage)))
        .map(|((field, there), (_, here))| (field.key, there, here))
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

fn described(settings: &impl Described) -> Vec<(Field, Value)> {
    let mut reader = Reader(Vec::new());
    settings.clone().visit(&mut reader);
    reader.0
}
