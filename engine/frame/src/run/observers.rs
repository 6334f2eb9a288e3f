//! Observers that need no window: one that ignores everything, one that keeps everything.

use std::sync::Arc;

use super::event::{Event, Observer, Snapshot};

/// Watches nothing.
#[derive(Clone, Copy, Debug, Default)]
pub struct Nobody;

impl Observer for Nobody {
    fn on(&mut self, _event: Event) {}
    fn publish(&mut self, _snapshot: Arc<Snapshot>) {}
}

/// Keeps all events and the last snapshot, for tests.
#[derive(Clone, Debug, Default)]
pub struct Collector {
    /// All events in order.
    pub events: Vec<Event>,
    /// The newest snapshot.
    pub last: Option<Arc<Snapshot>>,
    /// How many snapshots came.
    pub published: usize,
}

impl Observer for Collector {
    fn on(&mut self, event: Event) {
        self.events.push(event);
    }

    fn publish(&mut self, snapshot: Arc<Snapshot>) {
        self.published += 1;
        self.last = Some(snapshot);
    }
}
