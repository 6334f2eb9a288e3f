//! What each method could say of what full fine-tuning said.

use weightscope_frame::lab::View;
use weightscope_frame::record::{AxisScale, AxisSpec, ViewKind, ViewSpec};

use crate::channels as ch;
use crate::config::Config;

/// The view.
pub(super) fn view(_: &Config) -> View<Config> {
    View::new(ViewSpec {
        x: AxisSpec::new("trainable parameters", "").scale(AxisScale::Log),
        y: AxisSpec::new("residual", "").limits(0.0, 1.0),
        empty: "What each method could say of full fine-tuning's update appears here at the end.".to_owned(),
        help: include_str!("../help/expressiveness.md").to_owned(),
        ..ViewSpec::of("expressiveness", "Expressiveness", ViewKind::Curve, &[&ch::EXPRESSIVENESS])
    })
}
