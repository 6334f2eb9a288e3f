//! The step that all tiles look at: the newest, or one of the past while the run goes on.
//!
//! Only pictures (histograms, grids, scatters …) have a past that is thinned; the bar stops at the steps that are recorded.

use egui::{RichText, Ui};
use weightscope_frame::record::Record;

use super::command::{Action, Command};
use super::style::{self, color, tokens};
use crate::figure::number::count;

/// The step that all tiles look at: the newest, or one of the past.
#[derive(Default)]
pub(super) struct Scrub {
    /// The step that is looked at; `None` follows the run.
    at: Option<u64>,
    /// Recorded steps, increasing, of this version of the record.
    steps: Vec<u64>,
    version: Option<u64>,
}

impl Scrub {
    /// The step that is looked at; `None` is the newest.
    pub(super) fn at(&self) -> Option<u64> {
        self.at
    }

    /// Follows the run again.
    pub(super) fn live(&mut self) {
        self.at = None;
    }

    /// To the first recorded step.
    pub(super) fn first(&mut self) {
        self.at = self.steps.first().copied();
    }

    /// To the recorded step before or after the present one; after the last it follows the run.
    pub(super) fn step(&mut self, forward: bool) {
        let now = self.at.or(self.steps.last().copied()).unwrap_or(0);
        self.at = if forward {
            self.steps.iter().copied().find(|step| *step > now)
        } else {
            self.steps.iter().copied().rev().find(|step| *step < now).or(self.at)
        };
        if self.at.is_some() && self.at == self.steps.last().copied() && forward {
            self.at = None;
        }
    }

    /// To the recorded step nearest below.
    fn to(&mut self, step: u64) {
        let after = self.steps.partition_point(|known| *known <= step);
        self.at =
            if after == self.steps.len() { None } else { self.steps.get(after.saturating_sub(1)).copied() };
    }

    /// Reads the recorded steps when the record is another one.
    pub(super) fn update(&mut self, record: &Record, version: u64) {
        if self.version != Some(version) {
            self.version = Some(version);
            self.steps = record.picture_steps();
        }
    }

    /// True if there is a past to look at.
    pub(super) fn has_past(&self) -> bool {
        self.steps.len() > 1
    }

    /// The bar below the tiles.
    pub(super) fn ui(&mut self, ui: &mut Ui, actions: &mut Vec<Action>) {
        let (Some(first), Some(last)) = (self.steps.first().copied(), self.steps.last().copied()) else {
            return;
        };
        ui.horizontal(|ui| {
            let button = |ui: &mut Ui, command: Command, actions: &mut Vec<Action>| {
                let (words, about) = command.words();
                let Some(icon) = command.icon() else { return };
                let response = ui.add(egui::Button::new(style::icon(icon)).small().frame(false));
                response.widget_info(|| egui::WidgetInfo::labeled(egui::Role::Button, true, words));
                if response.on_hover_text(about).clicked() {
                    actions.push(Action::Do(command));
                }
            };
            button(ui, Command::ScrubFirst, actions);
            button(ui, Command::ScrubBack, actions);
            let mut at = self.at.unwrap_or(last);
            let words = match self.at {
                Some(step) => format!("step {}", count(step)),
                None => "newest".to_owned(),
            };
            ui.spacing_mut().slider_width = (ui.available_width() - 190.0).max(60.0);
            let slider = egui::Slider::new(&mut at, first..=last)
                .show_value(false)
                .handle_shape(egui::style::HandleShape::Rect { aspect_ratio: 0.5 });
            let response = ui.add(slider);
            response.widget_info(|| egui::WidgetInfo::slider(true, at as f64, "Step that is shown"));
            if response.changed() {
                self.to(at);
            }
            button(ui, Command::ScrubForward, actions);
            let live = ui.add_enabled(self.at.is_some(), egui::Button::new("Live").small());
            if live.on_hover_text(Command::ScrubLive.words().1).clicked() {
                actions.push(Action::Do(Command::ScrubLive));
            }
            ui.label(RichText::new(words).small().color(color(tokens(ui.ctx()).text_muted)));
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scrub() -> Scrub {
        Scrub { at: None, steps: vec![0, 10, 20, 30], version: None }
    }

    #[test]
    fn the_bar_stops_at_recorded_steps_and_follows_at_the_end() {
        let mut scrub = scrub();
        scrub.step(false);
        assert_eq!(scrub.at(), Some(20), "back from the newest");
        scrub.step(false);
        scrub.step(false);
        scrub.step(false);
        assert_eq!(scrub.at(), Some(0), "not before the first");
        scrub.to(19);
        assert_eq!(scrub.at(), Some(10), "nearest below");
        scrub.step(true);
        assert_eq!(scrub.at(), Some(20), "forward");
        scrub.step(true);
        assert_eq!(scrub.at(), None, "the last one is live");
        scrub.to(999);
        assert_eq!(scrub.at(), None, "so is anything after it");
    }
}
