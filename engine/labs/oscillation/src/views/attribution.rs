//! Level changes, told apart by their cause.

use weightscope_frame::lab::View;
use weightscope_frame::record::{AxisSpec, ViewKind, ViewSpec};

use crate::channels as ch;
use crate::config::Config;

/// Level changes, told apart by their cause.
pub(super) fn view() -> View<Config> {
    View::new(ViewSpec {
        y: AxisSpec::new("flips per weight and step", ""),
        empty: "Level changes, told apart by their cause, appear here. Press Run.".to_owned(),
        help: include_str!("../help/attribution.md").to_owned(),
        ..ViewSpec::of(
            "attribution",
            "Flip attribution",
            ViewKind::Lines,
            &[&ch::SWITCHES_WEIGHT, &ch::SWITCHES_SCALE],
        )
    })
}
