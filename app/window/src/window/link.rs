//! The window as an observer of a run: events through a bounded channel, the newest snapshot through an atomic pointer.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread::JoinHandle;
use std::time::Duration;

use arc_swap::ArcSwapOption;
use weightscope_frame::experiment::Problem;
use weightscope_frame::lab::Catalogue;
use weightscope_frame::run::{
    self, Comparison, Control, EVENT_BOUND, Event, ForkRequest, Observer, Outcome, RunError, RunRequest,
    Snapshot,
};

use super::queue::LiveKind;

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

/// What a worker is to do.
pub(super) enum Launch {
    New(RunRequest),
    Resume(PathBuf),
    Fork(ForkRequest),
    Verify(PathBuf),
}

/// How it ended.
pub(super) enum Ending {
    Run(Outcome),
    Verified(Comparison),
}

/// Why it could not begin.
pub(super) struct Refusal {
    pub(super) text: String,
    /// Problems of its settings, where those are the reason.
    pub(super) problems: Vec<Problem>,
}

impl Refusal {
    fn of(error: RunError) -> Self {
        let text = error.to_string();
        let problems = if let RunError::Problems(problems) = error { problems } else { Vec::new() };
        Self { text, problems }
    }
}

/// The thread of a run.
enum Worker {
    Run(JoinHandle<Result<Outcome, RunError>>),
    Verify(JoinHandle<Result<Comparison, RunError>>),
}

impl Worker {
    fn is_finished(&self) -> bool {
        match self {
            Self::Run(handle) => handle.is_finished(),
            Self::Verify(handle) => handle.is_finished(),
        }
    }

    fn join(self) -> Result<Ending, Refusal> {
        let died = || Refusal { text: "the run's thread died".to_owned(), problems: Vec::new() };
        match self {
            Self::Run(handle) => handle.join().map_err(|_| died())?.map(Ending::Run).map_err(Refusal::of),
            Self::Verify(handle) => {
                handle.join().map_err(|_| died())?.map(Ending::Verified).map_err(Refusal::of)
            }
        }
    }
}

/// A run that this window started.
pub(super) struct Link {
    pub(super) id: u64,
    /// Words for lists.
    pub(super) label: String,
    /// What the run is called.
    pub(super) name: String,
    /// Folder of the run.
    pub(super) folder: PathBuf,
    pub(super) kind: LiveKind,
    pub(super) control: Arc<Control>,
    newest: Arc<ArcSwapOption<Snapshot>>,
    events: Receiver<Event>,
    worker: Option<Worker>,
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
    /// Starts the work on a thread of its own.
    pub(super) fn launch(
        catalogue: Catalogue,
        launch: Launch,
        context: &egui::Context,
        interval: &RepaintInterval,
    ) -> std::io::Result<Self> {
        let (sender, events) = sync_channel(EVENT_BOUND);
        let newest = Arc::new(ArcSwapOption::empty());
        let control = Arc::new(Control::default());
        let observer: Box<dyn Observer> = Box::new(WindowObserver {
            context: context.clone(),
            interval: interval.clone(),
            newest: Arc::clone(&newest),
            events: sender,
        });
        let hand = Arc::clone(&control);
        let worker = match launch {
            Launch::New(request) => Worker::Run(run::spawn(request, observer, hand)?),
            Launch::Resume(path) => Worker::Run(run::spawn_resume(catalogue, path, observer, hand)?),
            Launch::Fork(request) => Worker::Run(run::spawn_fork(catalogue, request, observer, hand)?),
            Launch::Verify(path) => Worker::Verify(run::spawn_verify(catalogue, path, observer, hand)?),
        };
        Ok(Self {
            id: 0,
            label: String::new(),
            name: String::new(),
            folder: PathBuf::new(),
            kind: LiveKind::Run,
            control,
            newest,
            events,
            worker: Some(worker),
        })
    }

    /// Events since the last call.
    pub(super) fn events(&self) -> Vec<Event> {
        self.events.try_iter().collect()
    }

    /// The newest snapshot.
    pub(super) fn snapshot(&self) -> Option<Arc<Snapshot>> {
        self.newest.load_full()
    }

    /// How it ended, once.
    pub(super) fn finished(&mut self) -> Option<Result<Ending, Refusal>> {
        if !self.worker.as_ref().is_some_and(Worker::is_finished) {
            return None;
        }
        self.worker.take().map(Worker::join)
    }

    /// Ends the run and waits until it has written what it has.
    pub(super) fn close(&self) {
        self.control.cancel();
        // The run may wait for room in the event channel: keep taking until it has ended.
        while self.worker.as_ref().is_some_and(|worker| !worker.is_finished()) {
            let _ = self.events();
            std::thread::sleep(Duration::from_millis(2));
        }
    }
}
