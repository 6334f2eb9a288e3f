//! How far weights of each size move in a step.

use weightscope_frame::lab::View;
use weightscope_frame::record::{AxisScale, AxisSpec, ViewKind, ViewSpec};

use crate::channels as ch;
use crate::config::Config;

/// The view.
pub(super) fn view(_: &Config) -> View<Config> {
    View::new(ViewSpec {
        x: AxisSpec::new("|w|", "std of the initial weights"),
        y: AxisSpec::new("mean |Δw| in a step", "std").scale(AxisScale::Log),
        empty: "How far small and large weights move appears here. Press Run.".to_owned(),
        dashed: vec![ch::MOTION.id(ch::TWIN)],
        help: include_str!("../help/motion.md").to_owned(),
        ..ViewSpec::of("motion", "Motion by size", ViewKind::Curve, &[&ch::MOTION])
    })
}
