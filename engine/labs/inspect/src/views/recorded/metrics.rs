//! Numbers that the training wrote, over its own steps.

use weightscope_frame::lab::View;
use weightscope_frame::record::{AxisSpec, ViewKind, ViewSpec};

use crate::channels as ch;
use crate::config::Config;

/// The view.
pub(super) fn view(_: &Config) -> View<Config> {
    View::new(ViewSpec {
        one_channel: true,
        x: AxisSpec::new("training step", ""),
        y: AxisSpec::new("value", ""),
        empty: "Numbers that the training writes appear here, one at a time.".to_owned(),
        help: include_str!("../../help/recorded_metrics.md").to_owned(),
        ..ViewSpec::of("recorded_metrics", "Metrics", ViewKind::Curve, &[&ch::METRICS])
    })
}
