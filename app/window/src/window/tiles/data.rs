//! What a view draws, as a table of numbers: for reading exact values, and for people who cannot see the drawing.

use egui::Ui;
use egui_extras::{Column, TableBuilder};

use crate::figure::csv;
use crate::figure::model::Figure;

/// Lines of the data file, the header first.
pub(super) fn records(figure: &Figure) -> Vec<Vec<String>> {
    let Ok(text) = csv::write(figure) else { return Vec::new() };
    let mut reader =
        ::csv::ReaderBuilder::new().has_headers(false).flexible(true).from_reader(text.as_bytes());
    reader.records().flatten().map(|record| record.iter().map(str::to_owned).collect()).collect()
}

/// Draws only the lines that are in sight.
pub(super) fn data_ui(ui: &mut Ui, records: &[Vec<String>], id: &str) {
    let Some((header, rows)) = records.split_first() else { return };
    let height = ui.text_style_height(&egui::TextStyle::Body) + 2.0;
    egui::ScrollArea::horizontal().id_salt(("data", id)).show(ui, |ui| {
        TableBuilder::new(ui)
            .id_salt(("data table", id))
            .striped(true)
            .columns(Column::initial(110.0).at_least(50.0).clip(true).resizable(true), header.len())
            .header(height, |mut line| {
                for heading in header {
                    line.col(|ui| {
                        ui.strong(heading);
                    });
                }
            })
            .body(|body| {
                body.rows(height, rows.len(), |mut line| {
                    let cells = rows.get(line.index()).map(Vec::as_slice).unwrap_or_default();
                    for column in 0..header.len() {
                        line.col(|ui| {
                            let cell = cells.get(column).map_or("", String::as_str);
                            ui.add(egui::Label::new(cell).extend());
                        });
                    }
                });
            });
    });
}
