//! The order of the waiting runs, without a window.
//!
//! Contract: entries have identities that stay; nothing starts while the queue is held; at most `workers` run at once, except
//! what a person starts by hand.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use weightscope_frame::experiment::Experiment;

/// Something to be carried out.
#[derive(Clone, Debug, PartialEq)]
pub(in crate::window) enum Job {
    /// A new run; without a folder of its own it gets one under the root when it starts.
    Run { experiment: Experiment, root: PathBuf, folder: Option<PathBuf>, origin: String },
    /// A stored run goes on.
    Resume { path: PathBuf },
    /// A child of a stored or held run.
    Fork { parent: PathBuf, step: Option<u64>, experiment: Experiment, root: PathBuf, origin: String },
    /// A stored run is repeated and compared.
    Verify { path: PathBuf },
}

impl Job {
    /// True if it needs the run in a folder.
    pub(in crate::window) fn needs(&self, path: &Path) -> bool {
        match self {
            Self::Run { .. } => false,
            Self::Resume { path: own } | Self::Verify { path: own } | Self::Fork { parent: own, .. } => {
                own == path
            }
        }
    }
}

/// A job that waits.
#[derive(Clone, Debug, PartialEq)]
pub(in crate::window) struct Waiting {
    pub(in crate::window) id: u64,
    /// What tells it from the others.
    pub(in crate::window) label: String,
    /// What its run is called.
    pub(in crate::window) name: String,
    pub(in crate::window) job: Job,
}

/// Runs that wait, in order, and how many may go at once.
#[derive(Clone, Debug, PartialEq)]
pub(in crate::window) struct Queue {
    pub(super) waiting: Vec<Waiting>,
    pub(super) next: u64,
    /// Runs at once.
    pub(in crate::window) workers: usize,
    /// Nothing starts.
    pub(in crate::window) held: bool,
    /// A run that starts is shown.
    pub(in crate::window) follow: bool,
    /// Runs that were held together with the queue, to be let go with it.
    pub(in crate::window) held_runs: BTreeSet<u64>,
}

impl Queue {
    /// An empty queue with one worker for two cores.
    pub(in crate::window) fn new(cores: usize) -> Self {
        Self {
            waiting: Vec::new(),
            next: 1,
            workers: (cores / 2).max(1),
            held: false,
            follow: true,
            held_runs: BTreeSet::new(),
        }
    }

    /// A new identity, for entries and runs.
    pub(in crate::window) fn identity(&mut self) -> u64 {
        self.next += 1;
        self.next - 1
    }

    /// What waits, in order.
    pub(in crate::window) fn waiting(&self) -> &[Waiting] {
        &self.waiting
    }

    /// Adds a job at the end; `name` is what its run is called.
    pub(in crate::window) fn add(&mut self, label: String, name: String, job: Job) -> u64 {
        let id = self.identity();
        self.waiting.push(Waiting { id, label, name, job });
        id
    }

    /// Adds an equal job behind one; a run gets a folder of its own.
    pub(in crate::window) fn duplicate(&mut self, id: u64) {
        let Some(index) = self.position(id) else { return };
        let Some(mut copy) = self.waiting.get(index).cloned() else { return };
        copy.id = self.identity();
        if let Job::Run { folder, root, .. } = &mut copy.job
            && let Some(parent) = folder.take().and_then(|folder| folder.parent().map(PathBuf::from))
        {
            *root = parent;
        }
        self.waiting.insert(index + 1, copy);
    }

    /// Takes an entry out.
    pub(in crate::window) fn remove(&mut self, id: u64) -> Option<Waiting> {
        self.position(id).map(|index| self.waiting.remove(index))
    }

    /// Takes all out.
    pub(in crate::window) fn clear(&mut self) {
        self.waiting.clear();
    }

    /// One place towards the front or the end.
    pub(in crate::window) fn shift(&mut self, id: u64, earlier: bool) {
        let Some(index) = self.position(id) else { return };
        let other = if earlier { index.checked_sub(1) } else { Some(index + 1) };
        if let Some(other) = other.filter(|other| *other < self.waiting.len()) {
            self.waiting.swap(index, other);
        }
    }

