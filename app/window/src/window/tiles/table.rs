//! A table of the record on the screen: filtered by words, ordered by a click on a heading, only the rows in sight drawn.
//!
//! Contract: the order belongs to the view, so that files follow it; the filter changes what is seen alone: a file holds all rows.

use egui::{RichText, Ui};
use egui_extras::{Column, TableBuilder};
use egui_material_icons::icons;

use crate::figure::model::{Align, Cell, TableBody};
use crate::figure::number::count;
use crate::figure::told::ends;
use crate::views::TableOrder;
use crate::window::style::{self, color, tokens};

/// Fewer rows are read faster than filtered.
const FILTER_FROM: usize = 12;
/// Rows that are measured to find the width of a column.
const MEASURED: usize = 64;
/// Narrowest and widest column at first sight, points.
const WIDTHS: (f32, f32) = (44.0, 280.0);
/// Room beside the text of a cell, points.
const PADDING: f32 = 14.0;
/// Room that the colour of a run takes before its name, points.
const PATCH: f32 = 18.0;
/// Largest share of a narrow tile that one column takes, so that there is room for what it names; and the width from which a tile is wide.
const MOST_OF_NARROW: f32 = 0.45;
const WIDE_FROM: f32 = 640.0;

/// Where a key goes from the row that was chosen last.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::window) enum Jump {
    /// So many rows down; negative is up.
    By(isize),
    /// So many screens down.
    Pages(isize),
    /// To the first row.
    First,
    /// To the last row.
    Last,
}

/// Number of rows and filter.
type MadeFor = (usize, String);

/// How a person looks at a table.
#[derive(Default)]
pub(super) struct TableState {
    /// Words that a row must contain, each in any cell.
    filter: String,
    /// Rows that are shown, by their places in the figure.
    rows: Vec<usize>,
    /// What they were made for.
    made_for: Option<MadeFor>,
    /// The row that was clicked last, by its place in the record.
    clicked: Option<usize>,
    /// Where a key goes with the next frame.
    jump: Option<Jump>,
    /// The filter takes the keyboard with the next frame.
    wants_filter: bool,
    /// Rows that fit on the screen.
    page: usize,
    /// Widths that the columns want, and what they were measured with.
    widths: Option<(Measured, Vec<f32>)>,
}

/// Size of letters, and pixels per point.
type Measured = (f32, f32);

impl TableState {
    /// Makes the list of rows anew, and measures the columns, when the figure was built again.
    pub(super) fn renew(&mut self) {
        self.made_for = None;
        self.widths = None;
    }

    /// Forgets which rows of another run were looked for: here they may be none.
    pub(super) fn forget_run(&mut self) {
        self.filter.clear();
        self.clicked = None;
        self.jump = None;
        self.made_for = None;
    }

    /// Goes to another row with the next frame.
    pub(super) fn ask(&mut self, jump: Jump) {
        self.jump = Some(jump);
    }

    /// Gives the filter the keyboard with the next frame.
    pub(super) fn ask_for_filter(&mut self) {
        self.wants_filter = true;
    }

    /// Takes what a key asked for: the line among those shown, from above.
    fn take_jump(&mut self, table: &TableBody) -> Option<usize> {
        let jump = self.jump.take()?;
        let last = self.rows.len().checked_sub(1)?;
        let now = self.clicked.and_then(|place| self.rows.iter().position(|row| table.place(*row) == place));
        let by = |rows: isize| match now {
            Some(now) => now.saturating_add_signed(rows).min(last),
            // Nothing is chosen yet: from the end that the key comes from.
            None if rows < 0 => last,
            None => 0,
        };
        Some(match jump {
            Jump::By(rows) => by(rows),
            Jump::Pages(pages) => by(pages.saturating_mul(self.page.max(1).cast_signed())),
            Jump::First => 0,
            Jump::Last => last,
        })
    }

