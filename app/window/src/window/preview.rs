//! A look into a table before it is used: columns with types, ranges and problems; a click makes a column the target.

use egui::{Context, RichText};
use weightscope_frame::data::table::{ColumnKind, ColumnPreview, open_table, preview};
use weightscope_frame::experiment::Mark;

use super::command::Action;
use super::style::{color, tokens};
use super::task::Task;
use crate::figure::number::{count, significant};

/// Distinct numbers that a preview counts.
const COUNTED: usize = 100;

/// Rows and columns of a table, or why it cannot be read.
type Looked = Result<(usize, Vec<ColumnPreview>), String>;

/// A look into a table before it is used: its columns with their kinds, ranges and problems.
pub(super) struct DataPreview {
    name: String,
    task: Option<Task<Looked>>,
    looked: Option<Looked>,
    pub(super) open: bool,
}

impl DataPreview {
    /// Begins to read a table, by its name or path.
    pub(super) fn new(name: &str, context: &Context) -> Self {
        let wanted = name.to_owned();
        let task = Task::spawn("data preview", context, move || {
            let table = open_table(&wanted).map_err(|error| error.to_string())?;
            Ok((table.rows, preview(&table)))
        });
        Self { name: name.to_owned(), task, looked: None, open: true }
    }

    /// Draws what is known.
    pub(super) fn ui(&mut self, context: &Context, target: &str, actions: &mut Vec<Action>) {
        if let Some(result) = self.task.as_ref().and_then(Task::poll) {
            self.task = None;
            self.looked = Some(result.unwrap_or_else(|()| Err("the work died".to_owned())));
        }
        let mut open = self.open;
        let window = egui::Window::new("Data preview")
            .pivot(egui::Align2::CENTER_CENTER)
            .default_pos(context.content_rect().center());
        window.open(&mut open).default_width(560.0).show(context, |ui| {
            let muted = color(tokens(ui.ctx()).text_muted);
            match &self.looked {
                None => {
                    ui.label("Reading…");
                }
                Some(Err(error)) => {
                    ui.label(RichText::new(error).color(color(tokens(ui.ctx()).error)));
                }
                Some(Ok((rows, columns))) => {
                    let text =
                        format!("{} · {} rows × {} columns", self.name, count(*rows as u64), columns.len());
                    ui.label(RichText::new(text).color(muted));
                    egui::ScrollArea::vertical().max_height(420.0).show(ui, |ui| {
                        egui::Grid::new("preview").num_columns(6).striped(true).show(ui, |ui| {
                            for heading in ["column", "kind", "missing", "range", "distinct", "", ""] {
                                ui.strong(heading);
                            }
                            ui.end_row();
                            columns.iter().for_each(|column| column_ui(ui, column, target, actions));
                        });
                    });
                }
            }
        });
        self.open &= open;
    }
}

fn column_ui(ui: &mut egui::Ui, column: &ColumnPreview, target: &str, actions: &mut Vec<Action>) {
    ui.label(&column.name);
    ui.label(match column.kind {
        ColumnKind::Numbers => "numbers",
        ColumnKind::Words => "words",
    });
    ui.label(count(column.missing as u64));
    let range =
        column.range.map(|(low, high)| format!("{} to {}", significant(low, 4), significant(high, 4)));
    ui.label(range.unwrap_or_else(|| "–".to_owned()));
    // Distinct numbers are counted up to here only.
    let many = column.kind == ColumnKind::Numbers && column.distinct >= COUNTED;
    let least = if many { "at least " } else { "" };
    ui.label(format!("{least}{}", count(column.distinct as u64)));
    let is_target = column.name == target;
    let words = if is_target { "target" } else { "Use as target" };
    let button =
        ui.add_enabled(column.kind == ColumnKind::Numbers && !is_target, egui::Button::new(words).small());
    let name = format!("Use {} as target", column.name);
    button.widget_info(|| egui::WidgetInfo::labeled(egui::Role::Button, true, &name));
    if button.clicked() {
        actions.push(Action::SetMarked(Mark::TargetColumn, column.name.clone()));
    }
    let problem = column.problem.as_deref().unwrap_or_default();
    ui.label(RichText::new(problem).small().color(color(tokens(ui.ctx()).warning)));
    ui.end_row();
}
