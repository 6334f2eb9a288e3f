//! Where the files of a plan lie.

use std::path::{Path, PathBuf};

use super::tasks::Task;

/// The folder of a plan, as an absolute path.
#[derive(Clone, Debug)]
pub struct Folder(PathBuf);

impl Folder {
    /// The folder at a path that may be relative to the present working folder.
    pub fn new(path: &Path) -> Self {
        Self(std::path::absolute(path).unwrap_or_else(|_| path.to_owned()))
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.0
    }

    /// What is to be done.
    pub fn plan(&self) -> PathBuf {
        self.0.join("plan.json")
    }

    /// The tasks as a table.
    pub fn tasks(&self) -> PathBuf {
        self.0.join("tasks.csv")
    }

    /// The batch file.
    pub fn script(&self) -> PathBuf {
        self.0.join("sweep.sbatch")
    }

    /// What jobs print.
    pub fn logs(&self) -> PathBuf {
        self.0.join("logs")
    }

    /// Settings and results of all tasks, once all are done.
    pub fn results(&self) -> PathBuf {
        self.0.join("results.csv")
    }

    /// How tasks stand.
    pub fn states(&self) -> PathBuf {
        self.0.join("state")
    }

    /// How a task stands.
    pub fn state(&self, task: usize) -> PathBuf {
        self.states().join(format!("{task}.json"))
    }

    /// Who has a task in work.
    pub fn owner(&self, task: usize) -> PathBuf {
        self.states().join(format!("{task}.owner"))
    }

    /// There once a task is done: so that whoever is last knows without reading all manifests. Decides nothing by itself.
    pub fn done(&self, task: usize) -> PathBuf {
        self.states().join(format!("{task}.done"))
    }

    /// The run folder of a task.
    pub fn run(&self, task: &Task) -> PathBuf {
        self.0.join(&task.folder)
    }
}
