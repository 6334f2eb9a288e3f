//! What the ways of mixing cost.

use weightscope_frame::lab::View;
use weightscope_frame::record::{AxisSpec, ViewKind, ViewSpec};

use crate::channels as ch;
use crate::config::Config;

/// The view.
pub(super) fn view(_: &Config) -> View<Config> {
    View::new(ViewSpec {
        one_channel: true,
        x: AxisSpec::new("cost of a step", ""),
        y: AxisSpec::new("way", ""),
        empty: "Bytes, seconds and parameters appear here when they are measured.".to_owned(),
        help: include_str!("../help/costs.md").to_owned(),
        ..ViewSpec::of("costs", "Costs", ViewKind::Bars, &[&ch::BYTES, &ch::SECONDS, &ch::PARAMETERS])
    })
}
