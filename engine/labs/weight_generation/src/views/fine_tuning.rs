//! Fine-tuning from generated networks and from other starts.

use weightscope_frame::lab::View;
use weightscope_frame::record::{AxisSpec, ViewKind, ViewSpec};

use crate::channels as ch;
use crate::config::Config;

/// The view.
pub(super) fn view(_: &Config) -> View<Config> {
    View::new(ViewSpec {
        x: AxisSpec::new("steps of fine-tuning", ""),
        y: AxisSpec::new("accuracy", ""),
        empty: "Accuracy over steps of fine-tuning appears here with the evaluation.".to_owned(),
        help: include_str!("../help/fine_tuning.md").to_owned(),
        ..ViewSpec::of("fine_tuning", "Fine-tuning", ViewKind::Curve, &[&ch::FINE_TUNING])
    })
}
