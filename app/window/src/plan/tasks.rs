//! `plan.json`: the experiment of a plan, and its members as tasks.
//!
//! Contract: it is written whole and never changed; whoever carries a task out reads it and nothing else of the experiment.

use std::fs;
use std::io::ErrorKind;

use serde::{Deserialize, Serialize};
use weightscope_frame::store::StoreError;

use super::error::PlanError;
use super::files::Folder;

/// What `plan.json` holds.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Plan {
    /// Version of the program; no other one carries the tasks out.
    pub version: String,
    /// When it was made, RFC 3339.
    pub made: String,
    /// Preset or file that it came from.
    pub origin: String,
    /// blake3 of what makes the plan: version, experiment, options, data.
    pub hash: String,
    /// Folder in which it was made: relative paths of the experiment start there.
    pub working_folder: String,
    /// How jobs are submitted.
    pub options: Options,
    /// blake3 of each source of data.
    pub data: Vec<String>,
    /// The whole experiment with its sweep.
    pub experiment: String,
    /// Keys that tell tasks apart, in the order of the columns.
    pub keys: Vec<String>,
    /// The tasks, in order.
    pub tasks: Vec<Task>,
}

/// How jobs are submitted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Options {
    /// Tasks of an element.
    pub pack: usize,
    /// Time limit of an element.
    pub time: String,
    /// Partition.
    pub partition: Option<String>,
    /// Cores of an element.
    pub cpus: u32,
    /// Seconds before the time limit.
    pub signal: u32,
}

/// One task.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Task {
    /// Its number, from 0.
    pub index: usize,
    /// What tells it from the others, fit for a folder name.
    pub label: String,
    /// The same as a person wrote it.
    pub name: String,
    /// Its run folder, inside the plan's.
    pub folder: String,
    /// The settings of the plan's keys.
    pub settings: toml::Table,
    /// Hash of its whole experiment.
    pub config_hash: String,
}

impl Plan {
    /// Reads the plan of a folder, whatever version made it.
    ///
    /// # Errors
    /// If there is none, or it cannot be read.
    pub fn read(folder: &Folder) -> Result<Self, PlanError> {
        let path = folder.plan();
        let text = fs::read(&path).map_err(|error| match error.kind() {
            ErrorKind::NotFound => PlanError::None(folder.path().to_owned()),
            _ => PlanError::Store(StoreError::io("the plan", &path, error)),
        })?;
        serde_json::from_slice(&text).map_err(|error| PlanError::Damaged { why: error.to_string(), path })
    }

    /// Elements of the job array.
    pub fn elements(&self) -> usize {
        self.tasks.len().div_ceil(self.options.pack.max(1))
    }

    /// The tasks of an element; none beyond the array.
    pub fn pack(&self, element: usize) -> &[Task] {
        self.tasks.chunks(self.options.pack.max(1)).nth(element).unwrap_or_default()
    }
}
