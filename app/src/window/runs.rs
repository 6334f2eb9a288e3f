//! The list of runs on disk: read off the UI thread, shown as a table, filtered as one types.

use std::path::{Path, PathBuf};

use egui::{RichText, Ui};
use egui_extras::{Column, TableBuilder};
use weightscope_engine::store::{self, Index, IndexEntry, Status};

use super::command::Action;
use super::style::{color, tokens};
use super::task::Task;

/// See the module.
#[derive(Default)]
pub(super) struct Runs {
    pub(super) index: Index,
    scan: Option<Task<Index>>,
    filter: String,
    read: bool,
}

impl Runs {
    /// Reads the list again.
    pub(super) fn refresh(&mut self, root: &Path, context: &egui::Context) {
        let root = root.to_owned();
        self.scan = Task::spawn("run list", context, move || store::scan(&root));
    }

    /// True once the list has been read.
    pub(super) fn is_read(&self) -> bool {
        self.read
    }

    /// Takes a finished scan; the damaged folders, if there are any.
    pub(super) fn poll(&mut self) -> Vec<String> {
        let Some(result) = self.scan.as_ref().and_then(Task::poll) else { return Vec::new() };
        self.scan = None;
        if let Ok(index) = result {
            self.index = index;
            self.read = true;
        }
        self.index.damaged.iter().map(ToString::to_string).collect()
    }

    /// The table; actions of the person go into `actions`.
    pub(super) fn ui(&mut self, ui: &mut Ui, open: Option<&Path>, actions: &mut Vec<Action>) {
        ui.horizontal(|ui| {
            let label = ui.label("Filter");
            ui.add(
                egui::TextEdit::singleline(&mut self.filter)
                    .desired_width(220.0)
                    .hint_text("words, e.g. statsq done"),
            )
            .labelled_by(label.id);
            ui.label(
                RichText::new(format!("{} on disk", self.index.runs.len()))
                    .color(color(tokens(ui.ctx()).text_muted)),
            );
        });
        if self.index.runs.is_empty() {
            ui.label("Finished and interrupted runs appear here. Press Run to make the first one.");
            return;
        }
        let filter = self.filter.to_lowercase();
        let rows: Vec<&IndexEntry> = self.index.runs.iter().filter(|entry| matches(entry, &filter)).collect();
        table(ui, &rows, open, actions);
    }
}

fn matches(entry: &IndexEntry, filter: &str) -> bool {
    let manifest = &entry.manifest;
    let text = format!(
        "{} {} {} {} seed:{}",
        manifest.id,
        manifest.lab,
        manifest.origin,
        manifest.status.word(),
        manifest.seed
    )
    .to_lowercase();
    filter.split_whitespace().all(|word| text.contains(word))
}

fn table(ui: &mut Ui, rows: &[&IndexEntry], open: Option<&Path>, actions: &mut Vec<Action>) {
    let height = ui.text_style_height(&egui::TextStyle::Body) + 4.0;
    let headings = [
        "Status",
        "Started",
        "Preset",
        "Seed",
        "Accuracy",
        "Float",
        "Oscillating",
        "Scale-driven",
        "Seconds",
        "",
    ];
    TableBuilder::new(ui)
        .striped(true)
        .column(Column::exact(86.0))
        .column(Column::exact(140.0))
        .column(Column::initial(230.0).clip(true).resizable(true))
        .column(Column::exact(48.0))
        .columns(Column::exact(86.0), 5)
        .column(Column::remainder())
        .header(height, |mut header| {
            for heading in headings {
                header.col(|ui| {
                    ui.strong(heading);
                });
            }
        })
        .body(|body| {
            body.rows(height, rows.len(), |mut row| {
                let Some(entry) = rows.get(row.index()) else { return };
                let manifest = &entry.manifest;
                let result = |name: &str| {
                    manifest.results.get(name).map_or_else(|| "–".to_owned(), |value| format!("{value:.4}"))
                };
                let cells = [
                    manifest.started.replace('T', " ").trim_end_matches('Z').to_owned(),
                    manifest.origin.clone(),
                    manifest.seed.to_string(),
                    result("test_accuracy"),
                    result("float_test_accuracy"),
                    result("oscillating_share"),
                    result("scale_driven_share"),
                    format!("{:.1}", manifest.seconds),
                ];
                row.set_selected(open == Some(entry.path.as_path()));
                row.col(|ui| {
                    ui.label(RichText::new(manifest.status.word()).color(status_color(ui, manifest.status)));
                });
                for cell in cells {
                    row.col(|ui| {
                        ui.add(egui::Label::new(cell).truncate());
                    });
                }
                row.col(|ui| buttons(ui, entry, actions));
            });
        });
}

fn buttons(ui: &mut Ui, entry: &IndexEntry, actions: &mut Vec<Action>) {
    let name = entry.path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    if ui.small_button("Open").on_hover_text(format!("Shows {name} in the views")).clicked() {
        actions.push(Action::OpenRun(entry.path.clone()));
    }
    let resumable = matches!(entry.manifest.status, Status::Interrupted | Status::Cancelled | Status::Failed);
    if resumable && ui.small_button("Resume").on_hover_text("Goes on from the last checkpoint").clicked() {
        actions.push(Action::ResumeRun(entry.path.clone()));
    }
}

fn status_color(ui: &Ui, status: Status) -> egui::Color32 {
    let tokens = tokens(ui.ctx());
    color(match status {
        Status::Done => tokens.ok,
        Status::Failed => tokens.error,
        Status::Running => tokens.accent,
        Status::Cancelled | Status::Interrupted => tokens.warning,
    })
}

/// Where a resumed run lies, for its title.
pub(super) fn folder_name(path: &Path) -> String {
    path.file_name()
        .map_or_else(|| PathBuf::from(path).display().to_string(), |name| name.to_string_lossy().into_owned())
}
