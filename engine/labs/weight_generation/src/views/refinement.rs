//! The search chunk by chunk.

use weightscope_frame::lab::View;
use weightscope_frame::record::{AxisSpec, ViewKind, ViewSpec};

use crate::channels as ch;
use crate::config::Config;

/// The view.
pub(super) fn view(_: &Config) -> View<Config> {
    View::new(ViewSpec {
        x: AxisSpec::new("chunks searched", ""),
        y: AxisSpec::new("loss on the condition images", "nat"),
        tab_of: Some("fine_tuning".to_owned()),
        empty: "The loss over the chunks of the search appears here with the evaluation.".to_owned(),
        help: include_str!("../help/refinement.md").to_owned(),
        ..ViewSpec::of("refinement", "Refinement", ViewKind::Curve, &[&ch::REFINEMENT])
    })
}
