//! Why a run did not come to its end.

use std::path::PathBuf;

use super::control::Cancelled;
use crate::device::DeviceError;
use crate::experiment::Problem;
use crate::store::{CodecError, StoreError};
use weightscope_data::DataError;

/// Why a run did not come to its end. Whatever the reason, the run keeps what it has.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// A person ended it.
    #[error(transparent)]
    Cancelled(#[from] Cancelled),
    /// The experiment cannot run.
    #[error("the experiment has problems: {}", list(.0))]
    Problems(Vec<Problem>),
    /// A quantity became infinite or undefined.
    #[error(
        "{what} is no finite number at step {step} (stage {stage}); lower the learning rate, and start again from the last checkpoint or anew"
    )]
    Diverged {
        /// The quantity.
        what: String,
        /// Step.
        step: u64,
        /// Name of the stage.
        stage: String,
    },
    /// The checkpoint to fork from is not there.
    #[error("{}; choose a step that is kept, or pause the run to save one: {}", no_checkpoint(*.step, .kept), path.display())]
    NoCheckpoint {
        /// The step asked for; `None` is the newest.
        step: Option<u64>,
        /// Steps whose checkpoints are kept.
        kept: Vec<u64>,
        /// The parent's folder.
        path: PathBuf,
    },
    /// The checkpoint that a fork began with is gone, in its folder and in its parent's.
    #[error("the checkpoint that this run was forked from is gone, so it cannot be repeated or begun again: {}", .0.display())]
    OriginGone(PathBuf),
    /// The run folder cannot be used.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A checkpoint does not fit the experiment.
    #[error(transparent)]
    Codec(#[from] CodecError),
    /// The data cannot be used.
    #[error(transparent)]
    Data(#[from] DataError),
    /// The data are not those that the run began with.
    #[error(
        "the data are not those of the run: their content has changed since ({what}); put the old file back; `weightscope resume` takes it from elsewhere with --data FILE, or goes on all the same with --accept-changed-data: {place}"
    )]
    DataChanged {
        /// Path or name of the data.
        place: String,
        /// What tells them apart.
        what: String,
    },
    /// The device cannot be used.
    #[error(transparent)]
    Device(#[from] DeviceError),
    /// A defect of the program.
    #[error("the run stopped on a defect of the program: {0}; please report it with the run's log.txt")]
    Defect(String),
}

impl RunError {
    /// One setting is the reason.
    pub fn setting(key: &str, message: impl Into<String>) -> Self {
        Self::Problems(vec![Problem::error(key, message)])
    }

    /// As problems of an experiment, for what goes wrong while its data are opened: `data` is the setting that names the data set,
    /// `target` the one that names its column of labels.
    pub fn into_problems(self, data: &str, target: &str) -> Vec<Problem> {
        let key = match &self {
            Self::Data(error) if error.is_about_target() => target,
            _ => data,
        };
        match self {
            Self::Problems(problems) => problems,
            other => vec![Problem::error(key, other.to_string())],
        }
    }
}

fn list(problems: &[Problem]) -> String {
    problems.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ")
}

fn no_checkpoint(step: Option<u64>, kept: &[u64]) -> String {
    let kept: Vec<String> = kept.iter().map(ToString::to_string).collect();
    match (step, kept.is_empty()) {
        (_, true) => "this run has no checkpoint yet".to_owned(),
        (None, false) => "this run has no checkpoint that can be read".to_owned(),
        (Some(step), false) => {
            format!("this run has no checkpoint at step {step}, it has them at {}", kept.join(", "))
        }
    }
}