    /// Draws the table in the space that is left; the row that was clicked, by its place in the record.
    pub(super) fn table_ui(
        &mut self,
        ui: &mut Ui,
        table: &TableBody,
        id: &str,
        order: &mut Option<TableOrder>,
    ) -> Option<usize> {
        if table.rows.len() >= FILTER_FROM || !self.filter.is_empty() || self.wants_filter {
            self.filter_ui(ui, table, id);
        }
        self.arrange(table);
        let height = ui.text_style_height(&egui::TextStyle::Body) + 4.0;
        let is_wide = ui.available_width() >= WIDE_FROM;
        let widths = self.widths(ui, table);
        let is_told = is_told(ui);
        let line = self.take_jump(table);
        let mut clicked = line.and_then(|line| self.rows.get(line)).map(|row| table.place(*row));
        self.clicked = clicked.or(self.clicked);
        // The heading takes one of them.
        self.page =
            ((ui.available_height() / (height + ui.spacing().item_spacing.y)) as usize).saturating_sub(2);
        egui::ScrollArea::horizontal().id_salt(("table", id)).auto_shrink(false).show(ui, |ui| {
            let mut builder =
                TableBuilder::new(ui).id_salt(("rows", id, is_wide)).striped(true).auto_shrink(false);
            builder = builder.sense(egui::Sense::click());
            if let Some(line) = line {
                builder = builder.scroll_to_row(line, None);
            }
            for width in widths {
                builder = builder.column(Column::initial(width).at_least(24.0).clip(true).resizable(true));
            }
            let head = builder.header(height, |mut line| {
                for column in &table.columns {
                    line.col(|ui| heading_ui(ui, &column.heading(), order, "files follow"));
                }
            });
            head.body(|body| {
                body.rows(height, self.rows.len(), |mut line| {
                    let row = self.rows.get(line.index()).copied().unwrap_or_default();
                    let cells = table.rows.get(row).map(Vec::as_slice).unwrap_or_default();
                    let is_strong = table.emphasised.contains(&row);
                    let ink = table.inks.get(row).copied().flatten();
                    line.set_selected(self.clicked == Some(table.place(row)));
                    for (index, column) in table.columns.iter().enumerate() {
                        line.col(|ui| {
                            // Most columns of a wide table are out of sight in a tile.
                            if is_told || ui.is_sizing_pass() || ui.is_rect_visible(ui.max_rect()) {
                                let cell = cells.get(index);
                                let text = cell.map_or_else(String::new, |cell| cell.display(column.digits));
                                let draw = |ui: &mut Ui| cell_ui(ui, &text, column.align, is_strong);
                                if let Some(ink) = ink.filter(|_| index == 0) {
                                    ui.horizontal_centered(|ui| {
                                        style::patch(ui, ink);
                                        draw(ui);
                                    });
                                } else {
                                    draw(ui);
                                }
                            }
                        });
                    }
                    if line.response().clicked() {
                        clicked = Some(table.place(row));
                    }
                });
            });
        });
        self.clicked = clicked.or(self.clicked);
        clicked
    }

    fn filter_ui(&mut self, ui: &mut Ui, table: &TableBody, id: &str) {
        ui.horizontal(|ui| {
            let label = ui.label("Filter");
            let field = egui::TextEdit::singleline(&mut self.filter).id_salt(("filter", id));
            let field = ui.add(field.desired_width(160.0).hint_text("words in any column"));
            if std::mem::take(&mut self.wants_filter) {
                field.request_focus();
            }
            field
                .labelled_by(label.id)
                .on_hover_text("Rows that contain every word, in any column. Files keep all rows.");
            self.arrange(table);
            let words =
                format!("{} of {} rows", count(self.rows.len() as u64), count(table.rows.len() as u64));
            ui.label(RichText::new(words).small().color(color(tokens(ui.ctx()).text_muted)));
        });
    }

    /// Finds the rows that are shown, if anything changed.
    fn arrange(&mut self, table: &TableBody) {
        let wanted = (table.rows.len(), self.filter.clone());
        if self.made_for.as_ref() == Some(&wanted) {
            return;
        }
        let words: Vec<String> = self.filter.split_whitespace().map(str::to_lowercase).collect();
        let holds = |row: &Vec<Cell>| {
            let texts: Vec<String> = row
                .iter()
                .zip(&table.columns)
                .map(|(cell, column)| cell.display(column.digits).to_lowercase())
                .collect();
            words.iter().all(|word| texts.iter().any(|text| text.contains(word.as_str())))
        };
        let rows = table.rows.iter().enumerate().filter(|(_, row)| words.is_empty() || holds(row));
        self.rows = rows.map(|(index, _)| index).collect();
        self.made_for = Some(wanted);
    }
}

/// A heading that orders the rows by its column: largest first, smallest first, as recorded. `files` says what becomes of the order in them.
pub(super) fn heading_ui(ui: &mut Ui, heading: &str, order: &mut Option<TableOrder>, files: &str) {
    let now = order.as_ref().filter(|order| order.column == heading).map(|order| order.descending);
    let (arrow, next, words) = match now {
        Some(true) => (Some(icons::ICON_ARROW_DOWNWARD), Some(false), "smallest first"),
        Some(false) => (Some(icons::ICON_ARROW_UPWARD), None, "in the order of the record"),
        None => (None, Some(true), "largest first"),
    };
    let text = RichText::new(heading).strong();
    let button = match arrow {
        Some(arrow) => egui::Button::new((style::icon(arrow), text)),
        None => egui::Button::new(text),
    };
    let button = ui.add(button.frame(false).truncate());
    button.widget_info(|| egui::WidgetInfo::labeled(egui::Role::Button, true, format!("Order by {heading}")));
    let tip = format!("{heading}: a click shows the {words}; {files}");
    if button.on_hover_text(tip).clicked() {
        *order = next.map(|descending| TableOrder { column: heading.to_owned(), descending });
    }
}

/// True while a screen reader listens, to which the columns out of sight are told too.
fn is_told(ui: &Ui) -> bool {
    ui.ctx().accesskit_node_builder(ui.unique_id(), |_| ()).is_some()
}

