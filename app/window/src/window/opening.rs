//! Opening a file by clicks or by its path, on any machine; where the desktop has a file dialog, a button leads to it.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use egui::{Context, Ui};

use super::chooser::{Chooser, Wanted};
use super::command::Action;
use super::style;
use super::task::Task;

/// What can be opened.
pub(super) const WANTED: Wanted = Wanted {
    endings: &[
        "toml",
        "csv",
        "tsv",
        "txt",
        "svg",
        "png",
        "pdf",
        "safetensors",
        "pt",
        "pth",
        "bin",
        "ckpt",
        "npz",
        "npy",
        "weightscope",
    ],
    runs: true,
};
/// What is said where the desktop has no dialog to offer.
pub(super) const NO_DIALOG: &str =
    "This desktop has no file dialog (no portal answers); choose the file from the list, or type its path";
/// A person needs longer than this to close a dialog; what comes back sooner was never there.
const AT_ONCE: Duration = Duration::from_millis(250);

/// What came of the desktop's own dialog.
pub(super) enum Browsed {
    Chosen(PathBuf),
    /// The person chose nothing.
    Nothing,
    /// There is none.
    NoDialog,
}

impl Browsed {
    /// What came of a dialog that was opened at some time.
    pub(super) fn of(chosen: Option<PathBuf>, begun: Instant) -> Self {
        match chosen {
            Some(path) => Self::Chosen(path),
            None if begun.elapsed() < AT_ONCE => Self::NoDialog,
            None => Self::Nothing,
        }
    }
}

/// The desktop's own dialog, on its own thread.
pub(super) fn browse(context: &Context) -> Option<Task<Browsed>> {
    Task::spawn("file dialog", context, || {
        let begun = Instant::now();
        let dialog = rfd::FileDialog::new()
            .add_filter("experiments, figures, tables, weights", WANTED.endings)
            .add_filter("all files", &["*"]);
        Browsed::of(dialog.pick_file(), begun)
    })
}

/// Rows of the list.
const ROWS: f32 = 12.0;

/// The dialog that opens a file by clicks or by its path.
#[derive(Default)]
pub(super) struct Opening {
    chooser: Chooser,
    pub(super) open: bool,
}

impl Opening {
    /// A dialog that has just been asked for; it begins where the last one ended.
    pub(super) fn asked(last: &Self) -> Self {
        Self { chooser: Chooser::starting(&last.folder(), WANTED), open: true }
    }

    /// The folder that was looked at last; that of the program at first.
    pub(super) fn folder(&self) -> PathBuf {
        if self.chooser.folder().as_os_str().is_empty() {
            std::env::current_dir().unwrap_or_default()
        } else {
            self.chooser.folder().to_owned()
        }
    }

    /// Draws the dialog.
    pub(super) fn ui(&mut self, context: &Context, actions: &mut Vec<Action>) {
        if !self.open {
            return;
        }
        let mut open = true;
        style::dialog(context, "Open").open(&mut open).show(context, |ui| {
            ui.label(
                "An experiment, a figure, a table, a file of predictions, a weight file, a run folder, a packed run or the folder of a plan; it can be dropped on the window too.",
            );
            ui.label("Two weight files that are dropped together are compared.");
            self.path_ui(ui, actions);
            ui.separator();
            if self.chooser.list_ui(ui, ROWS) {
                self.take(actions);
            }
        });
        self.open &= open;
    }

    fn path_ui(&mut self, ui: &mut Ui, actions: &mut Vec<Action>) {
        ui.horizontal(|ui| {
            let label = ui.label("Path");
            let field = self.chooser.field_ui(ui, &label, 360.0);
            let entered = field.lost_focus() && ui.input(|input| input.key_pressed(egui::Key::Enter));
            let ready = !self.chooser.path.trim().is_empty();
            let clicked = ui.add_enabled(ready, egui::Button::new("Open file")).clicked();
            if ready && (clicked || entered) {
                self.take(actions);
            }
            if ui.button("Browse…").on_hover_text("The desktop's own dialog").clicked() {
                actions.push(Action::Browse);
                self.open = false;
            }
        });
    }

    fn take(&mut self, actions: &mut Vec<Action>) {
        actions.push(Action::OpenPath(self.chooser.chosen()));
        self.open = false;
    }
}
