//! The queue: what waits, in which order, how many runs at once; and the dialogs that put runs into it.
//!
//! - `model`: the order, pure; `start`: from the queue to runs; `next`: what a button of a view asks for; `live`: the runs in work; `panel`: the tab
//! - `axis`, `sweep`, `ticks`: one field or two over their values; `cluster`: the same as a plan for Slurm; `fork`: a child from a checkpoint

mod axis;
mod cluster;
mod fork;
mod fork_from;
mod live;
mod model;
mod next;
mod panel;
mod start;
mod stored;
mod sweep;
mod ticks;

pub(super) use fork::ForkDialog;
pub(super) use live::{Live, LiveKind};
pub(super) use model::Queue;
pub(super) use panel::QueueAction;
pub(super) use start::Before;
pub(super) use stored::StoredQueue;
pub(super) use sweep::SweepDialog;
