//! The run that is selected beside the one that is shown: by a click on its curve or its line of the table.

use std::path::{Path, PathBuf};

use egui::{RichText, Ui};

use super::arrange::Line;
use super::cells;
use super::list::{Runs, RunsAction};
use crate::figure::model::Ink;
use crate::figure::number::significant;
use crate::figure::palette;
use crate::window::app::App;
use crate::window::command::Action;
use crate::window::style::{color, tokens};

impl App {
    /// Id of the run that is selected in the table.
    pub fn selected_run(&self) -> Option<&str> {
        let path = self.runs.selected.as_ref()?;
        self.runs.row(path).map(|row| row.manifest.id.as_str())
    }
}

impl Runs {
    /// Selects a run; the table scrolls to it.
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

    /// Place of the selected run among the runs that are drawn beside the one that is shown.
    pub(in crate::window) fn selected_place(&self) -> Option<usize> {
        let place = self.selected.as_ref().and_then(|path| self.overlay_set().place(path));
        place.filter(|place| *place > 0)
    }

    /// The selected run, unless it is the one that is shown.
    pub(in crate::window) fn selected_beside(&self, shown: Option<&Path>) -> Option<PathBuf> {
        self.selected.clone().filter(|path| Some(path.as_path()) != shown && self.row(path).is_some())
    }

    /// What is known of the selected run, and what can be done with it.
    pub(in crate::window) fn selected_ui(&self, ui: &mut Ui, path: &Path, actions: &mut Vec<Action>) {
        let Some(row) = self.row(path) else { return };
        ui.horizontal(|ui| {
            ui.strong("Selected run");
            cells::status_ui(ui, row, None);
        });
        let ticked = self.layout.ticked.contains(path);
        let ink = self.layout.drawn_color(path).map(Ink::Series);
        let mut name = RichText::new(&row.manifest.id);
        if let Some(ink) = ink {
            name = name.color(color(palette::color(tokens(ui.ctx()), ink)));
        }
        ui.add(egui::Label::new(name).truncate()).on_hover_text(&row.manifest.id);
        let headlines = self.layout.headlines(&row.manifest.lab);
        for name in headlines {
            let Some(value) = row.manifest.results.get(*name) else { continue };
            let text = format!("{name} {}", significant(*value, 4));
            ui.add(egui::Label::new(RichText::new(text).small()).truncate());
        }
        ui.horizontal(|ui| {
            if ui.button("Show this run").on_hover_text("Opens the selected run in the views").clicked() {
                actions.push(Action::OpenRun(path.to_owned()));
            }
            let (words, tip) = if ticked {
                ("Untick it", "Takes it out of the overlay")
            } else {
                ("Tick it", "Draws it beside the run that is shown")
            };
            if ui.button(words).on_hover_text(tip).clicked() {
                actions.push(Action::Runs(RunsAction::Tick(vec![path.to_owned()], !ticked)));
            }
        });
        ui.separator();
    }
}
