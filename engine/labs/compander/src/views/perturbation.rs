//! Training loss after a random change of the weights.

use weightscope_frame::lab::View;
use weightscope_frame::record::{AxisSpec, ViewKind, ViewSpec};

use crate::channels as ch;
use crate::config::Config;

/// The view.
pub(super) fn view(_: &Config) -> View<Config> {
    View::new(ViewSpec {
        x: AxisSpec::new("change, share of the norm", "%"),
        y: AxisSpec::new("training loss", "nat"),
        tab_of: Some("noise".to_owned()),
        empty:
            "The loss after a random change of the weights appears here with the start of the first repeat."
                .to_owned(),
        dashed: vec![ch::PERTURBATION.id(ch::TWIN)],
        help: include_str!("../help/perturbation.md").to_owned(),
        ..ViewSpec::of("perturbation", "Change of the weights", ViewKind::Curve, &[&ch::PERTURBATION])
    })
}
