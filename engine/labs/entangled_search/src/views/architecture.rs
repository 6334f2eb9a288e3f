//! Weights of the options of one decision, stacked over steps.

use weightscope_frame::lab::View;
use weightscope_frame::record::{AxisSpec, ViewKind, ViewSpec};

use crate::channels as ch;
use crate::config::Config;

/// The view.
pub(super) fn view(_: &Config) -> View<Config> {
    View::new(ViewSpec {
        one_channel: true,
        y: AxisSpec::new("weight", "").limits(0.0, 1.0),
        empty: "The weights of the options of a decision appear here, stacked over steps. Press Run."
            .to_owned(),
        help: include_str!("../help/architecture.md").to_owned(),
        ..ViewSpec::of("architecture", "Architecture weights", ViewKind::Stacked, &[&ch::WEIGHTS])
    })
}
