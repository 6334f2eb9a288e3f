//! All tensors at one look: shares of the weights over multiples of each tensor's deviation.

use weightscope_frame::lab::View;
use weightscope_frame::record::{AxisSpec, ViewKind, ViewSpec};

use super::shown::pick_row;
use crate::channels as ch;
use crate::config::Config;

/// The view.
pub(super) fn view(_: &Config) -> View<Config> {
    View::new(ViewSpec {
        x: AxisSpec::new("weight", "std"),
        y: AxisSpec::new("tensor", ""),
        color: Some(AxisSpec::new("log10 share", "")),
        empty: "The distribution of every tensor appears here, one line each. Press Run.".to_owned(),
        help: include_str!("../help/map.md").to_owned(),
        ..ViewSpec::of("map", "Map", ViewKind::Grid, &[&ch::MAP])
    })
    .clicked(|_, _, pick| pick_row(pick.y))
}
