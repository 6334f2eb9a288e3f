//! Channels that a lab derives for one view from the record and the controls: made off the UI thread, one job at a time.
//!
//! Contract: a control that is turned ends a job that no longer matches and starts a new one at once; a new snapshot alone
//! waits, so that a costly derivation of a live run takes at most a quarter of its thread's time. A job may show coarser results
//! on its way to the whole one.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, sync_channel};
use std::time::{Duration, Instant};

use weightscope_frame::lab::Derive;
use weightscope_frame::record::{Channel, Controls, Record, ViewSpec};
use weightscope_frame::run::Control;

use crate::views;
use crate::window::runs::OverlaySet;
use crate::window::shown::Shown;
use crate::window::task::Task;
use crate::window::watch::Watch;

/// Time between two derivations of a live run, as a multiple of the last one's duration.
const REST: u32 = 3;

/// What work that died is taken to have cost.
const DEAD: Duration = Duration::from_secs(1);

/// Coarse results that may wait for the window.
const MOST_COARSE: usize = 4;

/// What a derivation is made from.
pub(super) struct Basis<'a> {
    pub(super) shown: &'a Shown,
    pub(super) overlay: &'a OverlaySet,
    pub(super) controls: &'a Controls,
    pub(super) watch: &'a Watch,
}

/// What a derivation was made for.
#[derive(Clone, PartialEq)]
struct Key {
    /// Of the run that is shown, and of those beside it.
    version: (u64, u64),
    folders: Vec<PathBuf>,
    controls: Controls,
}

impl Key {
    /// True if at most the data have grown.
    fn asks_the_same(&self, other: &Self) -> bool {
        self.controls == other.controls && self.folders == other.folders
    }
}

/// Channels of the run that is shown, and of those beside it by folder.
#[derive(Default)]
struct Made {
    own: Vec<Channel>,
    beside: Vec<(PathBuf, Vec<Channel>)>,
}

struct Job {
    task: Task<(Result<Made, String>, Duration)>,
    /// Coarser results on the way.
    coarse: Receiver<Vec<Channel>>,
    key: Key,
    control: Arc<Control>,
}

/// The derived channels of one tile, and the work on newer ones.
#[derive(Default)]
pub(super) struct Derivation {
    done: Option<Key>,
    made: Made,
    error: Option<String>,
    generation: u64,
    job: Option<Job>,
    rest_until: Option<Instant>,
}

impl Drop for Derivation {
    fn drop(&mut self) {
        if let Some(job) = &self.job {
            job.control.cancel();
        }
    }
}

impl Derivation {
    /// The channels as far as they are made.
    pub(super) fn channels(&self) -> &[Channel] {
        &self.made.own
    }

    /// The channels of a run beside the one that is shown.
    pub(super) fn beside(&self, folder: &Path) -> &[Channel] {
        self.made.beside.iter().find(|(own, _)| own == folder).map_or(&[], |(_, channels)| channels)
    }

    /// Grows with each result: the key of cached figures.
    pub(super) fn generation(&self) -> u64 {
        self.generation
    }

    /// True while newer channels are made.
    pub(super) fn is_in_work(&self) -> bool {
        self.job.is_some()
    }

    /// What to say in place of a picture, if it is not there for a reason of this derivation.
    pub(super) fn words(&self) -> Option<String> {
        match (&self.error, &self.job) {
            (Some(error), _) => Some(format!("This view could not be made: {error}")),
            (None, Some(_)) => Some("Computing…".to_owned()),
            _ => None,
        }
    }

