//! Gradient norms before the first step, by block or rank.

use weightscope_frame::lab::View;
use weightscope_frame::record::{AxisScale, AxisSpec, ViewKind, ViewSpec};

use crate::channels as ch;
use crate::config::Config;

/// The view.
pub(super) fn view(_: &Config) -> View<Config> {
    View::new(ViewSpec {
        x: AxisSpec::new("block or rank", "").scale(AxisScale::Log),
        y: AxisSpec::new("gradient norm", ""),
        dashed: vec![ch::GRADIENT_NORMS.id(ch::FULL)],
        empty: "Gradient norms at the start appear here before the first step of the adaptation.".to_owned(),
        help: include_str!("../help/gradient_norm.md").to_owned(),
        ..ViewSpec::of("gradient_norm", "Gradient norm at the start", ViewKind::Curve, &[&ch::GRADIENT_NORMS])
    })
}
