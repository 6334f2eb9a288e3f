//! `sweep`: a sweep as a table of tasks that a scheduler, or this machine, carries out.
//!
//! Contract: a plan's folder holds `plan.json` (what is to be done, never changed), `tasks.csv`, `sweep.sbatch`, a run folder for each
//! task, `state/` (how tasks stand, and who has them in work) and `logs/`. The truth about a task is the manifest of its run folder:
//! what `state/` says may be torn or lost, and no finished run is lost with it. A task has one owner at a time, on whatever machine.
//! Results do not depend on where, when and in which order tasks are done.

mod all;
pub(super) mod args;
mod plan;
mod retry;
mod run;
mod script;
mod signals;
mod slurm;
mod status;
mod table;
mod task;

use anyhow::anyhow;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;
use weightscope_engine::store::StoreError;

use super::Failure;
use args::SweepCommand;

/// Carries out a `sweep` command.
pub(super) fn sweep(command: SweepCommand) -> Result<(), Failure> {
    match command {
        SweepCommand::Plan(arguments) => plan::plan(&arguments),
        SweepCommand::Run(arguments) => run::run(&arguments),
        SweepCommand::Status { dir, json, table } => status::status(&dir, json, table.as_deref()),
        SweepCommand::Retry { dir } => retry::retry(&dir),
    }
}

/// A file of the plan that cannot be used: a place that is wrong is a wrong request, a disk that fails is not.
fn storage(error: StoreError) -> Failure {
    match error {
        StoreError::Full { what, path } => {
            let text = format!(
                "the disk is full while writing {what}; free some space, then give the same command again"
            );
            Failure::run(anyhow!("{text}: {}", path.display()))
        }
        StoreError::Forbidden { what, path } => {
            let text = format!(
                "no permission to write {what} (or the disk is read-only); change that, or plan into another folder"
            );
            Failure::request(anyhow!("{text}: {}", path.display()))
        }
        StoreError::Io { .. } => Failure::run(error),
        other => Failure::request(other),
    }
}

/// The clock in words, for people only: no decision rests on it.
fn now() -> String {
    let now = OffsetDateTime::now_utc().replace_nanosecond(0).ok();
    now.and_then(|now| now.format(&Rfc3339).ok()).unwrap_or_default()
}
