//! A run as one file: where it goes, and whether its data go with it.

use std::path::{Path, PathBuf};

use egui::{Context, RichText, TextEdit};
use weightscope_frame::store::{self, MUCH_DATA, PACK_ENDING, PackedData};

use crate::window::runs::folder_name;
use crate::window::runs::model::Row;
use crate::window::saving::dialog_at;
use crate::window::style::{self, color, tokens};
use crate::window::task::Task;

/// The dialog.
pub(in crate::window) struct Packing {
    pub(in crate::window) open: bool,
    run: PathBuf,
    name: String,
    path: String,
    /// What the run read, once it has been looked at.
    data: Option<Vec<PackedData>>,
    looking: Option<Task<Vec<PackedData>>>,
    with_data: bool,
    /// A second click is asked for, since much goes with it.
    asked: bool,
    error: Option<String>,
    browse: Option<Task<Option<PathBuf>>>,
    work: Option<Task<Result<(PathBuf, u64), String>>>,
}

impl Packing {
    /// For a run; the file is suggested in a folder.
    pub(super) fn new(row: &Row, folder: &Path, context: &Context) -> Self {
        let manifest = row.manifest.clone();
        let file = folder.join(format!("{}.{PACK_ENDING}", folder_name(&row.path)));
        Self {
            open: true,
            run: row.path.clone(),
            name: row.name(),
            path: file.display().to_string(),
            data: None,
            looking: Task::spawn("data", context, move || store::data_files(&manifest)),
            with_data: false,
            asked: false,
            error: None,
            browse: None,
            work: None,
        }
    }

    /// True while the file is written.
    pub(super) fn is_busy(&self) -> bool {
        self.work.is_some()
    }

    /// What to say once the file is written.
    pub(super) fn poll(&mut self) -> Option<String> {
        if let Some(result) = self.looking.as_ref().and_then(Task::poll) {
            self.looking = None;
            self.data = result.ok();
        }
        if let Some(result) = self.browse.as_ref().and_then(Task::poll) {
            self.browse = None;
            if let Ok(Some(path)) = result {
                self.path = path.display().to_string();
            }
        }
        let result = self.work.as_ref().and_then(Task::poll)?;
        self.work = None;
        match result.unwrap_or_else(|()| Err("the work died; try again".to_owned())) {
            Ok((path, bytes)) => {
                self.open = false;
                Some(format!("Packed {} ({}): {}", self.name, size(bytes), path.display()))
            }
            Err(error) => {
                self.error = Some(error);
                self.open = true;
                None
            }
        }
    }

    /// The dialog.
    pub(super) fn ui(&mut self, context: &Context) {
        const WIDTH: f32 = 460.0;
        let mut open = self.open;
        style::dialog(context, "Pack as one file").open(&mut open).show(context, |ui| {
            ui.set_max_width(WIDTH);
            ui.add(egui::Label::new(RichText::new(&self.name).strong()).truncate());
            ui.label("Whoever opens the file has the run with all its views and checkpoints.");
            ui.horizontal(|ui| {
                let label = ui.label("To file");
                ui.add(TextEdit::singleline(&mut self.path).desired_width(WIDTH - 140.0))
                    .labelled_by(label.id);
                if ui.add_enabled(self.browse.is_none(), egui::Button::new("Browse…")).clicked() {
                    let start = PathBuf::from(self.path.trim());
                    self.browse = Task::spawn("file dialog", context, move || dialog_at(&start).save_file());
                }
            });
            self.data_ui(ui);
            ui.vertical(|ui| {
                ui.set_min_height(20.0);
                let words = match (&self.error, self.asked) {
                    (Some(error), _) => error.clone(),
                    (None, true) => "This is much to hand on; press again to pack it all".to_owned(),
                    (None, false) => return,
                };
                ui.label(RichText::new(words).color(color(tokens(ui.ctx()).warning)));
            });
            ui.horizontal(|ui| {
                let ready = self.work.is_none() && self.looking.is_none() && !self.path.trim().is_empty();
                let words = if self.work.is_some() { "Packing…" } else { "Pack" };
                if ui.add_enabled(ready, egui::Button::new(words)).clicked() {
                    self.start(context);
                }
                if ui.button("Cancel").clicked() {
                    self.open = false;
                }
            });
        });
        self.open &= open;
    }

    fn data_ui(&mut self, ui: &mut egui::Ui) {
        let bytes = self.bytes();
        let (words, about) = match &self.data {
            None => ("With its data".to_owned(), "Looking at what the run read…"),
            Some(files) if files.is_empty() => (
                "With its data".to_owned(),
                "What the run read is part of the program, a data set that anybody can download, a whole folder, or gone",
            ),
            Some(_) => (
                format!("With its data ({})", size(bytes)),
                "Without them, whoever opens the file is asked where they are; their content is compared",
            ),
        };
        let any = bytes > 0;
        let tick = ui.add_enabled(any, egui::Checkbox::new(&mut self.with_data, words));
        if tick.on_hover_text(about).on_disabled_hover_text(about).changed() {
            self.asked = false;
        }
    }

    fn bytes(&self) -> u64 {
        self.data.iter().flatten().map(|file| file.bytes).sum()
    }

    fn start(&mut self, context: &Context) {
        self.error = None;
        if self.with_data && self.bytes() > MUCH_DATA && !self.asked {
            self.asked = true;
            return;
        }
        let (run, mut path) = (self.run.clone(), PathBuf::from(self.path.trim()));
        if path.extension().is_none() {
            path.set_extension(PACK_ENDING);
        }
        let data = self.data.clone().filter(|_| self.with_data).unwrap_or_default();
        self.work = Task::spawn("pack", context, move || {
            let written = store::pack(&run, &path, &data);
            written.map(|bytes| (path, bytes)).map_err(|error| error.to_string())
        });
    }
}

/// A length in words.
fn size(bytes: u64) -> String {
    const KILO: f64 = 1000.0;
    let bytes = bytes as f64;
    match bytes {
        bytes if bytes < KILO => format!("{bytes:.0} B"),
        bytes if bytes < KILO * KILO => format!("{:.0} kB", bytes / KILO),
        bytes => format!("{:.1} MB", bytes / KILO / KILO),
    }
}
