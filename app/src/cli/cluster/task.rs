//! One task: taken, carried out or gone on with, and its end written down.

use std::fs;
use std::io::ErrorKind;
use std::path::Path;
use std::time::Duration;

use anyhow::anyhow;
use weightscope_engine::CATALOGUE;
use weightscope_engine::experiment::Experiment;
use weightscope_engine::run::{self, Outcome, Place, RunError, RunRequest, config_hash};
use weightscope_engine::store::{self, Status, StoreError};

use super::plan::member;
use super::retry::set_aside;
use super::signals::{Pause, Signals, Stop};
use super::slurm::Slurm;
use super::{Failure, storage};
use crate::cli::args::Report;
use crate::cli::output;
use crate::cli::progress::Terminal;
use weightscope_engine::store::owner::{self, DriveClock, Held, Refusal};
use weightscope_window::plan::{self, Folder, Plan, Standing, State, Task};

/// What is left in a run folder by a program that died before the first step: nothing to go on from.
const BEGINNINGS: [&str; 11] = [
    ".lock",
    ".owner",
    "log.txt",
    "experiment.toml",
    "experiment.toml.tmp",
    "resolved.toml",
    "resolved.toml.tmp",
    "manifest.json.tmp",
    "metrics.csv",
    "snapshots",
    "views",
];

/// What became of a task.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Ended {
    /// It is done now.
    Done,
    /// It was done before.
    Before,
    /// It ended before without being done, and waits for `sweep retry`.
    Closed(String),
    /// It failed.
    Failed(String),
    /// Somebody else has it.
    Busy(String),
    /// A signal ended it; it is saved.
    Stopped(Stop),
}

/// What all tasks of a process share.
pub(super) struct Work<'a> {
    pub(super) folder: &'a Folder,
    pub(super) plan: &'a Plan,
    pub(super) base: Experiment,
    pub(super) signals: &'a Signals,
    /// The job, if Slurm has started this process and is to be asked for more time.
    pub(super) slurm: Option<Slurm>,
    pub(super) report: Report,
}

