//! A sweep as a table of tasks in a folder, as it is read: what is to be done, and how each task stands. The command line makes plans and
//! carries them out; the window follows them.
//!
//! Contract: nothing here changes a plan or a run. The truth about a task is the manifest of its run folder: what `state/` says may be torn
//! or lost, and no finished run is lost with it.

mod error;
mod files;
mod standing;
mod state;
mod tasks;

pub use error::PlanError;
pub use files::Folder;
pub use standing::{Report, all, one};
pub use state::{Standing, State};
pub use tasks::{Options, Plan, Task};