    /// To the place before the entry that stands at `place` now; places beyond the end mean the end.
    pub(in crate::window) fn place(&mut self, id: u64, place: usize) {
        let Some(index) = self.position(id) else { return };
        let entry = self.waiting.remove(index);
        let place = if index < place { place - 1 } else { place };
        self.waiting.insert(place.min(self.waiting.len()), entry);
    }

    /// The next job, if one may start while `busy` runs are in work.
    pub(in crate::window) fn take(&mut self, busy: usize) -> Option<Waiting> {
        let free = !self.held && busy < self.workers.max(1) && !self.waiting.is_empty();
        free.then(|| self.waiting.remove(0))
    }

    fn position(&self, id: u64) -> Option<usize> {
        self.waiting.iter().position(|entry| entry.id == id)
    }
}

#[cfg(test)]
mod tests {
    use super::super::stored::StoredQueue;
    use super::*;

    fn queue(count: usize) -> (Queue, Vec<u64>) {
        let mut queue = Queue::new(2);
        let ids = (0..count)
            .map(|index| {
                let job = Job::Resume { path: PathBuf::from(index.to_string()) };
                queue.add(index.to_string(), index.to_string(), job)
            })
            .collect();
        (queue, ids)
    }

    fn order(queue: &Queue) -> String {
        queue.waiting().iter().map(|entry| entry.label.as_str()).collect()
    }

    #[test]
    fn order_changes_by_hand_and_by_drag() {
        let (mut queue, ids) = queue(4);
        queue.shift(ids[2], true);
        assert_eq!(order(&queue), "0213", "one up");
        queue.shift(ids[0], true);
        queue.shift(ids[3], false);
        assert_eq!(order(&queue), "0213", "the ends hold");
        queue.place(ids[0], 3);
        assert_eq!(order(&queue), "2103", "dropped before the last");
        queue.place(ids[3], 0);
        assert_eq!(order(&queue), "3210", "dropped at the front");
        queue.place(ids[3], 99);
        assert_eq!(order(&queue), "2103", "and beyond the end");
        queue.remove(ids[1]);
        queue.duplicate(ids[2]);
        assert_eq!(order(&queue), "2203", "an equal one behind it");
        assert_ne!(queue.waiting()[0].id, queue.waiting()[1].id, "with an identity of its own");
    }

    #[test]
    fn a_held_queue_starts_nothing_and_workers_bound_it() {
        let (mut queue, _) = queue(3);
        assert_eq!(queue.workers, 1, "one for two cores");
        assert!(queue.take(1).is_none(), "no worker is free");
        queue.workers = 2;
        assert_eq!(queue.take(1).map(|entry| entry.label), Some("0".to_owned()), "the first");
        queue.held = true;
        assert!(queue.take(0).is_none(), "held");
        assert_eq!(Queue::new(16).workers, 8, "one for two cores");
        assert_eq!(Queue::new(1).workers, 1, "at least one");
    }

    #[test]
    fn a_copy_of_a_sweep_member_gets_its_own_folder_and_the_queue_survives_a_file() {
        let mut queue = Queue::new(2);
        let method = weightscope_engine::CATALOGUE.method("oscillation").unwrap();
        let id = queue.add(
            "seed=1".to_owned(),
            "quick · s1".to_owned(),
            Job::Run {
                experiment: Experiment::new(method),
                root: PathBuf::from("runs"),
                folder: Some(PathBuf::from("runs/sweep/seed=1")),
                origin: "quick".to_owned(),
            },
        );
        queue.duplicate(id);
        let Job::Run { root, folder, .. } = &queue.waiting()[1].job else { panic!("another job") };
        assert_eq!(
            (root.as_path(), folder),
            (std::path::Path::new("runs/sweep"), &None),
            "beside its original"
        );
        let text = serde_json::to_string(&StoredQueue::of(&queue)).unwrap();
        let stored: StoredQueue = serde_json::from_str(&text).unwrap();
        let (back, lost) = stored.read(weightscope_engine::CATALOGUE);
        assert_eq!((back, lost), (queue, Vec::new()), "as it was");
    }
}