impl Work<'_> {
    /// Carries a task out, unless it is done, closed, or in work elsewhere.
    pub(super) fn one(&self, task: &Task) -> Result<Ended, Failure> {
        let before = plan::one(self.folder, self.plan, task, DriveClock::read(&self.folder.states()));
        if before.status == Standing::Done {
            return Ok(Ended::Before);
        }
        if before.status.is_closed() {
            return Ok(Ended::Closed(format!(
                "{}{}",
                before.status.words(),
                before.reason.map_or_else(String::new, |reason| format!(" ({reason})"))
            )));
        }
        let held = match self.take(task) {
            Ok(held) => held,
            Err(Refusal::Busy(owner)) => {
                return Ok(Ended::Busy(format!("it is running there: {}", owner.words())));
            }
            Err(Refusal::Storage(error)) => {
                let path = self.folder.owner(task.index);
                return Err(storage(StoreError::io("the owner of a task", &path, error)));
            }
        };
        // Whoever had it until now may have ended it.
        if store::read_manifest(&self.folder.run(task)).is_ok_and(|manifest| manifest.status == Status::Done)
        {
            return Ok(Ended::Before);
        }
        let ended = self.own(task, &held);
        self.signals.at_pause(None);
        // Only now that its end is written down may somebody else have it.
        drop(held);
        ended
    }

    fn take(&self, task: &Task) -> Result<Held, Refusal> {
        // A job that was begun again after its node went down: that node may be silent for less than a minute yet.
        let restarted = self.slurm.as_ref().is_some_and(|slurm| slurm.restarts > 0);
        let patience = if restarted { owner::SILENCE + Duration::from_secs(15) } else { Duration::ZERO };
        let job = self.slurm.as_ref().map(|slurm| slurm.job.as_str());
        let path = self.folder.owner(task.index);
        let named = path.display().to_string();
        // The run is no longer its own: nothing more may be written.
        let lost = move || {
            output::note(&format!(
                "error: another program has taken this task over while this one stood still; ended without writing: {named}"
            ));
            std::process::exit(75);
        };
        owner::take(&path, job, patience, lost)
    }

    /// The part of a task during which it is this process's own.
    fn own(&self, task: &Task, held: &Held) -> Result<Ended, Failure> {
        let path = self.folder.state(task.index);
        let mut state = State::read(&path).unwrap_or_default();
        (state.status, state.reason, state.queued) = (Standing::Running, None, None);
        (state.host, state.since) = (owner::host(), super::now());
        state.write(&path).map_err(storage)?;
        let (mine, paused) = (held.mine(), path.clone());
        self.signals.at_pause(Some(Box::new(move |pause| {
            if pause == Pause::Ends {
                mine.check();
            }
            let mut state = State::read(&paused).unwrap_or_default();
            state.status = if pause == Pause::Ends { Standing::Running } else { Standing::Paused };
            state.since = super::now();
            // A disk that refuses must not keep the process from stopping.
            let _ = state.write(&paused);
        })));
        let ended = self.carry_out(task)?;
        (state.status, state.reason) = match &ended {
            Ended::Done | Ended::Before => (Standing::Done, None),
            Ended::Failed(why) | Ended::Closed(why) => (Standing::Failed, Some(why.clone())),
            Ended::Busy(why) => (Standing::Waiting, Some(why.clone())),
            Ended::Stopped(Stop::Cancelled) => (Standing::Cancelled, None),
            Ended::Stopped(Stop::OutOfTime) => (Standing::OutOfTime, Some("its time was up".to_owned())),
            Ended::Stopped(Stop::Preempted) => (Standing::Preempted, None),
        };
        state.since = super::now();
        self.write_end(task, &state);
        Ok(ended)
    }

    /// Writes down how a task ended. The manifest of the run says most of it too, so a disk that refuses costs words only.
    pub(super) fn write_end(&self, task: &Task, state: &State) {
        let mut written = state.write(&self.folder.state(task.index));
        if state.status == Standing::Done {
            let mark = self.folder.done(task.index);
            written =
                written.and(fs::write(&mark, "").map_err(|error| StoreError::io("a mark", &mark, error)));
        }
        if let Err(error) = written {
            output::note(&format!("warning: how task {} ended is not written down: {error}", task.index));
        }
    }

    fn carry_out(&self, task: &Task) -> Result<Ended, Failure> {
        let run = self.folder.run(task);
        let experiment = member(task, &self.base)?;
        let (terminal, control) = (&mut Terminal::new(self.report), &*self.signals.control);
        let outcome = match store::read_manifest(&run) {
            Ok(manifest) if !is_of(&manifest.config_hash, task, &experiment) => {
                let text = "the run folder of this task holds a run with other settings; remove it, or plan into another folder";
                return Err(Failure::request(anyhow!("{text}: {}", run.display())));
            }
            Ok(_) => run::resume(CATALOGUE, &run, terminal, control),
            Err(StoreError::NoRun(_)) => {
                clear(&run).map_err(storage)?;
                let origin = format!("{}: {}", self.plan.origin, task.name);
                run::run(
                    &RunRequest { experiment, asked: None, origin, place: Place::New(run.clone()) },
                    terminal,
                    control,
                )
            }
            Err(error) => Err(error.into()),
        };
        Ok(match outcome {
            Ok(outcome) => self.ended(&outcome),
            Err(RunError::Cancelled(_)) => self.stopped(),
            Err(error @ RunError::Store(StoreError::Busy(_) | StoreError::RunningThere { .. })) => {
                Ended::Busy(error.to_string())
            }
            Err(error) => Ended::Failed(error.to_string()),
        })
    }

    fn ended(&self, outcome: &Outcome) -> Ended {
        match outcome.status {
            Status::Done => Ended::Done,
            Status::Cancelled => self.stopped(),
            _ => Ended::Failed(outcome.reason.clone().unwrap_or_else(|| "the run failed".to_owned())),
        }
    }

    fn stopped(&self) -> Ended {
        Ended::Stopped(self.signals.stop().unwrap_or(Stop::Cancelled))
    }
}

/// True if a run is that of a task: what a lab reads from files into its settings aside.
fn is_of(config: &str, task: &Task, experiment: &Experiment) -> bool {
    config == task.config_hash || config == config_hash(&experiment.resolved())
}

/// Makes place for a run in a folder without a manifest: what a program left that died before the first step is removed, anything more
/// is set aside.
fn clear(run: &Path) -> Result<(), StoreError> {
    let failed = |error| StoreError::io("the run folder", run, error);
    let entries = match fs::read_dir(run) {
        Ok(entries) => entries,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(failed(error)),
    };
    let only_begun = entries.flatten().all(|entry| BEGINNINGS.iter().any(|name| entry.file_name() == **name));
    if only_begun && store::checkpoints(run).is_empty() {
        fs::remove_dir_all(run).map_err(failed)
    } else {
        set_aside(run, "lost")
    }
}
