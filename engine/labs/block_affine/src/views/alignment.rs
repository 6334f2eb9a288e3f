//! Directions: a step beside the negative gradient, the update beside that of full fine-tuning.

use weightscope_frame::lab::View;
use weightscope_frame::record::{AxisSpec, ViewKind, ViewSpec};

use crate::channels as ch;
use crate::config::Config;

/// The view.
pub(super) fn view(_: &Config) -> View<Config> {
    View::new(ViewSpec {
        y: AxisSpec::new("cosine", "").limits(-1.0, 1.0),
        empty: "Cosines of directions appear here with the first step of the adaptation.".to_owned(),
        help: include_str!("../help/alignment.md").to_owned(),
        ..ViewSpec::of("alignment", "Alignment", ViewKind::Lines, &[&ch::ALIGNMENT])
    })
}
