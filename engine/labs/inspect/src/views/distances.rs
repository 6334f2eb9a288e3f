//! Distances between all checkpoints.

use weightscope_frame::lab::View;
use weightscope_frame::record::{AxisSpec, ViewKind, ViewSpec};

use crate::channels as ch;
use crate::config::Config;

/// The view.
pub(super) fn view(_: &Config) -> View<Config> {
    View::new(ViewSpec {
        x: AxisSpec::new("checkpoint", ""),
        y: AxisSpec::new("checkpoint", ""),
        color: Some(AxisSpec::new("estimated distance over the first norm", "")),
        empty: "Distances between the checkpoints appear here.".to_owned(),
        help: include_str!("../help/distances.md").to_owned(),
        ..ViewSpec::of("distances", "Distances", ViewKind::Grid, &[&ch::DISTANCES])
    })
}
