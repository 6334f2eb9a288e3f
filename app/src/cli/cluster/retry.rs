//! `sweep retry`: lets tasks be tried again that ended without being done.
//!
//! Contract: what is done is never touched, nor what somebody has in work or the scheduler has queued. A run goes on from its last
//! checkpoint; a run folder whose manifest cannot be read is set aside under another name, not deleted.

use std::fs;
use std::path::Path;

use weightscope_engine::store::{self, StoreError, owner};

use super::plan::{plural, read_own};
use super::{Failure, script, slurm, storage};
use crate::cli::output;
use weightscope_window::plan::{self, Folder, Report, Standing, State};

/// `sweep retry DIR`.
pub(super) fn retry(dir: &Path) -> Result<(), Failure> {
    let folder = Folder::new(dir);
    let plan = read_own(&folder)?;
    let reports = plan::all(&folder, &plan);
    let again: Vec<&Report> = reports.iter().filter(|report| is_over(report)).collect();
    for report in &again {
        set_aside_damaged(&report.folder).map_err(storage)?;
        let state = State { since: super::now(), ..State::default() };
        state.write(&folder.state(report.task)).map_err(storage)?;
    }
    if again.is_empty() {
        output::note("no task failed, was cancelled, was killed or ran out of time: nothing to try again");
        return Ok(());
    }
    let mut elements: Vec<usize> =
        again.iter().map(|report| report.task / plan.options.pack.max(1)).collect();
    elements.dedup();
    output::note(&format!("{} task{} may be tried again", again.len(), plural(again.len())));
    output::line(&script::submit(&folder.script(), Some(&elements)));
    Ok(())
}

/// True if nobody will go on with a task that is not done.
fn is_over(report: &Report) -> bool {
    match (report.status, &report.queued) {
        (Standing::Waiting | Standing::Preempted, Some(job)) => !slurm::is_queued(job),
        (Standing::Failed | Standing::Cancelled | Standing::Preempted | Standing::OutOfTime, _) => true,
        _ => false,
    }
}

fn set_aside_damaged(run: &Path) -> Result<(), StoreError> {
    match store::read_manifest(run) {
        Err(StoreError::Damaged { .. }) => set_aside(run, "damaged"),
        _ => Ok(()),
    }
}

/// Renames a run folder that cannot be gone on with.
pub(super) fn set_aside(run: &Path, why: &str) -> Result<(), StoreError> {
    let name = run.file_name().unwrap_or_default().to_string_lossy();
    let other = (1..1000)
        .map(|count| run.with_file_name(format!("{name}.{why}-{count}")))
        .find(|path| !path.exists());
    let other = other.unwrap_or_else(|| run.with_file_name(format!("{name}.{why}-{}", owner::host())));
    output::note(&format!("warning: set aside as {}: {}", other.display(), run.display()));
    fs::rename(run, &other).map_err(|error| StoreError::io("the run folder", run, error))
}