    /// Takes results, whole or coarse, and starts what is due.
    pub(super) fn follow(&mut self, spec: &ViewSpec, from: &Basis<'_>, context: &egui::Context) {
        if !spec.is_derived() {
            return;
        }
        self.take_coarse();
        self.take_finished();
        let beside = spec.across || views::draws_several(spec);
        let folders = if beside { from.overlay.folders() } else { Vec::new() };
        let grown = if beside { from.overlay.generation } else { 0 };
        let wanted = Key {
            version: (from.shown.version, grown),
            folders,
            controls: from.controls.only(&views::control_ids(spec)),
        };
        if let Some(job) = &self.job {
            if job.key.asks_the_same(&wanted) {
                return;
            }
            job.control.cancel();
            self.job = None;
        }
        let turned = self.done.as_ref().is_none_or(|done| !done.asks_the_same(&wanted));
        let newer = self.done.as_ref().is_none_or(|done| done.version != wanted.version);
        let rested = self.rest_until.is_none_or(|until| Instant::now() >= until);
        if turned || newer && rested {
            self.start(spec, from, wanted, context);
        } else if newer && let Some(until) = self.rest_until {
            context.request_repaint_after(until.saturating_duration_since(Instant::now()));
        }
    }

    /// A coarser result of the work that goes on.
    fn take_coarse(&mut self) {
        let coarse = self.job.as_ref().and_then(|job| job.coarse.try_iter().last());
        if let Some(channels) = coarse {
            self.made.own = channels;
            self.error = None;
            self.generation += 1;
        }
    }

    fn take_finished(&mut self) {
        let Some(result) = self.job.as_ref().and_then(|job| job.task.poll()) else { return };
        let Some(job) = self.job.take() else { return };
        let (result, took) =
            result.unwrap_or((Err("the work died; the log of the terminal says why".to_owned()), DEAD));
        match result {
            Ok(made) => {
                self.made = made;
                self.error = None;
            }
            Err(error) => self.error = Some(error),
        }
        // What it waited for the window is none of its work: on a slow display views of a live run would lag by seconds.
        self.rest_until = Some(Instant::now() + took * REST);
        self.done = Some(job.key);
        self.generation += 1;
    }

    fn start(&mut self, spec: &ViewSpec, from: &Basis<'_>, key: Key, context: &egui::Context) {
        let control = Arc::new(Control::default());
        let shown = from.shown;
        let (method, spec, record) = (shown.experiment.method.clone(), spec.clone(), shown.record().clone());
        let (folder, controls, name) = (shown.folder.clone(), from.controls.clone(), shown.title.clone());
        let (folders, guard, waker) = (key.folders.clone(), Arc::clone(&control), context.clone());
        let beside: Vec<(PathBuf, Record)> = if views::draws_several(&spec) {
            from.overlay.beside().map(|run| (run.folder.clone(), run.record.clone())).collect()
        } else {
            Vec::new()
        };
        let same = |done: &Key| done.version.0 == key.version.0 && done.controls == key.controls;
        let known = self.done.as_ref().filter(|done| !spec.across && self.error.is_none() && same(done));
        let known = known.map(|_| self.made.own.clone());
        let (sender, coarse) = sync_channel(MOST_COARSE);
        // Where only the data grew, the same was derived before without harm.
        let is_new = self.done.as_ref().is_none_or(|done| !done.asks_the_same(&key));
        let watch = from.watch.clone();
        let task = Task::spawn("derive", context, move || {
            let _working = is_new.then(|| watch.working(folder.as_deref(), Some(&spec.id))).flatten();
            let begun = Instant::now();
            let peers = views::peers(method.catalogue(), &spec, &folders);
            let publish = |mut channels: Vec<Channel>| {
                views::place(&mut channels, &peers, &folders);
                // A full channel means that the window is behind; the whole result comes anyway.
                let _ = sender.try_send(channels);
                waker.request_repaint();
            };
            let job = Derive {
                name: &name,
                folder: folder.as_deref(),
                peers: &peers,
                partial: Some(&publish),
                ..Derive::new(&spec.id, &record, &controls, &guard)
            };
            // A tick more or less changes nothing in the run that is shown.
            let own = match known {
                Some(own) => Ok(own),
                None => {
                    views::derived(&method, &spec, &job).map_err(|error| error.to_string()).map(|mut own| {
                        views::place(&mut own, &peers, &folders);
                        own
                    })
                }
            };
            let beside = || views::derived_beside(&method, &spec, &beside, &controls, &guard);
            let made = own.map(|own| Made { own, beside: beside() });
            (made, begun.elapsed())
        });
        self.job = task.map(|task| Job { task, coarse, key, control });
    }
}
