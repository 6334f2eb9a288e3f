//! The training loss along a line through each network of the cell that is looked at.

use weightscope_frame::lab::View;
use weightscope_frame::record::{AxisScale, AxisSpec, ViewKind, ViewSpec};

use super::of_cell::spec;
use crate::config::Config;
use crate::derive::cell::look;
use crate::derive::{channels as dc, landscape};

/// Loss along a random direction, for each seed.
pub(super) fn view() -> View<Config> {
    let words = ("landscape_line", "Loss along a line");
    View::new(ViewSpec {
        x: AxisSpec::new("along a random direction", ""),
        y: AxisSpec::new("train loss", "nat").scale(AxisScale::Log),
        help: include_str!("../help/landscape_line.md").to_owned(),
        ..spec(words, ViewKind::Curve, &[&dc::LINE], Vec::new())
    })
    .derived(|config, job| look(config, job, landscape::line))
}
