//! The desktop's file dialogs, each on a thread of its own.

use std::path::PathBuf;

use egui::Context;

use super::task::Task;

/// The result of a file dialog with what to do with it.
pub(super) enum Dialog {
    Open(Task<Option<(PathBuf, Result<String, String>)>>),
    Save(Task<Option<Result<PathBuf, String>>>),
}

pub(super) fn open_dialog(context: &Context) -> Option<Dialog> {
    Task::spawn("file dialog", context, || {
        let path = rfd::FileDialog::new().add_filter("experiment", &["toml"]).pick_file()?;
        let text = std::fs::read_to_string(&path).map_err(|error| error.to_string());
        Some((path, text))
    })
    .map(Dialog::Open)
}

pub(super) fn save_dialog(context: &Context, text: String) -> Option<Dialog> {
    Task::spawn("file dialog", context, move || {
        let path = rfd::FileDialog::new()
            .add_filter("experiment", &["toml"])
            .set_file_name("experiment.toml")
            .save_file()?;
        Some(std::fs::write(&path, text).map(|()| path).map_err(|error| error.to_string()))
    })
    .map(Dialog::Save)
}
