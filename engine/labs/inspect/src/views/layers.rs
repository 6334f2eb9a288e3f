//! The table of tensors.

use weightscope_frame::lab::{Picked, View};
use weightscope_frame::record::{Pick, Record, ViewKind, ViewSpec};

use super::shown::{grid, pick_row, tensor};
use crate::channels as ch;
use crate::config::Config;

/// The view.
pub(super) fn view(_: &Config) -> View<Config> {
    View::new(ViewSpec {
        controls: vec![tensor()],
        empty: "The tensors of the file appear here as soon as it is open. Press Run, or drop a weight file on the window.".to_owned(),
        help: include_str!("../help/layers.md").to_owned(),
        ..ViewSpec::of("layers", "Tensors", ViewKind::Table, &[&ch::LAYERS])
    })
    .clicked(pick)
}

/// A click looks at the tensor of that row; whole numbers, which stand behind the weights, are in no other view.
fn pick(_: &Config, record: &Record, pick: &Pick) -> Picked {
    let weights = grid(record, ch::MAP.id()).map_or(0, |grid| grid.rows.len());
    if pick.y < weights as f64 { pick_row(pick.y) } else { Picked::default() }
}
