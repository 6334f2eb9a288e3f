//! Amplitude, width, slope at zero and share beyond the knee of each layer over steps.

use weightscope_frame::lab::View;
use weightscope_frame::record::{AxisSpec, ViewKind, ViewSpec};

use crate::channels as ch;
use crate::config::Config;

/// The view.
pub(super) fn view(_: &Config) -> View<Config> {
    View::new(ViewSpec {
        y: AxisSpec::new("a and b (std), a/b, share beyond b", ""),
        empty: "The parameters of the function over steps appear here. Press Run.".to_owned(),
        help: include_str!("../help/parameters.md").to_owned(),
        ..ViewSpec::of(
            "parameters",
            "Parameters of the function",
            ViewKind::Lines,
            &[&ch::AMPLITUDE, &ch::WIDTH, &ch::SLOPE, &ch::BEYOND],
        )
    })
}
