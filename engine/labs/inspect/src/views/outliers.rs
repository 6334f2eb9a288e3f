//! Rows and columns that stand out, tensor by tensor.

use weightscope_frame::lab::View;
use weightscope_frame::record::{AxisSpec, ViewKind, ViewSpec};

use super::shown::pick_row;
use crate::channels as ch;
use crate::config::Config;

/// The view.
pub(super) fn view(_: &Config) -> View<Config> {
    View::new(ViewSpec {
        one_channel: true,
        x: AxisSpec::new("part of the tensor", ""),
        y: AxisSpec::new("tensor", ""),
        color: Some(AxisSpec::new("peak over median", "×")),
        empty: "Rows and columns that stand out appear here. Press Run.".to_owned(),
        help: include_str!("../help/outliers.md").to_owned(),
        ..ViewSpec::of("outliers", "Outliers", ViewKind::Grid, &[&ch::ROW_PEAKS, &ch::COLUMN_PEAKS])
    })
    .clicked(|_, _, pick| pick_row(pick.y))
}
