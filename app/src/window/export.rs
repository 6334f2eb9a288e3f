//! The export dialog: view, format, style, path; the file is written off the UI thread.

use std::path::PathBuf;

use egui::{Context, Ui};
use weightscope_engine::record::Controls;
use weightscope_engine::run::Control;

use super::shown::Shown;
use super::task::Task;
use crate::exporting::{self, Format};
use crate::figure::style::Page;
use crate::views::{self, Source, ViewOptions};

/// See the module.
pub(super) struct ExportDialog {
    view: String,
    format: Format,
    page: Page,
    path: String,
    dialog: Option<Task<Option<PathBuf>>>,
    work: Option<Task<Result<PathBuf, String>>>,
    pub(super) open: bool,
}

impl ExportDialog {
    /// For a view of the run that is shown.
    pub(super) fn new(view: &str, shown: &Shown) -> Self {
        let mut dialog = Self {
            view: view.to_owned(),
            format: Format::Pdf,
            page: Page::Column,
            path: String::new(),
            dialog: None,
            work: None,
            open: true,
        };
        dialog.path = dialog.suggestion(shown).display().to_string();
        dialog
    }

    fn suggestion(&self, shown: &Shown) -> PathBuf {
        let folder =
            shown.folder.as_ref().map_or_else(|| PathBuf::from("."), |folder| folder.join("figures"));
        folder.join(format!("{}.{}", self.view, self.format.extension()))
    }

    /// Draws the dialog; what happened, in words, once.
    pub(super) fn show(
        &mut self,
        context: &Context,
        shown: &Shown,
        options: &ViewOptions,
        controls: &Controls,
    ) -> Option<Result<String, String>> {
        let mut open = self.open;
        egui::Window::new("Export figure")
            .pivot(egui::Align2::CENTER_CENTER)
            .default_pos(context.content_rect().center())
            .open(&mut open)
            .collapsible(false)
            .resizable(false)
            .show(context, |ui| {
                self.fields(ui, shown);
                ui.separator();
                ui.horizontal(|ui| {
                    let ready = self.work.is_none() && !self.path.trim().is_empty();
                    if ui.add_enabled(ready, egui::Button::new("Export")).clicked() {
                        self.start(context, shown, options, controls);
                    }
                    if ui.button("Close").clicked() {
                        self.open = false;
                    }
                });
            });
        self.open &= open;
        self.poll()
    }

    fn fields(&mut self, ui: &mut Ui, shown: &Shown) {
        egui::Grid::new("export fields").num_columns(2).show(ui, |ui| {
            let before = (self.view.clone(), self.format);
            let label = ui.label("View");
            let title = shown.view(&self.view).map_or(self.view.clone(), |view| view.title.clone());
            egui::ComboBox::from_id_salt("export view")
                .selected_text(title)
                .width(280.0)
                .show_ui(ui, |ui| {
                    for view in &shown.views {
                        ui.selectable_value(&mut self.view, view.id.clone(), &view.title);
                    }
                })
                .response
                .labelled_by(label.id);
            ui.end_row();
            ui.label("Format");
            ui.horizontal(|ui| {
                for format in Format::ALL {
                    ui.selectable_value(&mut self.format, format, format.extension().to_uppercase());
                }
            });
            ui.end_row();
            ui.label("Style");
            ui.horizontal(|ui| {
                for page in Page::ALL {
                    ui.selectable_value(&mut self.page, page, page.name());
                }
            });
            ui.end_row();
            if before != (self.view.clone(), self.format) {
                self.path = self.suggestion(shown).display().to_string();
            }
            let label = ui.label("File");
            ui.horizontal(|ui| {
                ui.add(egui::TextEdit::singleline(&mut self.path).desired_width(280.0)).labelled_by(label.id);
                if ui.add_enabled(self.dialog.is_none(), egui::Button::new("Browse…")).clicked() {
                    self.browse(ui.ctx());
                }
            });
            ui.end_row();
        });
    }

    /// The desktop's own dialog, on its own thread. Where there is none, the path field is still there.
    fn browse(&mut self, context: &Context) {
        let start = PathBuf::from(&self.path);
        self.dialog = Task::spawn("file dialog", context, move || {
            let mut dialog = rfd::FileDialog::new();
            if let Some(folder) = start.parent() {
                dialog = dialog.set_directory(folder);
            }
            if let Some(name) = start.file_name() {
                dialog = dialog.set_file_name(name.to_string_lossy());
            }
            dialog.save_file()
        });
    }

    fn start(&mut self, context: &Context, shown: &Shown, options: &ViewOptions, controls: &Controls) {
        let Some(spec) = shown.view(&self.view).cloned() else { return };
        let (record, provenance) = (shown.record().clone(), shown.provenance.clone());
        let (options, format, page) = (options.clone(), self.format, self.page);
        let path = PathBuf::from(self.path.trim());
        let (method, folder) = (shown.experiment.method.clone(), shown.folder.clone());
        let controls = controls.complete(&shown.views, shown.record());
        self.work = Task::spawn("export", context, move || {
            let options = ViewOptions { resolution: views::Resolution::Full, ..options };
            let options = ViewOptions { controls: controls.only(&views::control_ids(&spec)), ..options };
            let derived =
                views::derived(&method, &spec, &record, &controls, folder.as_deref(), &Control::default())
                    .map_err(|error| error.to_string())?;
            let record = views::lay_over(&record, &derived);
            let source = Source { label: "", record: &record };
            let figure = views::figure(&spec, &[source], &options, &provenance)
                .ok_or_else(|| format!("the view \"{}\" has nothing to draw yet", spec.title))?;
            exporting::write(&figure, format, page, &path).map_err(|error| format!("{error:#}"))?;
            Ok(path)
        });
    }

    fn poll(&mut self) -> Option<Result<String, String>> {
        if let Some(result) = self.dialog.as_ref().and_then(Task::poll) {
            self.dialog = None;
            if let Ok(Some(path)) = result {
                self.path = path.display().to_string();
            }
        }
        let result = self.work.as_ref().and_then(Task::poll)?;
        self.work = None;
        Some(match result {
            Ok(Ok(path)) => Ok(format!("Written: {}", path.display())),
            Ok(Err(error)) => Err(format!("The figure could not be exported: {error}")),
            Err(()) => Err("The figure could not be exported: the work died".to_owned()),
        })
    }
}
