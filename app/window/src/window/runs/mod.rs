//! Runs on disk: found, told apart, marked, compared, laid over each other.
//!
//! - `model`: one run with all its keys; `query`: the filter language; `arrange`: filter, order and groups; all without a window
//! - `layout`: what is remembered; `list`: the state of the tab; `action`: what a person does with it
//! - `table`, `cells`, `head`: how it is drawn
//! - `spark`: small curves, read lazily; `overlay`: records of ticked runs; `edit`: star, tags, note
//! - `state`: how a run stands, in one word; `menu`: what a right click offers; `groups`, `grouping`: rows of groups, and by what
//! - `hidden`: what the filter hides; `selected`: which run a clicked curve belongs to
//! - `tasks`: the tasks of a plan that the list follows
//! - `words`: what keys are called; `compare`: only differences; `footer`: badge and lineage of the run that is shown
//!
//! Contract: nothing here reads a file on the UI thread, and no frame touches more runs than it draws.

mod action;
pub mod arrange;
mod cells;
mod compare;
mod edit;
mod footer;
mod grouping;
mod groups;
mod head;
mod hidden;
mod layout;
mod list;
mod menu;
pub mod model;
mod overlay;
pub mod query;
mod selected;
mod spark;
mod state;
mod table;
mod tasks;
mod words;

use std::path::{Path, PathBuf};

pub(super) use action::RunsAction;
pub(super) use compare::CompareTab;
pub(super) use edit::{Remark, tags};
pub(super) use layout::RunsLayout;
pub(super) use list::Runs;
pub(super) use overlay::OverlaySet;
pub(super) use state::{Going, unforkable, words as state_words};
pub use tasks::TaskState;

/// The name of a run's folder, for titles.
pub(super) fn folder_name(path: &Path) -> String {
    path.file_name()
        .map_or_else(|| PathBuf::from(path).display().to_string(), |name| name.to_string_lossy().into_owned())
}
