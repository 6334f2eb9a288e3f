//! The scale of each layer.

use weightscope_frame::lab::View;
use weightscope_frame::record::{AxisSpec, ViewKind, ViewSpec};

use crate::channels as ch;
use crate::config::Config;

/// The scale of each layer.
pub(super) fn view() -> View<Config> {
    View::new(ViewSpec {
        y: AxisSpec::new("mean scale", ""),
        empty: "The scale of each layer appears here. Press Run.".to_owned(),
        help: include_str!("../help/scales.md").to_owned(),
        ..ViewSpec::of("scales", "Scale by layer", ViewKind::Lines, &[&ch::SCALE])
    })
}
