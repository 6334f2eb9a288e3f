//! Leaderboard: every method at the chosen stage, its score in parts, relative to a chosen method, with a paired bootstrap.

use super::boards::{Board, Line};
use super::controls;
use super::derived;
use super::draw::{picture, saying};
use super::look::{Look, newest};
use crate::channels as ch;
use crate::config::Config;
use weightscope_frame::lab::{Derive, View};
use weightscope_frame::record::declared::{Declared, kinds::OfTables};
use weightscope_frame::record::{Cell, Channel, Table, ViewKind, ViewSpec};
use weightscope_frame::run::RunError;

/// Words for legends.
pub(super) const LABEL: &str = "leaderboard";
/// One line a method.
const BOARD: Declared<OfTables> =
    Declared::new("leaderboard", LABEL, "", "Scores on the test rows, standardised target.");

/// Every method at the chosen stage.
pub(super) fn view() -> View<Config> {
    View::new(ViewSpec {
        empty: "Scores of all methods appear here as they are fitted. Press Run.".to_owned(),
        help: include_str!("../help/leaderboard.md").to_owned(),
        ..derived(
            "leaderboard",
            "Leaderboard",
            ViewKind::Table,
            &[&BOARD],
            &[controls::stage(), controls::units()],
        )
    })
    .derived(derive)
}

/// From what the run has kept, before its end from the predictions.
fn derive(config: &Config, job: &Derive<'_>) -> Result<Vec<Channel>, RunError> {
    job.control.check()?;
    let Some(look) = Look::new(config, job.record, job.controls) else { return Ok(Vec::new()) };
    let table = match newest(job.record, &ch::BOARD_AT.member(look.stage().key())) {
        Some(kept) => kept,
        None => table(config, &Board::new(&look, job.control)?),
    };
    let table = if look.wants_units() { in_units(table, &look) } else { table };
    let about = format!("Scores on the test rows; WIS, its parts and widths in {}.", look.target());
    Ok(vec![saying(picture(&BOARD, LABEL, table), about)])
}

/// Columns that are of the target's unit.
const OF_THE_TARGET: [&str; 5] = ["WIS", "dispersion", "under", "over", "width 80 %"];

/// A table of standardised scores in the units of the target; the column says so.
fn in_units(mut table: Table, look: &Look<'_>) -> Table {
    let (scale, name) = (look.facts.target.deviation, look.target());
    for (index, column) in table.columns.iter_mut().enumerate() {
        if column == "difference [95 %]" {
            column.push_str(", standardised");
        }
        if !OF_THE_TARGET.contains(&column.as_str()) {
            continue;
        }
        *column = format!("{column} in {name}");
        for row in &mut table.rows {
            if let Some(Cell::Number(value)) = row.get_mut(index) {
                *value *= scale;
            }
        }
    }
    table
}

/// The table of a board.
pub(super) fn table(config: &Config, board: &Board) -> Table {
    let relative = format!("relative to {}", config.relative_to.name());
    let columns = [
        "method",
        "WIS",
        &relative,
        "difference [95 %]",
        "dispersion",
        "under",
        "over",
        "crossing rate",
        "coverage 50 %",
        "coverage 80 %",
        "coverage 90 %",
        "width 80 %",
        "MACE",
    ];
    let cells = |line: &Line| {
        let Line { row, parts, .. } = line;
        let interval = line.difference.map_or_else(String::new, |found| {
            format!("{:+.3} [{:+.3},\u{a0}{:+.3}]", found.mean, found.lower, found.upper).replace('-', "−")
        });
        let mut cells = vec![Cell::Text(line.method.name().to_owned())];
        cells.extend([row.wis, row.wis / board.reference].map(Cell::Number));
        cells.push(Cell::Text(interval));
        cells.extend([parts.dispersion, parts.underprediction, parts.overprediction].map(Cell::Number));
        let shares = [row.crossing_rate, row.coverage_50, row.coverage_80, row.coverage_90];
        cells.extend(shares.into_iter().chain([row.width_80, row.mace]).map(Cell::Number));
        cells
    };
    Table { columns: columns.map(str::to_owned).to_vec(), rows: board.lines.iter().map(cells).collect() }
}
