//! The way through the weights: checkpoints in the plane of two directions.

use weightscope_frame::lab::View;
use weightscope_frame::record::{AxisSpec, ViewKind, ViewSpec};

use crate::channels as ch;
use crate::config::Config;

/// The view.
pub(super) fn view(_: &Config) -> View<Config> {
    View::new(ViewSpec {
        x: AxisSpec::new("first direction", ""),
        y: AxisSpec::new("second direction", ""),
        color: Some(AxisSpec::new("checkpoint", "")),
        tab_of: Some("distances".to_owned()),
        empty: "The way of the weights through the plane of their two main directions appears here."
            .to_owned(),
        help: include_str!("../help/places.md").to_owned(),
        ..ViewSpec::of("places", "Plane", ViewKind::Scatter, &[&ch::PLACES])
    })
}
