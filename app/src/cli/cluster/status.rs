//! `sweep status`: counts, a line for each task, and the table of results.

use std::fmt::Write as _;
use std::path::Path;

use weightscope_engine::VERSION;

use super::plan::{base, plural};
use super::{Failure, storage, table};
use crate::cli::output;
use weightscope_window::plan::{self, Folder, Plan, Report, Standing};

/// `sweep status DIR`.
pub(super) fn status(dir: &Path, json: bool, file: Option<&Path>) -> Result<(), Failure> {
    let folder = Folder::new(dir);
    let plan = Plan::read(&folder).map_err(Failure::request)?;
    if plan.version != VERSION {
        output::note(&format!("note: the plan is of version {}, this is version {VERSION}", plan.version));
    }
    let reports = plan::all(&folder, &plan);
    if json {
        reports.iter().for_each(output::json);
    } else {
        output::line(&counts(&reports));
        reports.iter().for_each(|report| output::line(&line(report, reports.len())));
    }
    if let Some(file) = file {
        let open = reports.iter().filter(|report| report.status != Standing::Done).count();
        if open > 0 {
            output::note(&format!("note: {open} task{} not done, and not in the table", plural(open)));
        }
        write(&plan, &reports, file)?;
    }
    // What the last task could not write, or what was deleted since. Who may only read the folder wants to see it all the same.
    if is_done(&reports)
        && !folder.results().exists()
        && let Err(error) = write(&plan, &reports, &folder.results())
    {
        let (Failure::Request(error) | Failure::Run(error) | Failure::Later(error)) = error else {
            return Ok(());
        };
        output::note(&format!("warning: {error:#}"));
    }
    Ok(())
}

/// Writes the table of results if all tasks are done; true if they are. `is_asked` looks at all manifests, else it is only done when each
/// task has left its mark, which costs the listing of one folder.
pub(super) fn finish(folder: &Folder, plan: &Plan, is_asked: bool) -> Result<bool, Failure> {
    let marks = || {
        let entries = std::fs::read_dir(folder.states()).into_iter().flatten().flatten();
        entries
            .filter(|entry| Path::new(&entry.file_name()).extension().is_some_and(|end| end == "done"))
            .count()
    };
    if !is_asked && marks() < plan.tasks.len() {
        return Ok(false);
    }
    let reports = plan::all(folder, plan);
    if !is_done(&reports) {
        return Ok(false);
    }
    write(plan, &reports, &folder.results())?;
    Ok(true)
}

fn is_done(reports: &[Report]) -> bool {
    reports.iter().all(|report| report.status == Standing::Done)
}

fn write(plan: &Plan, reports: &[Report], path: &Path) -> Result<(), Failure> {
    let done: Vec<_> = plan
        .tasks
        .iter()
        .zip(reports)
        .filter(|(_, report)| report.status == Standing::Done)
        .filter_map(|(task, report)| Some((task, report.manifest.clone()?)))
        .collect();
    table::results(plan, &base(plan)?, &done, path).map_err(storage)
}

/// `40 tasks: 38 done, 2 running`.
pub(super) fn counts(reports: &[Report]) -> String {
    let count = |standing: &Standing| reports.iter().filter(|report| report.status == *standing).count();
    let counts = Standing::ALL.iter().map(|standing| (count(standing), standing.words()));
    let counts: Vec<String> =
        counts.filter(|(count, _)| *count > 0).map(|(count, words)| format!("{count} {words}")).collect();
    format!("{} task{}: {}", reports.len(), plural(reports.len()), counts.join(", "))
}

/// A task on a line.
pub(super) fn line(report: &Report, tasks: usize) -> String {
    let width = tasks.saturating_sub(1).to_string().len();
    let mut text = format!("{:>width$}  {:<11}  {}", report.task, report.status.words(), report.name);
    if matches!(report.status, Standing::Running | Standing::Paused) {
        let _ = write!(text, "  on {} since {}", report.host, report.since);
    }
    if let Some(reason) = &report.reason {
        let _ = write!(text, "  ({reason})");
    }
    text
}
