//! How experiments are carried out: the worker, its control, what it tells and to whom.
//!
//! Contract: a run is a function of (experiment, seed, version); neither observer nor control changes a number of it.
//! The engine never prints and never writes outside the run folder.

mod check;
mod context;
mod control;
mod error;
mod event;
mod fork;
pub(crate) mod jobs;
mod moved;
mod observers;
mod part;
mod parts;
mod place;
mod rate;
mod request;
mod verify;
mod waiting;
mod worker;

pub use check::{DataCheck, check_data};
pub use context::Context;
pub use control::{Cancelled, Control, MOST_REQUESTS};
pub use error::RunError;
pub use event::{EVENT_BOUND, Event, Observer, Progress, Snapshot};
pub use fork::{ForkRequest, fork, fork_refusals, fork_steps, spawn_fork};
pub use jobs::{Job, Jobs, News};
pub use moved::{Opened, missing_data, move_data, open_pack};
pub use observers::{Collector, Nobody};
pub use part::{PART, PARTS, Part, Share};
pub use parts::{Cut, Parts};
pub use place::{default_cache_folder, default_runs_folder, new_run_folder};
pub use request::Request;
pub use verify::{Comparison, spawn_verify, verify};
pub(crate) use worker::now_text;
pub use worker::{
    Outcome, Place, Resuming, RunRequest, config_hash, resume, resume_with, run, set_open_threads, spawn,
    spawn_resume,
};
