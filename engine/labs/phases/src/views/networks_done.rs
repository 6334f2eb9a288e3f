//! The test accuracy of each network as it finishes.

use weightscope_frame::lab::View;
use weightscope_frame::record::{AxisSpec, ViewKind, ViewSpec};

use crate::channels as ch;
use crate::config::Config;

/// The test accuracy of each network as it finishes.
pub(super) fn view() -> View<Config> {
    View::new(ViewSpec {
        x: AxisSpec::new("network", ""),
        y: AxisSpec::new("test accuracy", ""),
        empty: "The test accuracy of each network appears here as it finishes. Press Run.".to_owned(),
        help: include_str!("../help/progress.md").to_owned(),
        ..ViewSpec::of(
            "networks_done",
            "Networks as they finish",
            ViewKind::Lines,
            &[&ch::NETWORK_TEST_ACCURACY],
        )
    })
}
