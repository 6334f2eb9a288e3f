//! Why a run did not come to its end.

use super::control::Cancelled;
use crate::data::DataError;
use crate::device::DeviceError;
use crate::experiment::Problem;
use crate::store::StoreError;

/// See the module. Whatever the reason, the run keeps what it has.
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
        "{what} is no finite number at step {step} (stage {stage}); lower the learning rate or raise the bit width, and start again from the last checkpoint or anew"
    )]
    Diverged {
        /// The quantity.
        what: String,
        /// Step.
        step: u64,
        /// Name of the stage.
        stage: String,
    },
    /// The run folder cannot be used.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The data cannot be used.
    #[error(transparent)]
    Data(#[from] DataError),
    /// The device cannot be used.
    #[error(transparent)]
    Device(#[from] DeviceError),
    /// A defect of the program.
    #[error("the run stopped on a defect of the program: {0}; please report it with the run's log.txt")]
    Defect(String),
}

fn list(problems: &[Problem]) -> String {
    problems.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ")
}
