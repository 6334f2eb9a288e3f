//! Participation ratio of each layer over steps.

use weightscope_frame::lab::View;
use weightscope_frame::record::{AxisSpec, ViewKind, ViewSpec};

use crate::channels as ch;
use crate::config::Config;

/// The view.
pub(super) fn view(_: &Config) -> View<Config> {
    View::new(ViewSpec {
        y: AxisSpec::new("participation ratio", ""),
        tab_of: Some("use".to_owned()),
        empty: "The participation ratio of each layer over steps appears here. Press Run.".to_owned(),
        dashed: vec![ch::PARTICIPATION.id("twin/*")],
        help: include_str!("../help/participation.md").to_owned(),
        ..ViewSpec::of("participation", "Participation", ViewKind::Lines, &[&ch::PARTICIPATION])
    })
}