/// One cell. Words that are too long keep both their ends: what tells names apart stands at either.
fn cell_ui(ui: &mut Ui, whole: &str, align: Align, is_strong: bool) {
    let layout = match align {
        Align::Left => egui::Layout::left_to_right(egui::Align::Center),
        Align::Right => egui::Layout::right_to_left(egui::Align::Center),
    };
    let font = egui::TextStyle::Body.resolve(ui.style());
    let paint = if is_strong { ui.visuals().strong_text_color() } else { ui.visuals().text_color() };
    let galley = ui.painter().layout_no_wrap(whole.to_owned(), font, paint);
    let (room, wide) = (ui.available_width(), galley.size().x);
    let is_cut = align == Align::Left && wide > room;
    let words: egui::WidgetText = if wide <= room {
        galley.into()
    } else {
        let count = whole.chars().count() as f32;
        // A letter more goes, since letters differ in width.
        let most = ((count * room / wide.max(1.0)) as usize).saturating_sub(1);
        let words = if is_cut { ends(whole, &|cut| cut.chars().count() <= most) } else { whole.to_owned() };
        let text = RichText::new(words);
        if is_strong { text.strong().into() } else { text.into() }
    };
    // A click on the words is one on the row.
    let cell =
        ui.with_layout(layout, |ui| ui.add(egui::Label::new(words).truncate().selectable(false))).inner;
    if is_cut {
        cell.widget_info(|| egui::WidgetInfo::labeled(egui::Role::Label, true, whole));
    }
}

impl TableState {
    /// Widths of the columns at first sight: of the heading and of the first rows, measured once for each figure.
    fn widths(&mut self, ui: &Ui, table: &TableBody) -> Vec<f32> {
        let font = egui::TextStyle::Body.resolve(ui.style());
        let measured = (font.size, ui.ctx().pixels_per_point());
        let known = self.widths.take().filter(|(known, _)| *known == measured);
        let (_, wanted) = self.widths.insert(known.unwrap_or_else(|| (measured, wanted(ui, &font, table))));
        let room = ui.available_width();
        let most = if room < WIDE_FROM { (MOST_OF_NARROW * room).max(WIDTHS.0) } else { WIDTHS.1 };
        wanted.iter().map(|width| width.min(most)).collect()
    }
}

/// Widths that the columns want.
fn wanted(ui: &Ui, font: &egui::FontId, table: &TableBody) -> Vec<f32> {
    let width = |text: String| {
        ui.painter().layout_no_wrap(text, font.clone(), egui::Color32::PLACEHOLDER).size().x + PADDING
    };
    let of = |(index, column): (usize, &crate::figure::model::Column)| {
        let cells = table.rows.iter().take(MEASURED).filter_map(|row| row.get(index));
        let widest = cells.map(|cell| width(cell.display(column.digits))).fold(0.0, f32::max);
        let patch = if index == 0 && !table.inks.is_empty() { PATCH } else { 0.0 };
        (widest + patch).max(width(column.heading()) + PADDING).clamp(WIDTHS.0, WIDTHS.1)
    };
    table.columns.iter().enumerate().map(of).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::figure::model::Column as TableColumn;

    fn table() -> TableBody {
        TableBody {
            columns: vec![TableColumn::text("name"), TableColumn::number("loss", "")],
            rows: vec![
                vec!["Beta".into(), 0.5.into()],
                vec!["alpha".into(), Cell::Missing],
                vec!["gamma net".into(), 0.25.into()],
            ],
            ..TableBody::default()
        }
    }

    fn shown(state: &mut TableState) -> Vec<usize> {
        state.arrange(&table());
        state.rows.clone()
    }

    #[test]
    fn keys_move_through_the_rows_that_are_shown() {
        let ordered = TableBody { places: vec![5, 7, 6], ..table() };
        let mut state = TableState { page: 2, ..TableState::default() };
        assert_eq!(shown(&mut state), [0, 1, 2], "all of them");
        let mut press = |jump| {
            state.ask(jump);
            let row = state.take_jump(&ordered).and_then(|line| state.rows.get(line).copied());
            state.clicked = row.map(|row| ordered.place(row));
            state.clicked
        };
        assert_eq!(press(Jump::By(-1)), Some(6), "from the end, where none is chosen");
        assert_eq!(press(Jump::By(1)), Some(6), "no further than the last");
        assert_eq!(press(Jump::By(-1)), Some(7), "the one above");
        assert_eq!(press(Jump::First), Some(5));
        assert_eq!(press(Jump::Pages(1)), Some(6), "a page of two rows");
        assert_eq!(press(Jump::Pages(-5)), Some(5), "no further than the first");
        assert_eq!(press(Jump::Last), Some(6));
        state.filter = "nothing of this".to_owned();
        assert!(shown(&mut state).is_empty());
        state.ask(Jump::By(1));
        assert_eq!(state.take_jump(&ordered), None, "no row to go to");
    }

    #[test]
    fn rows_are_filtered_by_all_words() {
        let mut state = TableState::default();
        assert_eq!(shown(&mut state), [0, 1, 2], "as they stand");
        state.filter = "GAM net".to_owned();
        assert_eq!(shown(&mut state), [2], "both words");
        state.filter = "0.25 beta".to_owned();
        assert!(shown(&mut state).is_empty(), "never in one row");
    }
}
