//! Weights of all options of all decisions as a heat strip.

use weightscope_frame::lab::View;
use weightscope_frame::record::{AxisSpec, ViewKind, ViewSpec};

use crate::channels as ch;
use crate::config::Config;

/// The view.
pub(super) fn view(_: &Config) -> View<Config> {
    View::new(ViewSpec {
        y: AxisSpec::new("option", ""),
        color: Some(AxisSpec::new("weight", "").limits(0.0, 1.0)),
        tab_of: Some("architecture".to_owned()),
        empty: "The weights of all options appear here as a strip over steps. Press Run.".to_owned(),
        help: include_str!("../help/decisions.md").to_owned(),
        ..ViewSpec::of("decisions", "Decisions", ViewKind::HeatMap, &[&ch::OPTIONS])
    })
}
