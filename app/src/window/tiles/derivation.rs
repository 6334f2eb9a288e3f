//! Channels that a lab derives for one view from the record and the controls: made off the UI thread, one job at a time.
//!
//! Contract: a control that is turned ends a job that no longer matches and starts a new one at once; a new snapshot alone
//! waits, so that a costly derivation of a live run takes at most a quarter of its thread's time.

use std::sync::Arc;
use std::time::{Duration, Instant};

use weightscope_engine::record::{Channel, Controls, ViewSpec};
use weightscope_engine::run::Control;

use crate::views;
use crate::window::shown::Shown;
use crate::window::task::Task;

/// Time between two derivations of a live run, as a multiple of the last one's duration.
const REST: u32 = 3;

/// What a derivation was made for.
#[derive(Clone, PartialEq)]
struct Key {
    version: u64,
    controls: Controls,
}

struct Job {
    task: Task<Result<Vec<Channel>, String>>,
    key: Key,
    control: Arc<Control>,
    begun: Instant,
}

/// See the module.
#[derive(Default)]
pub(super) struct Derivation {
    done: Option<Key>,
    channels: Vec<Channel>,
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
        &self.channels
    }

    /// Grows with each result: the key of cached figures.
    pub(super) fn generation(&self) -> u64 {
        self.generation
    }

    /// What to say in place of a picture, if it is not there for a reason of this derivation.
    pub(super) fn words(&self) -> Option<String> {
        match (&self.error, &self.job) {
            (Some(error), _) => Some(format!("This view could not be made: {error}")),
            (None, Some(job)) if job.begun.elapsed() > Duration::from_millis(300) => {
                Some("Computing…".to_owned())
            }
            _ => None,
        }
    }

    /// Takes a finished result and starts what is due.
    pub(super) fn follow(
        &mut self,
        shown: &Shown,
        spec: &ViewSpec,
        controls: &Controls,
        context: &egui::Context,
    ) {
        if spec.derives.is_empty() {
            return;
        }
        self.take_finished();
        let wanted = Key { version: shown.version, controls: controls.only(&views::control_ids(spec)) };
        if let Some(job) = &self.job {
            if job.key.controls == wanted.controls {
                return;
            }
            job.control.cancel();
            self.job = None;
        }
        let turned = self.done.as_ref().is_none_or(|done| done.controls != wanted.controls);
        let newer = self.done.as_ref().is_none_or(|done| done.version != wanted.version);
        let rested = self.rest_until.is_none_or(|until| Instant::now() >= until);
        if turned || newer && rested {
            self.start(shown, spec, controls.clone(), wanted, context);
        } else if newer && let Some(until) = self.rest_until {
            context.request_repaint_after(until.saturating_duration_since(Instant::now()));
        }
    }

    fn take_finished(&mut self) {
        let Some(result) = self.job.as_ref().and_then(|job| job.task.poll()) else { return };
        let Some(job) = self.job.take() else { return };
        match result {
            Ok(Ok(channels)) => {
                self.channels = channels;
                self.error = None;
            }
            Ok(Err(error)) => self.error = Some(error),
            Err(()) => self.error = Some("the work died; the log of the terminal says why".to_owned()),
        }
        self.rest_until = Some(Instant::now() + job.begun.elapsed() * REST);
        self.done = Some(job.key);
        self.generation += 1;
    }

    fn start(
        &mut self,
        shown: &Shown,
        spec: &ViewSpec,
        controls: Controls,
        key: Key,
        context: &egui::Context,
    ) {
        let control = Arc::new(Control::default());
        let (method, spec, record) = (shown.experiment.method.clone(), spec.clone(), shown.record().clone());
        let (folder, guard) = (shown.folder.clone(), Arc::clone(&control));
        let task = Task::spawn("derive", context, move || {
            views::derived(&method, &spec, &record, &controls, folder.as_deref(), &guard)
                .map_err(|error| error.to_string())
        });
        self.job = task.map(|task| Job { task, key, control, begun: Instant::now() });
    }
}
