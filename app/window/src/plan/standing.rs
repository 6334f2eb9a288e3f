//! How tasks stand: the manifest of the run, whoever has it in work, and what the last one said, in this order.

use std::path::PathBuf;

use serde::Serialize;
use weightscope_frame::store::owner::{self, DriveClock, Owner, Seen, look};
use weightscope_frame::store::{self, Manifest, Status, StoreError};

use super::files::Folder;
use super::state::{Standing, State};
use super::tasks::{Plan, Task};

/// How a task stands, as `sweep status --json` prints it.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Report {
    /// Its number.
    pub task: usize,
    /// What tells it from the others, as a person wrote it.
    pub name: String,
    /// How it stands.
    pub status: Standing,
    /// Why, in words.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// Where it is in work, or was last.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub host: String,
    /// Its process, while it is in work.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pid: Option<u32>,
    /// Since when it stands so, RFC 3339.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub since: String,
    /// How often it was queued again.
    pub requeues: u32,
    /// The job that is queued again for it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub queued: Option<String>,
    /// Step reached, as the manifest says.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub step: Option<u64>,
    /// Its run folder.
    pub folder: PathBuf,
    /// Its manifest, once it has one that can be read.
    #[serde(skip)]
    pub manifest: Option<Manifest>,
}

/// How all tasks of a plan stand, in order.
pub fn all(folder: &Folder, plan: &Plan) -> Vec<Report> {
    let clock = DriveClock::read(&folder.states());
    plan.tasks.iter().map(|task| one(folder, plan, task, clock)).collect()
}

/// How a task stands.
pub fn one(folder: &Folder, plan: &Plan, task: &Task, clock: DriveClock) -> Report {
    let run = folder.run(task);
    let manifest = store::read_manifest(&run);
    let state = State::read(&folder.state(task.index));
    let said = state.clone().unwrap_or_default();
    let mut report = Report {
        task: task.index,
        name: task.name.clone(),
        host: said.host,
        since: said.since,
        requeues: said.requeues,
        queued: said.queued,
        step: manifest.as_ref().ok().map(|manifest| manifest.step),
        folder: run,
        manifest: manifest.as_ref().ok().cloned(),
        ..Report::default()
    };
    match manifest {
        Ok(manifest) if manifest.status == Status::Done => report.finish(plan, &manifest),
        manifest => match look(&folder.owner(task.index), clock) {
            Seen::Alive(owner) => {
                let paused = state.is_some_and(|state| state.status == Standing::Paused);
                report.owned(if paused { Standing::Paused } else { Standing::Running }, owner);
            }
            Seen::Stopped(owner) => report.owned(Standing::Paused, owner),
            Seen::Ahead(owner) => {
                report.owned(Standing::Running, owner);
                report.reason = Some("its heartbeat is ahead of the clock of this drive".to_owned());
            }
            // Of a process that was stopped no heartbeat can be expected.
            Seen::Gone(owner) if paused_elsewhere(state.as_ref(), &owner) => {
                report.owned(Standing::Paused, owner);
            }
            Seen::Gone(owner) => report.left(state, &manifest, Some(owner)),
            Seen::Nobody => report.left(state, &manifest, None),
        },
    }
    report
}

fn paused_elsewhere(state: Option<&State>, owner: &Owner) -> bool {
    state.is_some_and(|state| state.status == Standing::Paused) && owner.host != owner::host()
}

impl Report {
    fn finish(&mut self, plan: &Plan, manifest: &Manifest) {
        self.status = Standing::Done;
        self.host.clone_from(&manifest.host);
        self.since = manifest.ended.clone().unwrap_or_default();
        if !manifest.data_hashes().iter().all(|hash| plan.data.contains(hash)) {
            self.reason = Some("its data are not those of the plan".to_owned());
        }
        self.queued = None;
    }

    fn owned(&mut self, status: Standing, owner: Owner) {
        self.status = status;
        self.pid = Some(owner.pid);
        (self.host, self.since) = (owner.host, owner.since);
    }

    /// Of a task that nobody has in work.
    fn left(&mut self, state: Option<State>, manifest: &Result<Manifest, StoreError>, gone: Option<Owner>) {
        let is_gone = gone.is_some();
        if let Some(owner) = gone {
            (self.host, self.since) = (owner.host, owner.since);
        }
        (self.status, self.reason) = by_state(state.as_ref(), manifest).unwrap_or_else(|| {
            by_manifest(manifest, is_gone || state.is_some_and(|state| state.is_in_work()))
        });
    }
}

/// What the last state says; nothing where the manifest knows better.
fn by_state(
    state: Option<&State>,
    manifest: &Result<Manifest, StoreError>,
) -> Option<(Standing, Option<String>)> {
    let state = state?;
    match manifest {
        // Nobody owns the task, and a program works in its folder all the same: `weightscope resume` by hand.
        Ok(manifest) if manifest.status == Status::Running => None,
        Err(error) if !matches!(error, StoreError::NoRun(_)) => None,
        Err(_) if state.status == Standing::Done => Some((Standing::Waiting, Some(lost()))),
        _ if state.is_in_work() || state.status == Standing::Done => None,
        _ => Some((state.status, state.reason.clone())),
    }
}

/// What the run itself says; `was_begun` if somebody had the task in work and left no word.
fn by_manifest(manifest: &Result<Manifest, StoreError>, was_begun: bool) -> (Standing, Option<String>) {
    match manifest {
        Ok(manifest) => match manifest.status {
            Status::Running => (Standing::Running, None),
            Status::Failed => (Standing::Failed, manifest.reason.clone()),
            Status::Cancelled if !was_begun => (Standing::Cancelled, None),
            _ => (Standing::Preempted, Some(died())),
        },
        Err(StoreError::NoRun(_)) if was_begun => (Standing::Preempted, Some(died())),
        Err(StoreError::NoRun(_)) => (Standing::Waiting, None),
        Err(error) => (Standing::Failed, Some(error.to_string())),
    }
}

fn died() -> String {
    "its process ended without a word; the next run goes on from its last checkpoint".to_owned()
}

fn lost() -> String {
    "it was done, and its run folder is gone".to_owned()
}
