//! Norms of latent and effective weights, and of what a step changes.

use weightscope_frame::lab::View;
use weightscope_frame::record::{AxisScale, AxisSpec, ViewKind, ViewSpec};

use crate::channels as ch;
use crate::config::Config;

/// The view.
pub(super) fn view(_: &Config) -> View<Config> {
    View::new(ViewSpec {
        y: AxisSpec::new("Euclidean norm", "").scale(AxisScale::Log),
        empty: "Norms of the weights and of their updates appear here. Press Run.".to_owned(),
        dashed: vec![ch::NORM.id(ch::TWIN), ch::UPDATE.id(ch::TWIN)],
        help: include_str!("../help/norms.md").to_owned(),
        ..ViewSpec::of("norms", "Norms", ViewKind::Lines, &[&ch::NORM, &ch::UPDATE])
    })
}
