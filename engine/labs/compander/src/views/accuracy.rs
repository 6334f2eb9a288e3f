//! Train and test accuracy over steps, with the range over the repeats.

use weightscope_frame::lab::View;
use weightscope_frame::record::{AxisSpec, ViewKind, ViewSpec};

use crate::channels as ch;
use crate::config::Config;

/// The view.
pub(super) fn view(_: &Config) -> View<Config> {
    View::new(ViewSpec {
        x: AxisSpec::steps(),
        y: AxisSpec::new("accuracy", ""),
        empty: "Train and test accuracy over steps appear here with the start of the first repeat."
            .to_owned(),
        dashed: vec![ch::ACCURACY_CURVE.id("twin/*")],
        help: include_str!("../help/accuracy.md").to_owned(),
        ..ViewSpec::of("accuracy", "Accuracy", ViewKind::Curve, &[&ch::ACCURACY_CURVE])
    })
}
