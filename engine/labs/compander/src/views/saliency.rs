//! Lorenz curves of the saliency of the weights.

use weightscope_frame::lab::View;
use weightscope_frame::record::{AxisSpec, ViewKind, ViewSpec};

use crate::channels as ch;
use crate::config::Config;

/// The view.
pub(super) fn view(_: &Config) -> View<Config> {
    View::new(ViewSpec {
        x: AxisSpec::new("share of the weights, least salient first", "").limits(0.0, 1.0),
        y: AxisSpec::new("share of the saliency", "").limits(0.0, 1.0),
        overlays: vec![ch::EVEN.id().to_owned()],
        empty: "How evenly the weights matter appears here with the start of the first repeat.".to_owned(),
        dashed: vec![ch::LORENZ.id(ch::TWIN)],
        help: include_str!("../help/saliency.md").to_owned(),
        ..ViewSpec::of("use", "Use of the weights", ViewKind::Curve, &[&ch::LORENZ])
    })
}
