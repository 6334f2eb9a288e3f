//! A look into a table before it is used: how each column was read, what is doubtful, and menus that say otherwise; a click makes a column
//! the target.

use egui::{ComboBox, Context, RichText, Ui};
use weightscope_frame::data::table::{ColumnChoice, TableOptions, open_table_with};
use weightscope_frame::data::{ColumnRead, Read, ReadAs};
use weightscope_frame::experiment::Mark;

use super::command::Action;
use super::style::{self, color, tokens};
use super::task::Task;
use crate::figure::number::{count, plural, significant};

/// Distinct numbers that are counted.
const COUNTED: usize = 100;

/// What was read of a table, or why it cannot be read.
type Looked = Result<Read, String>;

/// A look into a table before it is used: its columns with their kinds, ranges and doubts.
pub(super) struct DataPreview {
    name: String,
    options: TableOptions,
    task: Option<Task<Looked>>,
    looked: Option<Looked>,
    pub(super) open: bool,
}

impl DataPreview {
    /// Begins to read a table, by its name or path, as the settings say.
    pub(super) fn new(name: &str, options: TableOptions, context: &Context) -> Self {
        let (wanted, said) = (name.to_owned(), options.clone());
        let task = Task::spawn("data preview", context, move || {
            open_table_with(&wanted, &said).map(|table| table.read).map_err(|error| error.to_string())
        });
        Self { name: name.to_owned(), options, task, looked: None, open: true }
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
        window.open(&mut open).default_width(720.0).show(context, |ui| match &self.looked {
            None => {
                ui.label("Reading…");
            }
            Some(Err(error)) => {
                ui.label(RichText::new(error).color(color(tokens(ui.ctx()).error)));
            }
            Some(Ok(read)) => self.read_ui(ui, read, target, actions),
        });
        self.open &= open;
    }

    fn read_ui(&self, ui: &mut Ui, read: &Read, target: &str, actions: &mut Vec<Action>) {
        let muted = color(tokens(ui.ctx()).text_muted);
        let (rows, columns) = (count(read.rows as u64), read.columns.len());
        let (of, words) = (read.counted(), plural(columns, "column"));
        let text = format!("{} · {} · {rows} {of} × {columns} {words}", self.name, read.form);
        ui.label(RichText::new(text).color(muted));
        let height = (ui.ctx().content_rect().height() - 220.0).clamp(160.0, 480.0);
        egui::ScrollArea::both().max_height(height).show(ui, |ui| {
            egui::Grid::new("preview").num_columns(7).striped(true).show(ui, |ui| {
                for heading in ["column", "read as", "missing", "range", "distinct", "", "how"] {
                    ui.strong(heading);
                }
                ui.end_row();
                read.columns.iter().for_each(|column| self.column_ui(ui, column, target, actions));
            });
            if !read.doubts.is_empty() {
                ui.separator();
                ui.strong("Doubtful");
            }
            for doubt in &read.doubts {
                ui.label(RichText::new(doubt.to_string()).color(color(tokens(ui.ctx()).warning)));
            }
        });
    }

    fn column_ui(&self, ui: &mut Ui, column: &ColumnRead, target: &str, actions: &mut Vec<Action>) {
        ui.label(&column.name);
        self.kind_ui(ui, column, actions);
        let missing = ui.label(count(column.missing as u64));
        if !column.missing_words.is_empty() {
            let words: Vec<String> = column
                .missing_words
                .iter()
                .map(|(word, cells)| format!("\"{word}\" in {cells} {}", plural(*cells, "cell")))
                .collect();
            missing.on_hover_text(words.join("\n"));
        }
        let range =
            column.range.map(|(low, high)| format!("{} to {}", significant(low, 4), significant(high, 4)));
        ui.label(range.unwrap_or_else(|| "–".to_owned()));
        // Distinct numbers are counted up to here only.
        let many = column.kind != ReadAs::Category && column.distinct >= COUNTED;
        let least = if many { "at least " } else { "" };
        ui.label(format!("{least}{}", count(column.distinct as u64)));
        let is_target = column.name == target;
        let words = if is_target { "target" } else { "Use as target" };
        let button =
            ui.add_enabled(column.kind != ReadAs::LeftOut && !is_target, egui::Button::new(words).small());
        let name = format!("Use {} as target", column.name);
        button.widget_info(|| egui::WidgetInfo::labeled(egui::Role::Button, true, &name));
        if button.clicked() {
            actions.push(Action::SetMarked(Mark::TargetColumn, column.name.clone()));
        }
        ui.label(RichText::new(&column.note).small());
        ui.end_row();
    }

    /// What the column was read as, with a menu that says otherwise.
    fn kind_ui(&self, ui: &mut Ui, column: &ColumnRead, actions: &mut Vec<Action>) {
        let said = self.options.columns.get(&column.name).copied();
        let found = column.kind.words();
        let response = ComboBox::from_id_salt(("kind", &column.name))
            .selected_text(said.map_or(found, words))
            .width(110.0)
            .show_ui(ui, |ui| {
                let found = if said.is_none() { format!("as found: {found}") } else { "as found".to_owned() };
                if style::row(ui, said.is_none(), &found).clicked() {
                    actions.push(Action::SetColumn(column.name.clone(), None));
                }
                for (choice, _) in ColumnChoice::ALL {
                    if style::row(ui, said == Some(choice), words(choice)).clicked() {
                        actions.push(Action::SetColumn(column.name.clone(), Some(choice)));
                    }
                }
            })
            .response;
        let name = format!("{} is read as", column.name);
        response.widget_info(|| egui::WidgetInfo::labeled(egui::Role::ComboBox, true, &name));
    }
}

/// What a person can say of a column, in words.
fn words(choice: ColumnChoice) -> &'static str {
    match choice {
        ColumnChoice::Number => "number",
        ColumnChoice::Category => "category",
        ColumnChoice::Date => "date",
        ColumnChoice::DateDayFirst => "date, day first",
        ColumnChoice::DateMonthFirst => "date, month first",
        ColumnChoice::Calendar => "date with calendar",
        ColumnChoice::Ignore => "not used",
    }
}
