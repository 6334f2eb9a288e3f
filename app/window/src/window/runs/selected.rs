//! Which run a curve belongs to: a click on it brings the run's line of the table into sight, and the curve stands out.

use std::path::Path;

use super::arrange::Line;
use super::list::Runs;
use crate::window::app::App;

impl App {
    /// Id of the run whose curve was clicked.
    pub fn selected_run(&self) -> Option<&str> {
        let path = self.runs.selected.as_ref()?;
        self.runs.row(path).map(|row| row.manifest.id.as_str())
    }
}

impl Runs {
    /// Points at a run; the table scrolls to it.
    pub(super) fn select(&mut self, path: &Path) {
        self.selected = Some(path.to_owned());
        self.reveal = true;
    }

    /// Line of the table that was asked for, once.
    pub(super) fn revealed(&mut self) -> Option<usize> {
        if !std::mem::take(&mut self.reveal) {
            return None;
        }
        let place = self.selected.as_ref().and_then(|path| self.places.get(path))?;
        self.lines.iter().position(|line| *line == Line::Run(*place))
    }

    /// Place of that run among the runs that are drawn beside the one that is shown.
    pub(in crate::window) fn selected_place(&self) -> Option<usize> {
        let place = self.selected.as_ref().and_then(|path| self.overlay_set().place(path));
        place.filter(|place| *place > 0)
    }
}
