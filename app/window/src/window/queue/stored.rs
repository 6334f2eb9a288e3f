//! The queue as the session file holds it: experiments as tables of settings, read again by the catalogue.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};
use toml::Table;
use weightscope_frame::experiment::{Comments, Experiment, to_toml};
use weightscope_frame::lab::Catalogue;

use super::model::{Job, Queue, Waiting};

/// A queue at rest.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(in crate::window) struct StoredQueue {
    waiting: Vec<StoredWaiting>,
    next: u64,
    workers: usize,
    held: bool,
    follow: bool,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct StoredWaiting {
    id: u64,
    label: String,
    #[serde(default)]
    name: String,
    job: StoredJob,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
enum StoredJob {
    Run { experiment: Table, root: PathBuf, folder: Option<PathBuf>, origin: String },
    Resume { path: PathBuf },
    Fork { parent: PathBuf, step: Option<u64>, experiment: Table, root: PathBuf, origin: String },
    Verify { path: PathBuf },
}

impl StoredQueue {
    /// A queue put to rest.
    pub(in crate::window) fn of(queue: &Queue) -> Self {
        let waiting = queue.waiting().iter();
        Self {
            waiting: waiting
                .map(|one| StoredWaiting {
                    id: one.id,
                    label: one.label.clone(),
                    name: one.name.clone(),
                    job: store(&one.job),
                })
                .collect(),
            next: queue.next,
            workers: queue.workers,
            held: queue.held,
            follow: queue.follow,
        }
    }

    /// The queue again, and the labels of jobs whose experiments this program cannot read.
    pub(in crate::window) fn read(self, catalogue: Catalogue) -> (Queue, Vec<String>) {
        let mut lost = Vec::new();
        let mut waiting = Vec::new();
        for StoredWaiting { id, label, name, job } in self.waiting {
            // Older files know no names.
            let name = if name.is_empty() { label.clone() } else { name };
            match read(catalogue, job) {
                Some(job) => waiting.push(Waiting { id, label, name, job }),
                None => lost.push(label),
            }
        }
        let mut queue = Queue::new(1);
        (queue.waiting, queue.next, queue.workers) = (waiting, self.next, self.workers);
        (queue.held, queue.follow) = (self.held, self.follow);
        (queue, lost)
    }
}

fn store(job: &Job) -> StoredJob {
    let table = |experiment: &Experiment| to_toml(experiment, Comments::None).parse().unwrap_or_default();
    match job.clone() {
        Job::Run { experiment, root, folder, origin } => {
            StoredJob::Run { experiment: table(&experiment), root, folder, origin }
        }
        Job::Resume { path } => StoredJob::Resume { path },
        Job::Fork { parent, step, experiment, root, origin } => {
            StoredJob::Fork { parent, step, experiment: table(&experiment), root, origin }
        }
        Job::Verify { path } => StoredJob::Verify { path },
    }
}

fn read(catalogue: Catalogue, job: StoredJob) -> Option<Job> {
    Some(match job {
        StoredJob::Run { experiment, root, folder, origin } => {
            Job::Run { experiment: Experiment::from_table(catalogue, experiment).ok()?, root, folder, origin }
        }
        StoredJob::Resume { path } => Job::Resume { path },
        StoredJob::Fork { parent, step, experiment, root, origin } => {
            let experiment = Experiment::from_table(catalogue, experiment).ok()?;
            Job::Fork { parent, step, experiment, root, origin }
        }
        StoredJob::Verify { path } => Job::Verify { path },
    })
}
