//! The share of oscillating weights, layer by step.

use weightscope_frame::lab::{Picked, View};
use weightscope_frame::record::{AxisSpec, Pick, Record, ViewKind, ViewSpec};

use super::select;
use crate::channels as ch;
use crate::config::Config;

/// The share of oscillating weights, layer by step.
pub(super) fn view() -> View<Config> {
    View::new(ViewSpec {
        y: AxisSpec::new("layer", ""),
        color: Some(AxisSpec::new("oscillating share", "")),
        picks_into: Some("trace".to_owned()),
        empty: "The share of oscillating weights, layer by step, appears here. Press Run.".to_owned(),
        help: include_str!("../help/oscillation_map.md").to_owned(),
        ..ViewSpec::of(
            "oscillation_map",
            "Oscillating share by layer",
            ViewKind::HeatMap,
            &[&ch::OSCILLATING_LAYER],
        )
    })
    .clicked(click)
}

/// The layer of the clicked row: its traced weights with the most level changes.
fn click(_: &Config, record: &Record, pick: &Pick) -> Picked {
    let mut layers = record.channels().filter_map(|channel| ch::OSCILLATING_LAYER.name(&channel.id));
    let layer = layers.nth(pick.y.max(0.0).round() as usize);
    Picked { group: layer.map(str::to_owned), ..select::most_flips(record, layer, pick.step as f64) }
}
