//! The desktop's file dialogs, each on a thread of its own.

use std::path::PathBuf;

use egui::Context;
use weightscope_engine::experiment::Experiment;

use super::task::Task;
use crate::exporting;

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

/// Predictions for a table of new rows, written beside it.
pub(super) fn predict_dialog(context: &Context, experiment: Experiment, folder: PathBuf) -> Option<Dialog> {
    Task::spawn("predictions", context, move || {
        let table = rfd::FileDialog::new().add_filter("new rows", &["csv"]).pick_file()?;
        let name = table.file_stem().map(|stem| stem.to_string_lossy().into_owned()).unwrap_or_default();
        let out = table.with_file_name(format!("{name}-predictions.csv"));
        let predictions = experiment.method.predict(&folder, &table, None).map_err(|error| error.to_string());
        let written = predictions
            .and_then(|bytes| exporting::write(&bytes, &out).map_err(|error| format!("{error:#}")));
        Some(written.map(|()| out))
    })
    .map(Dialog::Save)
}
