//! What a person does with the list of runs, and the one place where it changes the state.

use std::path::PathBuf;

use egui::Context;

use super::arrange::Line;
use super::edit::Remark;
use crate::window::app::{App, Bottom, Urgency};

/// What a person does with runs.
#[derive(Clone, Debug, PartialEq)]
pub(in crate::window) enum RunsAction {
    /// Ticks runs or takes their ticks away.
    Tick(Vec<PathBuf>, bool),
    /// Takes all ticks away.
    Untick,
    /// Points at a run in the table: its curve was clicked.
    Select(PathBuf),
    /// Follows the tasks of the plan in a folder, or no plan any more.
    Follow(Option<PathBuf>),
    /// Lists the tasks of the plan alone, in their order.
    OnlyTasks,
    /// Lists all runs again.
    ClearFilter,
    /// Star, tags or note of a run.
    Remark(PathBuf, Remark),
    /// Copies text.
    Copy(String),
    /// Writes the reproduction card of a run as a file.
    SaveCard(String),
}

impl App {
    /// Ids of the runs as the table lists them.
    pub fn listed_runs(&self) -> Vec<String> {
        let lines = self.runs.lines.iter();
        let rows = lines.filter_map(|line| match line {
            Line::Run(index) => self.runs.rows.get(*index),
            Line::Group { .. } => None,
        });
        rows.map(|row| row.manifest.id.clone()).collect()
    }

    /// Ids of the runs as the table lists them, each with the one word for how it stands.
    pub fn listed_states(&self) -> Vec<(String, &'static str)> {
        let rows = self.runs.listed().into_iter().filter_map(|path| self.runs.row(path));
        rows.map(|row| (row.manifest.id.clone(), row.word())).collect()
    }

    /// Names of the runs that are drawn beside the one that is shown.
    pub fn overlaid_runs(&self) -> Vec<String> {
        self.runs.overlay.labels().map(str::to_owned).collect()
    }

    /// Lets the list follow a plan, or none any more, and shows the list.
    pub(in crate::window) fn follow_plan(&mut self, folder: Option<&std::path::Path>) {
        self.runs.follow_plan(folder);
        if let Some(folder) = folder {
            (self.panels.bottom, self.bottom) = (true, Bottom::Runs);
            self.say(Urgency::Info, format!("The list follows the plan: {}", folder.display()));
        }
    }

    /// The one place where these actions change the state.
    pub(in crate::window) fn apply_runs(&mut self, action: RunsAction, context: &Context) {
        match action {
            RunsAction::Tick(paths, on) => paths.iter().for_each(|path| self.runs.tick(path, on)),
            RunsAction::Untick => self.runs.untick(),
            RunsAction::Follow(folder) => self.follow_plan(folder.as_deref()),
            RunsAction::OnlyTasks => self.runs.list_tasks(),
            RunsAction::Select(path) => self.runs.select(&path),
            RunsAction::ClearFilter => self.runs.layout.filter.clear(),
            RunsAction::Remark(path, _) if self.runs.row(&path).is_some_and(|row| !row.is_begun()) => {}
            RunsAction::Remark(path, remark) => {
                self.runs.remark(&path, remark);
                if self.folder() == Some(path.as_path()) {
                    let name = self.runs.name_of(&path);
                    self.shown.iter_mut().for_each(|shown| shown.title.clone_from(&name));
                }
            }
            RunsAction::Copy(text) => {
                self.say(Urgency::Info, format!("Copied {} lines", text.lines().count()));
                context.copy_text(text);
            }
            RunsAction::SaveCard(text) => {
                self.ask_where_to_save("Save card", "reproduction-card.md", text);
            }
        }
    }
}
