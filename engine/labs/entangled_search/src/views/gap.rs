//! Accuracy of the mixture and of the inherited arg-max over steps.

use weightscope_frame::lab::View;
use weightscope_frame::record::{AxisSpec, ViewKind, ViewSpec};

use crate::channels as ch;
use crate::config::Config;

/// The view.
pub(super) fn view(_: &Config) -> View<Config> {
    View::new(ViewSpec {
        y: AxisSpec::new("accuracy", ""),
        empty: "The accuracies of mixture and inherited arg-max appear here. Press Run.".to_owned(),
        help: include_str!("../help/gap.md").to_owned(),
        ..ViewSpec::of("gap", "Discretisation gap", ViewKind::Lines, &[&ch::MIXTURE, &ch::INHERITED])
    })
}
