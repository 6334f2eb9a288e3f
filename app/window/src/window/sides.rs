//! The panels around the views: which are open, and how wide the sides are. In a narrow window set-up and inspector share one side.

use egui::{Panel, Ui};

use super::app::App;
use super::style;

/// Below this width set-up and inspector share the left side, so that the views keep room.
const NARROW: f32 = 1200.0;

/// What stands at a side of the views.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Side {
    Setup,
    Inspector,
}

/// Which panels are open.
pub(super) struct Panels {
    pub(super) setup: bool,
    pub(super) inspector: bool,
    pub(super) bottom: bool,
    /// Where the window has no room for two sides, what stands at its one side.
    pub(super) one: Option<Side>,
}

impl Panels {
    /// Set-up, inspector, bottom; in a narrow window the first that is open stands at its one side.
    pub(super) fn new([setup, inspector, bottom]: [bool; 3]) -> Self {
        let one = if setup { Some(Side::Setup) } else { inspector.then_some(Side::Inspector) };
        Self { setup, inspector, bottom, one }
    }

    /// True if a side is seen.
    pub(super) fn shows(&self, side: Side, narrow: bool) -> bool {
        match (narrow, side) {
            (true, _) => self.one == Some(side),
            (false, Side::Setup) => self.setup,
            (false, Side::Inspector) => self.inspector,
        }
    }

    /// Shows a side, or hides it if it is seen.
    pub(super) fn toggle(&mut self, side: Side, narrow: bool) {
        let shown = self.shows(side, narrow);
        match (narrow, side) {
            (true, _) => self.one = (!shown).then_some(side),
            (false, Side::Setup) => self.setup = !shown,
            (false, Side::Inspector) => self.inspector = !shown,
        }
    }
}

/// A panel at a side: as wide as the person drew it, whatever stands in it.
pub(super) fn side_panel(panel: Panel, width: f32, ui: &mut Ui, add: impl FnOnce(&mut Ui)) {
    style::panel(panel, ui).default_size(width).size_range(240.0..=480.0).resizable(true).show(ui, |ui| {
        let room = ui.available_rect_before_wrap();
        let mut inner = ui.new_child(egui::UiBuilder::new().max_rect(room));
        inner.shrink_clip_rect(room);
        add(&mut inner);
        ui.advance_cursor_after_rect(room);
    });
}

impl App {
    /// True where set-up and inspector share one side.
    pub(super) fn is_narrow(&self) -> bool {
        self.width < NARROW
    }

    /// The two panels that share a side in a narrow window.
    pub(super) fn side_tabs(&mut self, ui: &mut Ui, now: Side) {
        ui.horizontal(|ui| {
            for (side, words) in [(Side::Setup, "Set-up"), (Side::Inspector, "Inspector")] {
                if ui.selectable_label(now == side, words).clicked() {
                    self.panels.one = Some(side);
                }
            }
        });
        ui.separator();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn in_a_narrow_window_one_side_takes_the_place_of_the_other() {
        let mut panels = Panels::new([true; 3]);
        assert!(panels.shows(Side::Setup, false) && panels.shows(Side::Inspector, false), "room for both");
        assert!(panels.shows(Side::Setup, true) && !panels.shows(Side::Inspector, true), "room for one");
        panels.toggle(Side::Inspector, true);
        assert!(panels.shows(Side::Inspector, true) && !panels.shows(Side::Setup, true), "in its place");
        panels.toggle(Side::Inspector, true);
        assert!(!panels.shows(Side::Inspector, true) && !panels.shows(Side::Setup, true), "hidden");
        assert!(
            panels.shows(Side::Setup, false) && panels.shows(Side::Inspector, false),
            "a wide one is as it was"
        );
    }
}
