//! What a view draws, as a table of numbers: for reading exact values, and for people who cannot see the drawing.
//!
//! Contract: the order of the rows is that of the screen alone; files and what is copied keep the order of the figure.

use egui::Ui;
use egui_extras::{Column, TableBuilder};

use super::table::heading_ui;
use crate::figure::csv;
use crate::figure::model::{Cell, Figure};
use crate::views::{self, TableOrder};

/// First word of the heading of a figure of several panels, which stands again before each of them.
const PANEL: &str = "panel";
/// Words about the order, behind what a click on a heading does.
const ORDER_OF: &str = "files keep the order of the figure";

/// The numbers behind a figure, with the order in which they are shown.
pub(super) struct Records {
    header: Vec<String>,
    rows: Vec<Vec<String>>,
    /// Panels have different columns, so that no order over all of them means anything.
    is_mixed: bool,
    /// Places of the rows as they are shown, and what they were ordered by.
    places: Vec<usize>,
    ordered: Option<TableOrder>,
}

/// Lines of the data file, the header first.
pub(super) fn lines(figure: &Figure) -> Vec<Vec<String>> {
    let Ok(text) = csv::write(figure) else { return Vec::new() };
    let mut reader =
        ::csv::ReaderBuilder::new().has_headers(false).flexible(true).from_reader(text.as_bytes());
    reader.records().flatten().map(|record| record.iter().map(str::to_owned).collect()).collect()
}

impl Records {
    /// Of a figure, in its order.
    pub(super) fn of(figure: &Figure) -> Self {
        let mut lines = lines(figure).into_iter();
        let header = lines.next().unwrap_or_default();
        let is_heading = |line: &Vec<String>| line.first().is_some_and(|word| word == PANEL);
        let has_panels = is_heading(&header);
        let rows: Vec<_> = lines.filter(|line| !(has_panels && *line == header)).collect();
        let is_mixed = has_panels && rows.iter().any(is_heading);
        let places = (0..rows.len()).collect();
        Self { header, rows, is_mixed, places, ordered: None }
    }

    /// Puts the rows in an order; rows alike in it, and all without one, stand as in the figure.
    fn arrange(&mut self, order: Option<&TableOrder>) {
        if self.ordered.as_ref() == order {
            return;
        }
        self.places = (0..self.rows.len()).collect();
        let column = order.and_then(|order| self.header.iter().position(|heading| *heading == order.column));
        if let (Some(order), Some(column)) = (order, column) {
            let cell = |row: &Vec<String>| row.get(column).map_or(Cell::Missing, |text| cell(text));
            let cells: Vec<Cell> = self.rows.iter().map(cell).collect();
            let compare =
                |a: &usize, b: &usize| views::compare_cells(cells.get(*a), cells.get(*b), order.descending);
            self.places.sort_by(compare);
        }
        self.ordered = order.cloned();
    }

    /// Draws only the lines that are in sight.
    pub(super) fn ui(&mut self, ui: &mut Ui, order: &mut Option<TableOrder>, id: &str) {
        self.arrange(order.as_ref().filter(|_| !self.is_mixed));
        let height = ui.text_style_height(&egui::TextStyle::Body) + 2.0;
        egui::ScrollArea::horizontal().id_salt(("data", id)).show(ui, |ui| {
            TableBuilder::new(ui)
                .id_salt(("data table", id))
                .striped(true)
                .columns(Column::initial(110.0).at_least(50.0).clip(true).resizable(true), self.header.len())
                .header(height, |mut line| {
                    for heading in &self.header {
                        line.col(|ui| {
                            if self.is_mixed {
                                ui.strong(heading);
                            } else {
                                heading_ui(ui, heading, order, ORDER_OF);
                            }
                        });
                    }
                })
                .body(|body| {
                    body.rows(height, self.rows.len(), |mut line| {
                        let row = self.places.get(line.index()).and_then(|place| self.rows.get(*place));
                        let cells = row.map(Vec::as_slice).unwrap_or_default();
                        for column in 0..self.header.len() {
                            line.col(|ui| {
                                let cell = cells.get(column).map_or("", String::as_str);
                                ui.add(egui::Label::new(cell).extend());
                            });
                        }
                    });
                });
        });
    }
}

/// A field of the file as what it holds.
fn cell(text: &str) -> Cell {
    match text.parse::<f64>() {
        Ok(value) if value.is_nan() => Cell::Missing,
        Ok(value) => Cell::Number(value),
        Err(_) => Cell::Text(text.to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::figure::model::{Axis, Body, Ink, Item, Line, Panel, PanelsBody, Plot};
    use crate::figure::provenance::Provenance;

    fn plot(points: Vec<[f64; 2]>) -> Body {
        let axis = |name: &str| Axis::new(name.to_owned());
        let mut plot = Plot::new(axis("step"), axis("loss"));
        plot.items.push(Item::from(Line::new("curve".to_owned(), points, Ink::Series(0))));
        Body::Plot(plot)
    }

    fn figure(body: Body) -> Figure {
        Figure::new("title".to_owned(), body, Provenance::default())
    }

    /// The second column but one of the rows as they are shown.
    fn shown(records: &Records, column: &str) -> Vec<String> {
        let place = records.header.iter().position(|heading| heading == column).unwrap();
        records.places.iter().map(|row| records.rows[*row][place].clone()).collect()
    }

    #[test]
    fn rows_are_ordered_by_the_numbers_of_a_column() {
        let mut records =
            Records::of(&figure(plot(vec![[0.0, 9.0], [1.0, 10.0], [2.0, f64::NAN], [3.0, -1.0]])));
        let by = |descending| Some(TableOrder { column: "y [loss]".to_owned(), descending });
        assert_eq!(shown(&records, "x [step]"), ["0", "1", "2", "3"], "as in the figure");
        records.arrange(by(true).as_ref());
        assert_eq!(shown(&records, "x [step]"), ["1", "0", "3", "2"], "ten before nine, no number last");
        records.arrange(by(false).as_ref());
        assert_eq!(shown(&records, "x [step]"), ["3", "0", "1", "2"]);
        records.arrange(None);
        assert_eq!(shown(&records, "x [step]"), ["0", "1", "2", "3"], "and back");
    }

    #[test]
    fn headings_of_further_panels_are_no_rows() {
        let panel = |title: &str, body: Body| Panel { title: title.to_owned(), body };
        let of = |panels: Vec<Panel>| Records::of(&figure(Body::Panels(PanelsBody { columns: 2, panels })));
        let alike = of(vec![panel("a", plot(vec![[0.0, 1.0]])), panel("b", plot(vec![[0.0, 2.0]]))]);
        assert!(!alike.is_mixed && alike.rows.len() == 2, "{:?}", alike.rows);
        let text = Body::Text("words".to_owned());
        let mixed = of(vec![panel("a", plot(vec![[0.0, 1.0]])), panel("b", text)]);
        assert!(mixed.is_mixed && mixed.rows.len() == 3, "the second heading stands: {:?}", mixed.rows);
    }
}
