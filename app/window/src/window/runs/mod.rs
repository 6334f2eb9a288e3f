//! Runs on disk: found, told apart, marked, compared, laid over each other.
//!
//! - `model`: one run with all its keys; `query`: the filter language; `arrange`: filter, order and groups; all without a window
//! - `layout`: what is remembered; `list`: the state of the tab; `table`, `cells`, `head`: how it is drawn
//! - `spark`: small curves, read lazily; `overlay`: records of ticked runs; `edit`: star, tags, note
//! - `compare`: only differences; `footer`: badge and lineage of the run that is shown; `selected`: a run that was clicked
//!
//! Contract: nothing here reads a file on the UI thread, and no frame touches more runs than it draws.

pub mod arrange;
mod cells;
mod compare;
mod edit;
mod footer;
mod head;
mod layout;
mod list;
pub mod model;
mod overlay;
pub mod query;
mod selected;
mod spark;
mod table;

use std::path::{Path, PathBuf};

pub(super) use compare::CompareTab;
pub(super) use edit::Remark;
pub(super) use layout::RunsLayout;
pub(super) use list::{Runs, RunsAction};
pub(super) use overlay::OverlaySet;

/// The name of a run's folder, for titles.
pub(super) fn folder_name(path: &Path) -> String {
    path.file_name()
        .map_or_else(|| PathBuf::from(path).display().to_string(), |name| name.to_string_lossy().into_owned())
}
