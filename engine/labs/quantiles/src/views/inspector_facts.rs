//! One row in numbers: its features and observation, and for each method where the observation falls.

use super::controls;
use super::derived;
use super::draw::picture;
use super::look::{self, Look};
use crate::config::Config;
use crate::method::{calibration, pinball};
use weightscope_frame::lab::View;
use weightscope_frame::record::declared::{Declared, kinds::OfTables};
use weightscope_frame::record::{Cell, Channel, Table, ViewKind, ViewSpec};

/// What stands about the row.
const FACTS: Declared<OfTables> = Declared::new(
    "inspected_facts",
    "one row in numbers",
    "",
    "The row's features and observation, and what each method says about it.",
);
/// Columns of the table.
const COLUMNS: usize = 6;

/// One row in numbers.
pub(super) fn view() -> View<Config> {
    View::new(ViewSpec {
        empty: "What each method says about one row appears here when the first model is fitted. Press Run."
            .to_owned(),
        help: include_str!("../help/inspector.md").to_owned(),
        ..derived(
            "inspector_facts",
            "One row in numbers",
            ViewKind::Table,
            &[&FACTS],
            &[controls::stage(), controls::row(), controls::coverage(), controls::units()],
        )
    })
    .derived(|config, job| look::at(config, job, channels))
}

/// Features, observation, and for each method the PIT cell, the score and the interval.
fn channels(look: &Look<'_>) -> Vec<Channel> {
    let row = look.row();
    let y = look.observations();
    let Some(own) = y.get(row).copied() else { return Vec::new() };
    let taus = look.levels().singles();
    let mut rows: Vec<Vec<Cell>> = look
        .facts
        .features
        .iter()
        .enumerate()
        .map(|(column, feature)| line(&feature.name, &[look.feature(row, column)]))
        .collect();
    rows.push(line(&look.facts.target.name, &[look.shown(own)]));
    let pair = look.pair();
    for method in look.methods() {
        let Some(q) = look.predictions_of_row(method, row, look.stage()) else { continue };
        let cell = calibration::pit_cell(&q, own);
        let below = cell.checked_sub(1).map_or(0.0, |level| look.levels().values()[level]);
        let ends = pair.map(|pair| (look.shown(q[pair.lower]), look.shown(q[pair.upper])));
        let score = 2.0 * pinball::row_sum(&q, own, &taus) / taus.len().max(1) as f64;
        let (low, high) = ends.unwrap_or((f64::NAN, f64::NAN));
        rows.push(line(method.name(), &[look.shown(q[look.levels().middle()]), low, high, below, score]));
    }
    let which = format!("row\u{a0}{row}");
    let columns: [&str; COLUMNS] =
        [which.as_str(), "value or median", "lower end", "upper end", "PIT at least", "WIS (standardised)"];
    let table = Table { columns: columns.map(str::to_owned).to_vec(), rows };
    vec![picture(&FACTS, &format!("row {row}"), table)]
}

fn line(words: &str, numbers: &[f64]) -> Vec<Cell> {
    let mut cells = vec![Cell::Text(words.to_owned())];
    cells.extend(numbers.iter().map(|number| Cell::Number(*number)));
    cells.resize(COLUMNS, Cell::Text(String::new()));
    cells
}
