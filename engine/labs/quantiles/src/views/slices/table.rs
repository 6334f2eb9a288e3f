//! The slices in a table, with a verdict on each.

use super::super::draw::{picture, saying};
use super::super::look::{self, Look};
use super::{Measured, Slice, Sliced, spec};
use crate::config::Config;
use weightscope_frame::lab::View;
use weightscope_frame::record::declared::{Declared, kinds::OfTables};
use weightscope_frame::record::{Cell, Channel, Table, ViewKind};

/// One line a slice.
const TABLE: Declared<OfTables> =
    Declared::new("slice_table", "slices", "", "Slices of the test rows at the interval.");

/// The slices in a table.
pub(super) fn view() -> View<Config> {
    View::new(spec("slice_table", "Slices", ViewKind::Table, &[&TABLE]))
        .derived(|config, job| look::at(config, job, channels))
}

fn channels(look: &Look<'_>) -> Vec<Channel> {
    let Some(sliced) = Sliced::new(look) else { return Vec::new() };
    let nominal = sliced.nominal();
    let line = |(slice, one): (&Slice, &Measured)| {
        let note = if one.high < nominal {
            "too little"
        } else if one.low > nominal {
            "too much"
        } else {
            "as promised"
        };
        let mut cells = vec![Cell::Text(slice.name.clone()), Cell::Number(slice.rows.len() as f64)];
        cells.extend([one.share, one.low, one.high, one.width, one.error].map(Cell::Number));
        cells.push(Cell::Text(note.to_owned()));
        cells
    };
    let columns = [
        sliced.words.as_str(),
        "rows",
        "coverage",
        "low (95 %)",
        "high (95 %)",
        "mean width",
        "mean |error|",
        "verdict",
    ];
    let rows = sliced.slices.iter().zip(&sliced.measured).map(line).collect();
    let table = Table { columns: columns.map(str::to_owned).to_vec(), rows };
    let about = format!("Slices of the test rows at the {} % interval.", (1e9 * nominal).round() / 1e7);
    let mut channels = vec![saying(picture(&TABLE, sliced.method.name(), table), about)];
    channels.extend(sliced.axes(look));
    channels
}
