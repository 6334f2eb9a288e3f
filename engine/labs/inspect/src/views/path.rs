//! Norms and distances over the checkpoints.

use weightscope_frame::lab::View;
use weightscope_frame::record::{AxisScale, AxisSpec, ViewKind, ViewSpec};

use crate::channels as ch;
use crate::config::Config;

/// The view.
pub(super) fn view(_: &Config) -> View<Config> {
    View::new(ViewSpec {
        one_channel: true,
        x: AxisSpec { label: "step of the run, one a checkpoint".to_owned(), ..AxisSpec::steps() },
        y: AxisSpec::new("value", "").scale(AxisScale::Log),
        empty: "Norms of the tensors and their distances to the first checkpoint appear here.".to_owned(),
        help: include_str!("../help/path.md").to_owned(),
        ..ViewSpec::of("path", "Path", ViewKind::Lines, &[&ch::FROM_FIRST, &ch::NORM, &ch::FLIP_SHARE])
    })
}
