//! Distances to the decision boundaries over time.

use weightscope_frame::lab::{Picked, View};
use weightscope_frame::record::{AxisSpec, Pick, Record, ViewKind, ViewSpec};

use super::select;
use crate::channels as ch;
use crate::config::Config;

/// Distances to the decision boundaries over time.
pub(super) fn view() -> View<Config> {
    View::new(ViewSpec {
        one_channel: true,
        x: AxisSpec::new("distance to the nearest boundary", "steps").limits(0.0, 0.5),
        y: AxisSpec::steps(),
        picks_into: Some("trace".to_owned()),
        empty: "Distances to the decision boundaries over time appear here. Press Run.".to_owned(),
        help: include_str!("../help/distance_histogram.md").to_owned(),
        ..ViewSpec::of("distance_histogram", "Distance to the boundary", ViewKind::Ridge, &[&ch::DISTANCE])
    })
    .clicked(click)
}

/// The traced weights of the layer whose distance lies inside the brushed range, or nearest to the click.
fn click(_: &Config, record: &Record, pick: &Pick) -> Picked {
    let layer = ch::DISTANCE.name(&pick.channel);
    select::by_value(record, layer, pick, |value| ((value - 0.5) - (value - 0.5).round_ties_even()).abs())
}
