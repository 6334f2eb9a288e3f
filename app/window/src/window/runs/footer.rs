//! Below the inspector: whether the run that is shown has been repeated, where it was forked, and what can be done with it.

use std::path::Path;

use egui::{RichText, Ui};
use weightscope_frame::experiment::Experiment;

use super::action::RunsAction;
use super::cells::badge_ui;
use super::list::Runs;
use super::state::{Going, unforkable, unverifiable};
use crate::card;
use crate::window::command::{Action, Command};
use crate::window::queue::QueueAction;
use crate::window::style::{color, tokens};
use crate::window::takeaway;

impl Runs {
    /// The footer of the inspector for the run in a folder; `take` says whether something can be taken away, if there is anything.
    pub(in crate::window) fn footer_ui(
        &self,
        ui: &mut Ui,
        path: &Path,
        (experiment, going): (&Experiment, Option<Going>),
        take: Option<Result<(), &'static str>>,
        actions: &mut Vec<Action>,
    ) {
        let Some(row) = self.row(path) else { return };
        ui.add_space(4.0);
        ui.horizontal(|ui| badge_ui(ui, row, going));
        if let Some(Going::Verifying(share)) = going {
            let bar = ui.add(egui::ProgressBar::new(share).desired_height(6.0).corner_radius(2));
            let words = "Progress of verifying";
            bar.widget_info(|| egui::WidgetInfo::labeled(egui::Role::ProgressIndicator, true, words));
        }
        self.lineage_ui(ui, path, actions);
        ui.horizontal_wrapped(|ui| {
            let why = unverifiable(row.manifest.status, going);
            let verify = ui.add_enabled(why.is_none(), egui::Button::new("Verify").small());
            let verify = verify.on_disabled_hover_text(why.unwrap_or_default());
            if verify.on_hover_text("Repeats the run on a worker and compares bit for bit").clicked() {
                actions.push(Action::Queue(QueueAction::Verify(path.to_owned())));
            }
            let why = unforkable(row.manifest.status, row.manifest.step);
            let fork = ui.add_enabled(why.is_none(), egui::Button::new("Fork…").small());
            let fork = fork.on_disabled_hover_text(why.unwrap_or_default());
            if fork.on_hover_text("A child goes on from a checkpoint").clicked() {
                actions.push(Action::Queue(QueueAction::OpenFork));
            }
            if let Some(ready) = take {
                let about = Command::TakeAway.words().1;
                let words = egui::Button::new(takeaway::words(experiment)).small();
                let button = ui.add_enabled(ready.is_ok(), words);
                let button = button.on_disabled_hover_text(ready.err().unwrap_or_default());
                if button.on_hover_text(about).clicked() {
                    actions.push(Action::Do(Command::TakeAway));
                }
            }
            if ui.small_button("Copy card").on_hover_text("The reproduction card as Markdown").clicked() {
                actions.push(Action::Runs(RunsAction::Copy(card::markdown(&row.manifest, experiment))));
            }
            if ui.small_button("Save card…").on_hover_text("The same as a file").clicked() {
                let text = card::markdown(&row.manifest, experiment);
                actions.push(Action::Runs(RunsAction::SaveCard(text)));
            }
        });
        ui.add_space(4.0);
    }

    fn lineage_ui(&self, ui: &mut Ui, path: &Path, actions: &mut Vec<Action>) {
        let muted = color(tokens(ui.ctx()).text_muted);
        if let Some(at) = self.row(path).and_then(|row| row.manifest.parent.as_ref()) {
            if let Some(parent) = self.parent_of(path) {
                let text = format!("forked at step {} from {}", at.step, self.name_of(parent));
                let link = ui.add(egui::Link::new(RichText::new(&text).small()));
                if link.on_hover_text("Opens the parent").clicked() {
                    actions.push(Action::OpenRun(parent.to_owned()));
                }
            } else {
                let text = format!("forked at step {} from {}", at.step, at.id);
                ui.label(RichText::new(format!("{text} (not in this folder)")).small().color(muted));
            }
        }
        for child in self.children_of(path).into_iter().take(3) {
            let step = child.manifest.parent.as_ref().map_or(0, |at| at.step);
            let text = format!("child from step {step}: {}", child.name());
            let link = ui.add(egui::Link::new(RichText::new(text).small()));
            if link.on_hover_text("Opens the child").clicked() {
                actions.push(Action::OpenRun(child.path.clone()));
            }
        }
    }
}
