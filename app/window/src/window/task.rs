//! One-off work off the UI thread: file dialogs, exports, reading a run.

use std::sync::mpsc::{Receiver, TryRecvError, sync_channel};

/// Work in progress, polled once a frame.
pub(super) struct Task<T> {
    receiver: Receiver<T>,
}

impl<T: Send + 'static> Task<T> {
    /// Starts the work on a thread of its own; the window is woken when it is done.
    pub(super) fn spawn(
        name: &str,
        context: &egui::Context,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Option<Self> {
        let (sender, receiver) = sync_channel(1);
        let context = context.clone();
        let spawned = std::thread::Builder::new().name(name.to_owned()).spawn(move || {
            // Nobody may wait any more; then the result is not wanted.
            let _ = sender.send(work());
            context.request_repaint();
        });
        spawned.ok().map(|_| Self { receiver })
    }

    /// The result, once; `Err` if the work died.
    pub(super) fn poll(&self) -> Option<Result<T, ()>> {
        match self.receiver.try_recv() {
            Ok(value) => Some(Ok(value)),
            Err(TryRecvError::Empty) => None,
            Err(TryRecvError::Disconnected) => Some(Err(())),
        }
    }
}
