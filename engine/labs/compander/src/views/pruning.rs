//! Accuracy against the share of weights that is removed.

use weightscope_frame::lab::View;
use weightscope_frame::record::{AxisSpec, ViewKind, ViewSpec};

use crate::channels as ch;
use crate::config::Config;

/// The view.
pub(super) fn view(_: &Config) -> View<Config> {
    View::new(ViewSpec {
        x: AxisSpec::new("share removed", "").limits(0.0, 0.9),
        y: AxisSpec::new("test accuracy", ""),
        empty: "Accuracy after removing weights appears here with the start of the first repeat.".to_owned(),
        dashed: vec![ch::PRUNING.id("twin/*")],
        help: include_str!("../help/pruning.md").to_owned(),
        ..ViewSpec::of("pruning", "Removing weights", ViewKind::Curve, &[&ch::PRUNING])
    })
}
