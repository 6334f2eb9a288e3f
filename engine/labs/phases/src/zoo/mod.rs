//! The zoo on disk, in the layout of the published one (ModelZoos/PhaseTransitionModelZoo): one folder per model with `params.json`,
//! `result.json` (one JSON object per line and epoch) and a checkpoint folder, whose weights are a safetensors file here.
//!
//! Contract: a model counts as there when its `result.json` is; that is written last, so that a program killed at any moment leaves
//! whole models only. Numbers that are none (NaN) are written as `null`.

mod card;
pub(super) mod export;
pub(super) mod import;
mod measure;
mod model;
pub(super) mod noted;
pub(super) mod own;

use super::config::Course;

/// Folder of the zoo inside a run folder.
pub(super) const FOLDER: &str = "zoo";
/// Settings of a model.
pub(super) const PARAMS: &str = "params.json";
/// Learning curve and metrics of a model.
pub(super) const RESULT: &str = "result.json";
/// Weights inside a checkpoint folder.
pub(super) const WEIGHTS: &str = "checkpoints.safetensors";

/// Checkpoint folder of an epoch.
pub(super) fn checkpoint(epoch: usize) -> String {
    format!("checkpoint_{epoch:06}")
}

/// The course of a learning rate from its word in `params.json`.
fn course(word: Option<&str>) -> Option<Course> {
    Course::ALL.iter().copied().find(|course| Some(course.key()) == word)
}
