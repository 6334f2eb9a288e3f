//! What a person asks for with runs, and the one place where it is carried out.

use std::path::PathBuf;

use egui::Context;
use weightscope_frame::store::{self, Trashed};

use super::describe::{About, Describing};
use super::errand::Done;
use super::packing::Packing;
use super::trash::Trash;
use crate::window::app::{App, Bottom, Urgency};
use crate::window::command::{Action, Command};

/// What a person asks for with runs.
#[derive(Clone, Debug, PartialEq)]
pub(in crate::window) enum ManageAction {
    /// Asks for the name, the note or the tags of a run.
    Describe(PathBuf, About),
    /// Puts the settings of a run into the form.
    UseSettings(PathBuf),
    /// Shows a run, then does something with it.
    ShowThen(PathBuf, Command),
    /// Asks where a run goes as one file.
    Pack(PathBuf),
    /// Opens the folder of a run in the desktop's program for folders.
    OpenFolder(PathBuf),
    /// Copies the paths of run folders.
    CopyPaths(Vec<PathBuf>),
    /// Moves runs into the trash.
    Delete(Vec<PathBuf>),
    /// Takes runs out of the trash.
    PutBack(Vec<Trashed>),
    /// Removes what is in the trash for good.
    EmptyTrash,
}

impl App {
    /// The one place where these actions change the state.
    pub(in crate::window) fn apply_manage(&mut self, action: ManageAction, context: &Context) {
        match action {
            ManageAction::Describe(path, about) => {
                self.manage.describing = self.runs.row(&path).map(|row| Describing::new(row, about));
            }
            ManageAction::UseSettings(path) => self.take_settings(path, context),
            ManageAction::ShowThen(path, command) => {
                self.manage.then = Some((path.clone(), command));
                if self.folder() == Some(path.as_path()) {
                    self.after_showing(context);
                } else {
                    self.apply(Action::OpenRun(path), context);
                    // A run in work is shown at once.
                    self.after_showing(context);
                }
            }
            ManageAction::Pack(path) => {
                let Some(row) = self.runs.row(&path) else { return };
                self.manage.packing = Some(Packing::new(row, &self.opening.folder(), context));
            }
            ManageAction::OpenFolder(path) => {
                self.manage.errands.start("open folder", context, move || open_folder(&path));
            }
            ManageAction::CopyPaths(paths) => {
                let text = paths.iter().map(|path| path.display().to_string()).collect::<Vec<_>>().join("\n");
                self.say(Urgency::Info, format!("Copied: {}", text.replace('\n', ", ")));
                context.copy_text(text);
            }
            ManageAction::Delete(paths) => self.delete_runs(paths, context),
            ManageAction::PutBack(runs) => self.put_back(runs, context),
            ManageAction::EmptyTrash => {
                let root = self.root.clone();
                self.manage.errands.start("trash", context, move || {
                    Done::Emptied(store::empty_trash(&root).map_err(|error| error.to_string()))
                });
            }
        }
    }

    /// A command about the run that is shown, or the ticked ones.
    pub(in crate::window) fn manage_command(&mut self, command: Command, context: &Context) {
        let shown = self.folder().map(PathBuf::from);
        let action = match (command, shown) {
            (Command::NameRun, Some(path)) => ManageAction::Describe(path, About::Name),
            (Command::UseRunSettings, Some(path)) => ManageAction::UseSettings(path),
            (Command::PackRun, Some(path)) => ManageAction::Pack(path),
            (Command::DeleteRun, Some(path)) => ManageAction::Delete(vec![path]),
            (Command::DeleteTicked, _) => ManageAction::Delete(self.runs.ticked_paths()),
            (Command::EmptyTrash, _) => {
                self.manage.trash = Some(Trash::new(&self.root, context));
                return;
            }
            (Command::RunMenu, Some(path)) => {
                self.panels.bottom = true;
                self.bottom = Bottom::Runs;
                self.runs.open_menu(path);
                context.request_repaint();
                return;
            }
            _ => return,
        };
        self.apply_manage(action, context);
    }

    fn take_settings(&mut self, path: PathBuf, context: &Context) {
        let catalogue = self.catalogue;
        self.manage.errands.start("settings", context, move || {
            let origin = store::read_manifest(&path).map(|manifest| manifest.origin);
            let read = store::read_experiment(catalogue, &path);
            match origin.and_then(|origin| Ok((read?, origin))) {
                Ok((experiment, origin)) => Done::Settings(Box::new(experiment), origin),
                Err(error) => Done::Failed(format!("The settings cannot be used: {error}")),
            }
        });
    }
}

/// Hands a folder to the desktop.
fn open_folder(path: &std::path::Path) -> Done {
    let program = if cfg!(target_os = "macos") {
        "open"
    } else if cfg!(target_os = "windows") {
        "explorer"
    } else {
        "xdg-open"
    };
    let quiet = std::process::Stdio::null;
    let started =
        std::process::Command::new(program).arg(path).stdin(quiet()).stdout(quiet()).stderr(quiet()).status();
    match started {
        // The program of Windows says nothing by how it ends.
        Ok(status) if status.success() || cfg!(target_os = "windows") => Done::Nothing,
        _ => Done::Failed(format!(
            "No program of this desktop opens folders; copy its path instead: {}",
            path.display()
        )),
    }
}
