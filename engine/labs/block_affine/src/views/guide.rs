//! How much of the update goes through the old weights, and how well it can be undone.

use weightscope_frame::lab::View;
use weightscope_frame::record::{AxisScale, AxisSpec, ViewKind, ViewSpec};

use crate::channels as ch;
use crate::config::Config;

/// The share.
pub(super) fn view(_: &Config) -> View<Config> {
    View::new(ViewSpec {
        y: AxisSpec::new("share through W", "").limits(0.0, 1.0),
        empty: "The share of the update that goes through the old weights appears here with the adaptation."
            .to_owned(),
        help: include_str!("../help/guide.md").to_owned(),
        ..ViewSpec::of("guide", "Weight guide", ViewKind::Lines, &[&ch::GUIDE])
    })
}

/// The condition of I + B.
pub(super) fn condition(_: &Config) -> View<Config> {
    View::new(ViewSpec {
        y: AxisSpec::new("condition of I + B", "").scale(AxisScale::Log),
        tab_of: Some("guide".to_owned()),
        empty: "The condition of I + B appears here with the adaptation.".to_owned(),
        help: include_str!("../help/guide.md").to_owned(),
        ..ViewSpec::of("guide_condition", "Condition of I + B", ViewKind::Lines, &[&ch::CONDITION])
    })
}
