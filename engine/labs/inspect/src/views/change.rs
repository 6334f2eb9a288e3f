//! What changed, tensor by tensor.

use weightscope_frame::lab::{Picked, View};
use weightscope_frame::record::{Cell, Data, Pick, Record, ViewKind, ViewSpec};

use super::shown::{grid, pick_row};
use crate::channels as ch;
use crate::config::Config;

/// The view.
pub(super) fn view(_: &Config) -> View<Config> {
    View::new(ViewSpec {
        empty: "How much each tensor changed, and in which form, appears here after the statistics."
            .to_owned(),
        help: include_str!("../help/change.md").to_owned(),
        ..ViewSpec::of("change", "Changes", ViewKind::Table, &[&ch::CHANGES])
    })
    .clicked(pick)
}

/// A click looks at the tensor of that line: the table may lack tensors that the other file does not hold.
fn pick(_: &Config, record: &Record, pick: &Pick) -> Picked {
    let Some(Data::Table(tables)) = record.get(ch::CHANGES.id()).map(|channel| &channel.data) else {
        return Picked::default();
    };
    let line = tables.last().and_then(|(_, table)| table.rows.get(pick.y.max(0.0) as usize));
    let Some(Cell::Text(name)) = line.and_then(|cells| cells.first()) else { return Picked::default() };
    let rows = grid(record, ch::MAP.id()).map(|grid| grid.rows.as_slice()).unwrap_or_default();
    rows.iter().position(|row| row == name).map_or_else(Picked::default, |row| pick_row(row as f64))
}
