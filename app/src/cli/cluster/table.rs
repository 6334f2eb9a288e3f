//! The tables of a plan: `tasks.csv`, what is to be done, and `results.csv`, what came out.
//!
//! Contract: a table is a function of the plan and of the results of its tasks. Figures of the machine (times, speeds) stay in the
//! manifests, so that the same sweep gives the same bytes wherever and in whatever order its tasks were done.

use std::collections::BTreeSet;
use std::path::Path;

use toml::Value;
use weightscope_engine::experiment::Experiment;
use weightscope_engine::store::{Manifest, StoreError, write_atomically};

use weightscope_window::plan::{Plan, Task};

/// Writes `tasks.csv`: task, label, settings, folder.
pub(super) fn tasks(plan: &Plan, path: &Path) -> Result<(), StoreError> {
    let keys = plan.keys.iter().map(String::as_str);
    let header = ["task", "label"].into_iter().chain(keys).chain(["folder"]).map(str::to_owned);
    let rows = plan.tasks.iter().map(|task| {
        let first = [task.index.to_string(), task.label.clone()];
        first.into_iter().chain(settings(plan, task)).chain([task.folder.clone()]).collect()
    });
    write(path, "the table of tasks", header.collect(), rows)
}

/// Writes settings and results of finished tasks, which come in the order of their numbers: task, name, settings, results by name.
pub(super) fn results(
    plan: &Plan,
    base: &Experiment,
    done: &[(&Task, Manifest)],
    path: &Path,
) -> Result<(), StoreError> {
    let of_all = done.iter().flat_map(|(_, manifest)| manifest.results.keys());
    let names: BTreeSet<&str> =
        of_all.map(String::as_str).filter(|name| !base.method.is_clock_result(name)).collect();
    let keys = plan.keys.iter().map(String::as_str);
    let mut header: Vec<String> = ["task", "name"].into_iter().chain(keys).map(str::to_owned).collect();
    for name in &names {
        // A result may be called as a setting is.
        let taken = header.iter().any(|known| known == name);
        header.push(if taken { format!("result.{name}") } else { (*name).to_owned() });
    }
    let rows = done.iter().map(|(task, manifest)| {
        let result = |name: &&str| manifest.results.get(*name).map_or_else(String::new, f64::to_string);
        let first = [task.index.to_string(), task.name.clone()];
        first.into_iter().chain(settings(plan, task)).chain(names.iter().map(result)).collect()
    });
    write(path, "the table of results", header, rows)
}

fn settings<'a>(plan: &'a Plan, task: &'a Task) -> impl Iterator<Item = String> + 'a {
    plan.keys.iter().map(|key| match task.settings.get(key) {
        Some(Value::String(text)) => text.clone(),
        Some(Value::Float(value)) => value.to_string(),
        Some(value) => value.to_string(),
        None => String::new(),
    })
}

fn write(
    path: &Path,
    what: &'static str,
    header: Vec<String>,
    rows: impl Iterator<Item = Vec<String>>,
) -> Result<(), StoreError> {
    write_atomically(path, what, |out| {
        let mut table = csv::Writer::from_writer(out);
        table.write_record(header)?;
        for row in rows {
            table.write_record(row)?;
        }
        table.flush()
    })
}
