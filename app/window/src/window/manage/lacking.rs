//! Where the data of a run are that came without them: asked for, and taken only if they are what the run read.

use std::path::{Path, PathBuf};

use egui::{Context, RichText, TextEdit};
use weightscope_frame::lab::Catalogue;
use weightscope_frame::run;

use crate::window::saving::dialog_at;
use crate::window::style::{self, color, tokens};
use crate::window::task::Task;

/// The question.
pub(in crate::window) struct Lacking {
    pub(in crate::window) open: bool,
    run: PathBuf,
    /// Where the data were when the run was made.
    place: String,
    path: String,
    error: Option<String>,
    browse: Option<Task<Option<PathBuf>>>,
    work: Option<Task<Result<(), String>>>,
}

impl Lacking {
    /// For a run that read something that is not here.
    pub(in crate::window) fn new(run: &Path, place: &str) -> Self {
        Self {
            open: true,
            run: run.to_owned(),
            place: place.to_owned(),
            path: String::new(),
            error: None,
            browse: None,
            work: None,
        }
    }

    /// True while a file is looked at.
    pub(super) fn is_busy(&self) -> bool {
        self.work.is_some()
    }

    /// The run, once its data are found.
    pub(super) fn poll(&mut self) -> Option<PathBuf> {
        if let Some(result) = self.browse.as_ref().and_then(Task::poll) {
            self.browse = None;
            if let Ok(Some(path)) = result {
                self.path = path.display().to_string();
            }
        }
        let result = self.work.as_ref().and_then(Task::poll)?;
        self.work = None;
        match result.unwrap_or_else(|()| Err("the work died; try again".to_owned())) {
            Ok(()) => {
                self.open = false;
                Some(self.run.clone())
            }
            Err(error) => {
                self.error = Some(error);
                None
            }
        }
    }

    /// The dialog. It stands beside the work and blocks nothing.
    pub(super) fn ui(&mut self, context: &Context, catalogue: Catalogue) {
        const WIDTH: f32 = 420.0;
        let mut open = self.open;
        style::dialog(context, "Where are its data?").open(&mut open).show(context, |ui| {
            ui.set_max_width(WIDTH);
            ui.label("The run is here, but not what it read. Its views need nothing more; to repeat it, fork it or go on with it, name the file.");
            ui.add(egui::Label::new(RichText::new(&self.place).strong()).truncate());
            ui.horizontal(|ui| {
                let label = ui.label("Now at");
                ui.add(TextEdit::singleline(&mut self.path).desired_width(WIDTH - 140.0)).labelled_by(label.id);
                if ui.add_enabled(self.browse.is_none(), egui::Button::new("Browse…")).clicked() {
                    let start = PathBuf::from(self.path.trim());
                    self.browse = Task::spawn("file dialog", context, move || dialog_at(&start).pick_file());
                }
            });
            ui.vertical(|ui| {
                ui.set_min_height(20.0);
                if let Some(error) = &self.error {
                    ui.label(RichText::new(error).color(color(tokens(ui.ctx()).warning)));
                }
            });
            ui.horizontal(|ui| {
                let ready = self.work.is_none() && !self.path.trim().is_empty();
                if ui.add_enabled(ready, egui::Button::new("Use this file")).clicked() {
                    self.start(context, catalogue);
                }
                if ui.button("Without its data").clicked() {
                    self.open = false;
                }
            });
        });
        self.open &= open;
    }

    fn start(&mut self, context: &Context, catalogue: Catalogue) {
        let (run, path) = (self.run.clone(), PathBuf::from(self.path.trim()));
        self.error = None;
        self.work = Task::spawn("data", context, move || {
            let path = std::path::absolute(&path).unwrap_or(path);
            run::move_data(catalogue, &run, &path).map_err(|error| error.to_string())
        });
    }
}
