//! The desktop's file dialogs, each on a thread of its own.

use std::path::PathBuf;

use egui::Context;

use super::task::Task;

/// The result of a file dialog with what to do with it.
pub(super) enum Dialog {
    Open(Task<Option<PathBuf>>),
    Save(Task<Option<Result<PathBuf, String>>>),
}

pub(super) fn open_dialog(context: &Context) -> Option<Dialog> {
    Task::spawn("file dialog", context, || {
        rfd::FileDialog::new()
            .add_filter("experiments, figures, tables", &["toml", "svg", "png", "pdf", "csv", "npz", "npy"])
            .pick_file()
    })
    .map(Dialog::Open)
}

pub(super) fn save_dialog(context: &Context, text: String) -> Option<Dialog> {
    save_text_dialog(context, ("experiment", "toml"), "experiment.toml", text)
}

/// Writes text into a file that the person names. `kind` is its name and ending.
pub(super) fn save_text_dialog(
    context: &Context,
    kind: (&'static str, &'static str),
    name: &'static str,
    text: String,
) -> Option<Dialog> {
    Task::spawn("file dialog", context, move || {
        let (words, ending) = kind;
        let path = rfd::FileDialog::new().add_filter(words, &[ending]).set_file_name(name).save_file()?;
        Some(std::fs::write(&path, text).map(|()| path).map_err(|error| error.to_string()))
    })
    .map(Dialog::Save)
}
