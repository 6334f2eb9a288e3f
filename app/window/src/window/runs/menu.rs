//! The menu of a row: what can be done with its run, and with all ticked ones where it is one of them.

use std::path::PathBuf;

use egui::{Button, RichText, Ui};
use weightscope_frame::store::Status;

use super::action::RunsAction;
use super::cells::NOT_BEGUN;
use super::edit::Remark;
use super::model::Row;
use super::state::{Going, unforkable, unverifiable};
use crate::figure::model::Ink;
use crate::figure::number::count;
use crate::figure::palette;
use crate::theme::SERIES_COLORS;
use crate::window::command::{Action, Command};
use crate::window::manage::{About, ManageAction};
use crate::window::queue::QueueAction;
use crate::window::style::{self, tokens};

/// The menu. `ticked` holds the ticked runs if the row is one of several.
pub(super) fn menu_ui(
    ui: &mut Ui,
    run: &Row,
    (is_shown, going): (bool, Option<Going>),
    ticked: &[PathBuf],
    actions: &mut Vec<Action>,
) {
    let path = || run.path.clone();
    let begun = (!run.is_begun()).then_some(NOT_BEGUN);
    let of_plan = run.task.as_ref().map(|_| "It is a task of the plan that is followed");
    let status = run.manifest.status;
    let manage = Action::Manage;
    let mut item =
        |ui: &mut Ui, words: &str, why: Option<&'static str>, keys: Option<Command>, action: Action| {
            let mut button = Button::new(words);
            if let Some(text) = keys.filter(|_| is_shown).and_then(|command| command.keys_text(ui.ctx())) {
                button = button.shortcut_text(text);
            }
            let response = ui.add_enabled(why.is_none(), button);
            if response.on_disabled_hover_text(why.unwrap_or_default()).clicked() {
                actions.push(action);
                ui.close();
            }
        };
    ui.add(egui::Label::new(RichText::new(run.name()).strong()).truncate());
    let shown = is_shown.then_some("It is shown").or(begun);
    item(ui, "Show", shown, None, Action::OpenRun(path()));
    ui.separator();
    item(ui, "Name…", begun, Some(Command::NameRun), manage(ManageAction::Describe(path(), About::Name)));
    item(ui, "Note…", begun, None, manage(ManageAction::Describe(path(), About::Note)));
    item(ui, "Tags…", begun, None, manage(ManageAction::Describe(path(), About::Tags)));
    let colored = if run.is_begun() { color_ui(ui, run) } else { None };
    ui.separator();
    item(ui, "Use these settings", begun, None, manage(ManageAction::UseSettings(path())));
    let fork = begun.or(unforkable(status, run.manifest.step));
    item(ui, "Fork…", fork, Some(Command::Fork), manage(ManageAction::ShowThen(path(), Command::Fork)));
    if run.is_resumable() {
        item(ui, "Resume", going.map(|_| "It is on its way"), None, Action::ResumeRun(path()));
    }
    let verify = Action::Queue(QueueAction::Verify(path()));
    item(ui, "Verify", begun.or(unverifiable(status, going)), None, verify);
    ui.separator();
    let export = manage(ManageAction::ShowThen(path(), Command::ExportFigure));
    item(ui, "Export figure…", begun, Some(Command::ExportFigure), export);
    let unfinished = (status != Status::Done).then_some("The run has not come to its end");
    item(ui, "Take away…", unfinished, None, manage(ManageAction::ShowThen(path(), Command::TakeAway)));
    let busy = begun.or(going.map(|_| "It is in work"));
    item(ui, "Pack as one file…", busy, None, manage(ManageAction::Pack(path())));
    item(ui, "Open folder", begun, None, manage(ManageAction::OpenFolder(path())));
    item(ui, "Copy path", None, None, manage(ManageAction::CopyPaths(vec![path()])));
    ui.separator();
    let delete = manage(ManageAction::Delete(vec![path()]));
    item(
        ui,
        "Delete",
        of_plan.or(going.map(|_| "It is in work or waits; cancel that first")),
        Some(Command::DeleteRun),
        delete,
    );
    actions.extend(colored);
    if ticked.len() < 2 {
        return;
    }
    ui.separator();
    let number = count(ticked.len() as u64);
    ui.label(RichText::new(format!("{number} ticked runs")).strong());
    for (words, star) in [("Star all", true), ("Unstar all", false)] {
        if ui.button(words).clicked() {
            let each = ticked.iter().map(|path| RunsAction::Remark(path.clone(), Remark::Star(star)));
            actions.extend(each.map(Action::Runs));
            ui.close();
        }
    }
    if ui.button("Copy paths").clicked() {
        actions.push(manage(ManageAction::CopyPaths(ticked.to_vec())));
        ui.close();
    }
    if ui.button("Untick all").clicked() {
        actions.push(Action::Runs(RunsAction::Untick));
        ui.close();
    }
    if ui.button(format!("Delete {number} runs")).clicked() {
        actions.push(manage(ManageAction::Delete(ticked.to_vec())));
        ui.close();
    }
}

/// The colour of a run's curves: the series colours, and the one that it is given without a choice.
fn color_ui(ui: &mut Ui, run: &Row) -> Option<Action> {
    let mut chosen = None;
    ui.menu_button("Colour", |ui| {
        ui.label("Of its curves beside other runs, on the screen and in figures");
        ui.horizontal(|ui| {
            for number in 0..SERIES_COLORS {
                let paint = palette::color(tokens(ui.ctx()), Ink::Series(number));
                let words = format!("Colour {}", number + 1);
                let is_own = run.manifest.color == Some(number);
                if style::swatch(ui, paint, &words, is_own).clicked() {
                    chosen = Some(Some(number));
                }
            }
        });
        if ui.add_enabled(run.manifest.color.is_some(), Button::new("As given")).clicked() {
            chosen = Some(None);
        }
        if chosen.is_some() {
            ui.close();
        }
    });
    chosen.map(|color| Action::Runs(RunsAction::Remark(run.path.clone(), Remark::Color(color))))
}
