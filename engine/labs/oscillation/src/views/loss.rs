//! The losses.

use weightscope_frame::lab::View;
use weightscope_frame::record::{AxisScale, AxisSpec, ViewKind, ViewSpec};

use crate::channels as ch;
use crate::config::Config;

/// The losses.
pub(super) fn view() -> View<Config> {
    View::new(ViewSpec {
        y: AxisSpec::new("loss", "nat").scale(AxisScale::Log),
        empty: "The losses appear here. Press Run.".to_owned(),
        help: include_str!("../help/loss.md").to_owned(),
        ..ViewSpec::of("loss", "Loss", ViewKind::Lines, &[&ch::LOSS_TRAIN, &ch::LOSS_TEST])
    })
}
