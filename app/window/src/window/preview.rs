//! A look into a table before it is used: how each column was read, its values, what is doubtful, and menus that say otherwise; a click
//! makes a column the target. What is known of the values stands in `look`.

mod look;

use egui::{ComboBox, Context, RichText, Ui};
use weightscope_frame::data::table::{ColumnChoice, TableOptions, open_table_with};
use weightscope_frame::data::{ColumnRead, ReadAs};
use weightscope_frame::experiment::{Experiment, Mark};
use weightscope_frame::lab::Catalogue;

use self::look::Look;
use super::command::Action;
use super::identify::takes_tables;
use super::style::{self, color, tokens};
use super::task::Task;
use crate::figure::number::{count, plural, significant};

/// Size of a small histogram, points.
const HISTOGRAM: egui::Vec2 = egui::vec2(72.0, 16.0);

/// What was read of a table, or why it cannot be read.
type Looked = Result<Look, String>;

/// What the form asks of a table: its lab, the column that is the target, and what the lab calls that.
#[derive(Default)]
pub(super) struct Asked {
    pub(super) lab: &'static str,
    pub(super) target: String,
    pub(super) called: &'static str,
}

/// A look into a table before it is used: its columns with their kinds, ranges and doubts.
pub(super) struct DataPreview {
    name: String,
    options: TableOptions,
    /// The labs that take tables, by name and title.
    labs: Vec<(&'static str, &'static str)>,
    task: Option<Task<Looked>>,
    looked: Option<Looked>,
    pub(super) open: bool,
}

impl DataPreview {
    /// Begins to read a table, by its name or path, as the settings say.
    pub(super) fn new(name: &str, options: TableOptions, catalogue: Catalogue, context: &Context) -> Self {
        let labs = catalogue.methods().filter(|lab| takes_tables(&Experiment::new(lab.clone())));
        let labs = labs.map(|lab| (lab.name(), lab.about().title)).collect();
        let (wanted, said) = (name.to_owned(), options.clone());
        let task = Task::spawn("data preview", context, move || {
            open_table_with(&wanted, &said).map(Look::of).map_err(|error| error.to_string())
        });
        Self { name: name.to_owned(), options, labs, task, looked: None, open: true }
    }

    /// Draws what is known.
    pub(super) fn ui(&mut self, context: &Context, asked: &Asked, actions: &mut Vec<Action>) {
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
            Some(Ok(look)) => self.read_ui(ui, look, asked, actions),
        });
        self.open &= open;
    }

    fn read_ui(&self, ui: &mut Ui, look: &Look, asked: &Asked, actions: &mut Vec<Action>) {
        let read = &look.read;
        let muted = color(tokens(ui.ctx()).text_muted);
        let (rows, columns) = (count(read.rows as u64), read.columns.len());
        let (of, words) = (read.counted(), plural(columns, "column"));
        let text = format!("{} · {} · {rows} {of} × {columns} {words}", self.name, read.form);
        ui.label(RichText::new(text).color(muted));
        self.target_ui(ui, look, asked, actions);
        let height = (ui.ctx().content_rect().height() - 220.0).clamp(160.0, 480.0);
        egui::ScrollArea::both().max_height(height).show(ui, |ui| {
            egui::Grid::new("preview").num_columns(8).striped(true).show(ui, |ui| {
                for heading in ["column", "read as", "missing", "range", "distinct", "values", "", "how"] {
                    ui.strong(heading);
                }
                ui.end_row();
                let target = &asked.target;
                read.columns.iter().for_each(|column| self.column_ui(ui, column, look, target, actions));
            });
            first_rows_ui(ui, look);
            if !read.doubts.is_empty() {
                ui.separator();
                ui.strong("Doubtful");
            }
            for doubt in &read.doubts {
                ui.label(RichText::new(doubt.to_string()).color(color(tokens(ui.ctx()).warning)));
            }
        });
    }

    /// Where the table has no such target: what to do about it, here or in another lab.
    fn target_ui(&self, ui: &mut Ui, look: &Look, asked: &Asked, actions: &mut Vec<Action>) {
        if asked.called.is_empty() || look.read.columns.iter().any(|column| column.name == asked.target) {
            return;
        }
        let warning = color(tokens(ui.ctx()).warning);
        let text = format!(
            "The table has no column \"{}\" ({}): choose one with \"Use as target\", or use the table in another lab.",
            asked.target,
            asked.called.to_lowercase()
        );
        ui.label(RichText::new(text).color(warning));
        ui.horizontal_wrapped(|ui| {
            for &(lab, title) in self.labs.iter().filter(|(lab, _)| *lab != asked.lab) {
                let button = ui.small_button(title);
                let name = format!("Use the table in {title}");
                button.widget_info(|| egui::WidgetInfo::labeled(egui::Role::Button, true, &name));
                if button.on_hover_text(format!("Makes it the data set of {title}")).clicked() {
                    actions.push(Action::UseDataIn(lab, self.name.clone()));
                }
            }
        });
    }

    fn column_ui(
        &self,
        ui: &mut Ui,
        column: &ColumnRead,
        look: &Look,
        target: &str,
        actions: &mut Vec<Action>,
    ) {
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
        let values = look.column(&column.name);
        ui.label(values.map_or_else(|| "–".to_owned(), look::ColumnLook::distinct));
        histogram_ui(ui, column, values.map_or(&[][..], |values| values.bars.as_slice()));
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

/// A small histogram of a column of numbers.
fn histogram_ui(ui: &mut Ui, column: &ColumnRead, bars: &[u32]) {
    let Some(most) = bars.iter().max().filter(|most| **most > 0) else {
        ui.label("");
        return;
    };
    let (rect, response) = ui.allocate_exact_size(HISTOGRAM, egui::Sense::hover());
    let paint = color(tokens(ui.ctx()).accent);
    let width = rect.width() / bars.len() as f32;
    for (place, rows) in bars.iter().enumerate() {
        let height = rect.height() * *rows as f32 / *most as f32;
        let left = rect.left() + place as f32 * width;
        let corners =
            (egui::pos2(left, rect.bottom() - height), egui::pos2(left + width - 0.5, rect.bottom()));
        ui.painter().rect_filled(egui::Rect::from_two_pos(corners.0, corners.1), 0.0, paint);
    }
    let name = format!("Histogram of {}", column.name);
    response.widget_info(|| egui::WidgetInfo::labeled(egui::Role::Image, true, &name));
    let parts = bars.len();
    response.on_hover_text(format!(
        "Rows in {parts} equal parts of the range; up to {} in one of them",
        count(u64::from(*most))
    ));
}

/// The first rows, as they were read.
fn first_rows_ui(ui: &mut Ui, look: &Look) {
    if look.first.is_empty() {
        return;
    }
    ui.separator();
    ui.strong("First rows, as they were read");
    egui::Grid::new("first rows").num_columns(look.names().count()).striped(true).show(ui, |ui| {
        for name in look.names() {
            ui.label(RichText::new(name).color(color(tokens(ui.ctx()).text_muted)));
        }
        ui.end_row();
        for row in &look.first {
            for cell in row {
                ui.label(cell);
            }
            ui.end_row();
        }
    });
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
