//! The scale of one row, step by step.

use weightscope_frame::lab::View;
use weightscope_frame::record::{AxisSpec, ViewKind, ViewSpec};

use crate::channels as ch;
use crate::config::Config;

/// The scale of one row, step by step.
pub(super) fn view() -> View<Config> {
    View::new(ViewSpec {
        one_channel: true,
        y: AxisSpec::new("scale of row 0", ""),
        empty: "The scale of one row appears here, step by step. Press Run.".to_owned(),
        help: include_str!("../help/row_scale.md").to_owned(),
        ..ViewSpec::of("row_scale", "Scale of one row", ViewKind::Lines, &[&ch::ROW_SCALE])
    })
}
