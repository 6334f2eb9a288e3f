//! Undo and redo of settings and layout: a drag is one step, results are never undone.

use egui::util::undoer::Undoer;
use egui_tiles::Tree;
use weightscope_frame::experiment::Experiment;

use super::tiles::Pane;

/// What undo goes back to: the form and the arrangement of the tiles.
#[derive(Clone, PartialEq)]
pub(super) struct Moment {
    pub(super) experiment: Experiment,
    pub(super) origin: String,
    /// Lab that the arrangement belongs to.
    pub(super) lab: Option<String>,
    pub(super) tree: Option<Tree<Pane>>,
    /// Views that the person put together.
    pub(super) own: Vec<String>,
}

/// What undo and redo go through: settings and layouts as they stood, a drag as one step.
#[derive(Default)]
pub(super) struct History(Undoer<Moment>);

impl History {
    /// Looks at the present state; call it once a frame.
    pub(super) fn feed(&mut self, time: f64, now: &Moment) {
        self.0.feed_state(time, now);
    }

    /// True while a change waits for its undo point.
    pub(super) fn is_in_flux(&self) -> bool {
        self.0.is_in_flux()
    }

    /// True if there is a state to go back to.
    pub(super) fn can_undo(&self, now: &Moment) -> bool {
        self.0.has_undo(now)
    }

    /// True if there is a state that the last undo left.
    pub(super) fn can_redo(&self, now: &Moment) -> bool {
        self.0.has_redo(now)
    }

    /// The state before the last change.
    pub(super) fn undo(&mut self, now: &Moment) -> Option<Moment> {
        self.0.undo(now).cloned()
    }

    /// The state that the last undo left.
    pub(super) fn redo(&mut self, now: &Moment) -> Option<Moment> {
        self.0.redo(now).cloned()
    }
}
