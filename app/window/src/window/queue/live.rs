//! Runs in work that are not shown: each with its own link and state, ready to be shown at any time.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use weightscope_frame::record::Record;
use weightscope_frame::run::Progress;

use super::model::Job;
use crate::window::app::App;
use crate::window::link::Link;
use crate::window::runs::Going;
use crate::window::shown::Shown;

/// What a worker does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::window) enum LiveKind {
    /// It trains.
    Run,
    /// It repeats a run to compare it; there is nothing to show.
    Verify,
}

/// A run in work behind the one that is shown.
pub(in crate::window) struct Live {
    pub(in crate::window) link: Link,
    pub(in crate::window) shown: Option<Shown>,
}

/// A line about a run in work.
pub(in crate::window) struct LiveLine {
    pub(in crate::window) id: u64,
    pub(in crate::window) label: String,
    /// What its run is called.
    pub(in crate::window) name: String,
    pub(in crate::window) kind: LiveKind,
    pub(in crate::window) paused: bool,
    pub(in crate::window) is_shown: bool,
    pub(in crate::window) progress: Progress,
}

impl App {
    /// Runs in work, the one that is shown included.
    pub fn busy(&self) -> usize {
        self.background.len() + usize::from(self.link.is_some())
    }

    /// Places of workers that are taken: a held run behind the one that is shown leaves its place to others.
    pub(in crate::window) fn occupied(&self) -> usize {
        let going = self.background.iter().filter(|live| !live.link.control.is_paused()).count();
        going + usize::from(self.link.is_some())
    }

    /// Words of what waits, in order.
    pub fn waiting(&self) -> Vec<String> {
        self.queue.waiting().iter().map(|entry| entry.label.clone()).collect()
    }

    /// Folder of the run that is shown.
    pub fn folder(&self) -> Option<&Path> {
        self.shown.as_ref()?.folder.as_deref()
    }

    /// Every run in work, the one that is shown first.
    pub(in crate::window) fn live_lines(&self) -> Vec<LiveLine> {
        let line = |link: &Link, shown: Option<&Shown>, is_shown: bool| LiveLine {
            id: link.id,
            label: link.label.clone(),
            name: link.name.clone(),
            kind: link.kind,
            paused: link.control.is_paused(),
            is_shown,
            progress: shown
                .map(|shown| shown.snapshot.progress.clone())
                .or_else(|| link.snapshot().map(|snapshot| snapshot.progress.clone()))
                .unwrap_or_default(),
        };
        let front = self.link.as_ref().map(|link| line(link, self.shown.as_ref(), true));
        front
            .into_iter()
            .chain(self.background.iter().map(|live| line(&live.link, live.shown.as_ref(), false)))
            .collect()
    }

    /// The link of a run in work.
    pub(in crate::window) fn live_link(&self, id: u64) -> Option<&Link> {
        self.all_links().find(|link| link.id == id)
    }

    /// The links of all runs in work.
    pub(in crate::window) fn all_links(&self) -> impl Iterator<Item = &Link> {
        self.link.iter().chain(self.background.iter().map(|live| &live.link))
    }

    /// What is on its way with runs, by folder.
    pub(in crate::window) fn going(&self) -> BTreeMap<PathBuf, Going> {
        let waiting = self.queue.waiting().iter().filter_map(|entry| match &entry.job {
            Job::Resume { path } => Some((path.clone(), Going::Queued)),
            Job::Verify { path } => Some((path.clone(), Going::VerifyQueued)),
            Job::Run { .. } | Job::Fork { .. } => None,
        });
        let share = |link: &Link, shown: Option<&Shown>| match shown {
            Some(shown) => shown.snapshot.progress.fraction(),
            None => link.snapshot().map_or(0.0, |snapshot| snapshot.progress.fraction()),
        };
        let front = self.link.as_ref().map(|link| (link, self.shown.as_ref()));
        let behind = self.background.iter().map(|live| (&live.link, live.shown.as_ref()));
        let work = front.into_iter().chain(behind).map(|(link, shown)| {
            let share = share(link, shown);
            let going = match (link.kind, link.control.is_paused()) {
                (LiveKind::Verify, _) => Going::Verifying(share),
                (LiveKind::Run, true) => Going::Paused(share),
                (LiveKind::Run, false) => Going::Running(share),
            };
            (link.folder.clone(), going)
        });
        waiting.chain(work).collect()
    }

    /// Shows a run if it is in work; false if it must be read from disk.
    pub(in crate::window) fn show_if_live(&mut self, path: &Path) -> bool {
        if self.link.as_ref().is_some_and(|link| link.folder == path) {
            return true;
        }
        let behind = self.background.iter().find(|live| live.link.folder == path && live.shown.is_some());
        let Some(id) = behind.map(|live| live.link.id) else { return false };
        self.bring(id);
        true
    }

    /// Lays the ticked runs over the one that is shown; those in work with what they have by now.
    pub(in crate::window) fn lay_over(&mut self) {
        if self.shown.as_ref().is_some_and(|shown| shown.is_file) {
            return self.runs.overlay_nothing();
        }
        let ticked = || {
            let behind = self.background.iter().filter(|live| self.runs.is_ticked(&live.link.folder));
            behind.filter_map(|live| Some((&live.link.folder, live.shown.as_ref()?)))
        };
        let live: BTreeMap<PathBuf, Record> =
            ticked().map(|(folder, shown)| (folder.clone(), shown.record().clone())).collect();
        let version = ticked().map(|(_, shown)| shown.version + 1).sum();
        let shown = self.shown.as_ref().and_then(|shown| shown.folder.clone());
        self.runs.overlay(shown.as_deref(), (version, &live));
    }

    /// Shows a run in work; the one shown before goes on behind it.
    pub(in crate::window) fn bring(&mut self, id: u64) {
        let Some(index) = self.background.iter().position(|live| live.link.id == id && live.shown.is_some())
        else {
            return;
        };
        let live = self.background.remove(index);
        if let Some(shown) = live.shown {
            self.show_run(shown);
            self.link = Some(live.link);
        }
    }
}
