//! Accuracy against noise on the inputs.

use weightscope_frame::lab::View;
use weightscope_frame::record::{AxisSpec, ViewKind, ViewSpec};

use crate::channels as ch;
use crate::config::Config;

/// The view.
pub(super) fn view(_: &Config) -> View<Config> {
    View::new(ViewSpec {
        x: AxisSpec::new("standard deviation of the noise", ""),
        y: AxisSpec::new("test accuracy", ""),
        empty: "Accuracy under noise on the inputs appears here with the start of the first repeat."
            .to_owned(),
        dashed: vec![ch::NOISE.id(ch::TWIN)],
        help: include_str!("../help/noise.md").to_owned(),
        ..ViewSpec::of("noise", "Noise on the inputs", ViewKind::Curve, &[&ch::NOISE])
    })
}
