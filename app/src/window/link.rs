//! The window as an observer of a run: events through a bounded channel, the newest snapshot through an atomic pointer.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread::JoinHandle;
use std::time::Duration;

use arc_swap::ArcSwapOption;
use weightscope_engine::run::{
    self, Control, EVENT_BOUND, Event, Observer, Outcome, RunError, RunRequest, Snapshot,
};

/// Least time between two repaints, shared with the thread of the run.
#[derive(Clone, Debug, Default)]
pub(super) struct RepaintInterval(Arc<AtomicU64>);

impl RepaintInterval {
    pub(super) fn set(&self, interval: Duration) {
        self.0.store(interval.as_millis() as u64, Ordering::Relaxed);
    }

    pub(super) fn get(&self) -> Duration {
        Duration::from_millis(self.0.load(Ordering::Relaxed))
    }
}

/// A run that this window started.
pub(super) struct Link {
    pub(super) control: Arc<Control>,
    newest: Arc<ArcSwapOption<Snapshot>>,
    events: Receiver<Event>,
    handle: Option<JoinHandle<Result<Outcome, RunError>>>,
}

struct WindowObserver {
    context: egui::Context,
    interval: RepaintInterval,
    newest: Arc<ArcSwapOption<Snapshot>>,
    events: SyncSender<Event>,
}

impl Observer for WindowObserver {
    fn on(&mut self, event: Event) {
        // If the window is gone, nobody needs the news; the run ends by its control.
        let _ = self.events.send(event);
        self.context.request_repaint();
    }

    fn publish(&mut self, snapshot: Arc<Snapshot>) {
        self.newest.store(Some(snapshot));
        self.context.request_repaint_after(self.interval.get());
    }
}

impl Link {
    /// Starts a run.
    pub(super) fn start(
        request: RunRequest,
        context: &egui::Context,
        interval: &RepaintInterval,
    ) -> std::io::Result<Self> {
        Self::launch(context, interval, |observer, control| run::spawn(request, observer, control))
    }

    /// Goes on with a stored run.
    pub(super) fn resume(
        path: PathBuf,
        context: &egui::Context,
        interval: &RepaintInterval,
    ) -> std::io::Result<Self> {
        Self::launch(context, interval, |observer, control| run::spawn_resume(path, observer, control))
    }

    fn launch(
        context: &egui::Context,
        interval: &RepaintInterval,
        spawn: impl FnOnce(
            Box<dyn Observer>,
            Arc<Control>,
        ) -> std::io::Result<JoinHandle<Result<Outcome, RunError>>>,
    ) -> std::io::Result<Self> {
        let (sender, events) = sync_channel(EVENT_BOUND);
        let newest = Arc::new(ArcSwapOption::empty());
        let control = Arc::new(Control::default());
        let observer = WindowObserver {
            context: context.clone(),
            interval: interval.clone(),
            newest: Arc::clone(&newest),
            events: sender,
        };
        let handle = spawn(Box::new(observer), Arc::clone(&control))?;
        Ok(Self { control, newest, events, handle: Some(handle) })
    }

    /// Events since the last call.
    pub(super) fn events(&self) -> Vec<Event> {
        self.events.try_iter().collect()
    }

    /// The newest snapshot.
    pub(super) fn snapshot(&self) -> Option<Arc<Snapshot>> {
        self.newest.load_full()
    }

    /// The outcome, once, when the run has ended.
    pub(super) fn finished(&mut self) -> Option<Result<Outcome, String>> {
        if !self.handle.as_ref().is_some_and(JoinHandle::is_finished) {
            return None;
        }
        let result = self.handle.take()?.join();
        Some(match result {
            Ok(Ok(outcome)) => Ok(outcome),
            Ok(Err(error)) => Err(error.to_string()),
            Err(_) => Err("the run's thread died".to_owned()),
        })
    }

    /// Ends the run and waits until it has written what it has.
    pub(super) fn close(&self) {
        self.control.cancel();
        // The run may wait for room in the event channel: keep taking until it has ended.
        while self.handle.as_ref().is_some_and(|handle| !handle.is_finished()) {
            let _ = self.events();
            std::thread::sleep(Duration::from_millis(2));
        }
    }
}
