//! Rank correlation and top-5 precision over steps.

use weightscope_frame::lab::View;
use weightscope_frame::record::{AxisSpec, Reference, ReferenceAxis, ReferenceStyle, ViewKind, ViewSpec};

use crate::channels as ch;
use crate::config::Config;

/// The view.
pub(super) fn view(_: &Config) -> View<Config> {
    View::new(ViewSpec {
        y: AxisSpec::new("rank τ, precision", ""),
        references: vec![Reference::new(ReferenceAxis::Y, 0.0, ReferenceStyle::Level).label("no order")],
        dashed: vec![ch::CEILING.id().to_owned()],
        empty: "Rank correlation with the table and top-5 precision appear here with the first ranking. Press Run.".to_owned(),
        help: include_str!("../help/rank.md").to_owned(),
        ..ViewSpec::of("rank", "Rank correlation", ViewKind::Lines, &[&ch::TAU, &ch::TOP, &ch::CEILING])
    })
}
