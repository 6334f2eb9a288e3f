//! A table of the record on the screen.

use egui::Ui;

use crate::figure::model::TableBody;

/// A table of the record.
pub(super) fn table_ui(ui: &mut Ui, table: &TableBody, id: &str) {
    egui::ScrollArea::both().id_salt(("table", id)).auto_shrink(false).show(ui, |ui| {
        egui::Grid::new(("grid", id)).striped(true).show(ui, |ui| {
            for column in &table.columns {
                ui.strong(column.heading());
            }
            ui.end_row();
            for row in &table.rows {
                for (cell, column) in row.iter().zip(&table.columns) {
                    ui.label(cell.display(column.digits));
                }
                ui.end_row();
            }
        });
    });
}
