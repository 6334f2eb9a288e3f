//! Writing a text into a file that the person names: by its path on any machine; where the desktop has a dialog, a button leads
//! to it. A file that is there already is replaced only by a second click.

use std::path::{Path, PathBuf};

use egui::{Context, RichText, TextEdit, Ui};
use weightscope_frame::store::write_atomically;

use super::app::App;
use super::command::Action;
use super::manage::ManageAction;
use super::opening::Browsed;
use super::style::{self, color, tokens};
use super::task::Task;

/// What is said where the desktop has no dialog to offer.
pub(super) const NO_DIALOG_TO_SAVE: &str =
    "This desktop has no file dialog (no portal answers); type the path in the field";

/// Why nothing was written.
enum Refusal {
    Exists,
    Failed(String),
}

/// The dialog that writes a text into a file that the person names; what is there already goes only with a second click.
pub(in crate::window) struct Saving {
    title: &'static str,
    path: String,
    text: String,
    /// What kept the last try from writing.
    refusal: Option<Refusal>,
    browse: Option<Task<Browsed>>,
    work: Option<Task<Result<PathBuf, Refusal>>>,
    fresh: bool,
    pub(in crate::window) open: bool,
}

impl Saving {
    /// Asks where to write a text; `path` is what stands in the field at first.
    pub(in crate::window) fn new(title: &'static str, path: &Path, text: String) -> Self {
        Self {
            title,
            path: path.display().to_string(),
            text,
            refusal: None,
            browse: None,
            work: None,
            fresh: true,
            open: true,
        }
    }

    /// Draws the dialog; the path of the file, once it is written.
    fn show(&mut self, context: &Context) -> Option<PathBuf> {
        if let Some(result) = self.browse.as_ref().and_then(Task::poll) {
            self.browse = None;
            match result {
                Ok(Browsed::Chosen(path)) => {
                    self.path = path.display().to_string();
                    self.refusal = None;
                }
                Ok(Browsed::Nothing) => {}
                Ok(Browsed::NoDialog) | Err(()) => {
                    self.refusal = Some(Refusal::Failed(NO_DIALOG_TO_SAVE.to_owned()));
                }
            }
        }
        if let Some(result) = self.work.as_ref().and_then(Task::poll) {
            self.work = None;
            match result.unwrap_or_else(|()| Err(Refusal::Failed("the work died; try again".to_owned()))) {
                Ok(path) => return Some(path),
                Err(refusal) => self.refusal = Some(refusal),
            }
        }
        let mut open = self.open;
        style::dialog(context, self.title).open(&mut open).show(context, |ui| self.ui(ui));
        self.open &= open;
        None
    }

    fn ui(&mut self, ui: &mut Ui) {
        ui.horizontal(|ui| {
            let label = ui.label("To file");
            let field = ui.add(TextEdit::singleline(&mut self.path).desired_width(420.0));
            let field = field.labelled_by(label.id);
            if std::mem::take(&mut self.fresh) {
                field.request_focus();
            }
            if field.changed() {
                self.refusal = None;
            }
            if field.lost_focus() && ui.input(|input| input.key_pressed(egui::Key::Enter)) {
                self.start(ui.ctx(), false);
            }
        });
        // What is said has its room from the first, so that no button moves under the pointer.
        ui.vertical(|ui| {
            ui.set_min_height(20.0);
            let words = match &self.refusal {
                None => return,
                Some(Refusal::Exists) => "This file is there already",
                Some(Refusal::Failed(words)) => words,
            };
            ui.label(RichText::new(words).color(color(tokens(ui.ctx()).warning)));
        });
        ui.horizontal(|ui| {
            let ready = self.work.is_none() && !self.path.trim().is_empty();
            if ui.add_enabled(ready, egui::Button::new("Save")).clicked() {
                self.start(ui.ctx(), false);
            }
            if ui.add_enabled(self.browse.is_none(), egui::Button::new("Browse…")).clicked() {
                self.browse(ui.ctx());
            }
            if matches!(self.refusal, Some(Refusal::Exists)) && ui.button("Replace the file").clicked() {
                self.start(ui.ctx(), true);
            }
        });
    }

    fn start(&mut self, context: &Context, replace: bool) {
        let (path, text) = (PathBuf::from(self.path.trim()), self.text.clone());
        self.refusal = None;
        self.work = Task::spawn("save", context, move || {
            if path.exists() && !replace {
                return Err(Refusal::Exists);
            }
            let written = write_atomically(&path, "the file", |out| out.write_all(text.as_bytes()));
            written.map(|()| path).map_err(|error| Refusal::Failed(error.to_string()))
        });
    }

    /// The desktop's own dialog, on its own thread. Where there is none, the path field is still there.
    fn browse(&mut self, context: &Context) {
        let start = PathBuf::from(self.path.trim());
        self.browse = Task::spawn("file dialog", context, move || {
            let begun = std::time::Instant::now();
            Browsed::of(dialog_at(&start).save_file(), begun)
        });
    }
}

/// The desktop's dialog, with the place and the name that were typed so far.
pub(super) fn dialog_at(path: &Path) -> rfd::FileDialog {
    let mut dialog = rfd::FileDialog::new();
    if let Some(folder) = path.parent() {
        dialog = dialog.set_directory(folder);
    }
    if let Some(name) = path.file_name() {
        dialog = dialog.set_file_name(name.to_string_lossy());
    }
    dialog
}

impl App {
    /// Asks where to write a text, beginning with the folder that was looked at last.
    pub(in crate::window) fn ask_where_to_save(&mut self, title: &'static str, name: &str, text: String) {
        self.saving = Some(Saving::new(title, &self.opening.folder().join(name), text));
    }

    pub(in crate::window) fn saving_ui(&mut self, context: &Context) {
        let Some(dialog) = &mut self.saving else { return };
        let written = dialog.show(context);
        if written.is_some() || !dialog.open {
            self.saving = None;
        }
        if let Some(path) = written {
            self.wrote(&path);
        }
    }

    /// Says where something was written, with a way to its folder.
    pub(in crate::window) fn wrote(&mut self, path: &Path) {
        let folder = path.parent().unwrap_or(path).to_owned();
        let text = format!("Written: {}", path.display());
        self.offer(text, "Open folder", Action::Manage(ManageAction::OpenFolder(folder)));
    }
}
