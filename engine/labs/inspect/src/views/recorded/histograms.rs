//! Histograms that the training wrote into event files.

use weightscope_frame::lab::View;
use weightscope_frame::record::{AxisSpec, ViewKind, ViewSpec};

use crate::channels as ch;
use crate::config::Config;

/// The view.
pub(super) fn view(_: &Config) -> View<Config> {
    View::new(ViewSpec {
        one_channel: true,
        x: AxisSpec::new("value", ""),
        y: AxisSpec::new("training step", ""),
        empty: "Histograms that the training writes appear here, one at a time.".to_owned(),
        help: include_str!("../../help/logged_histograms.md").to_owned(),
        ..ViewSpec::of("logged_histograms", "Histograms", ViewKind::Ridge, &[&ch::LOGGED])
    })
}
