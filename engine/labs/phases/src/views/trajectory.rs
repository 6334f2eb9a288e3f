//! The path of training of the first network of the cell that is looked at.

use weightscope_frame::lab::View;
use weightscope_frame::record::{AxisSpec, ViewKind, ViewSpec};

use super::of_cell::spec;
use crate::config::Config;
use crate::derive::cell::look;
use crate::derive::{channels as dc, path};

/// Checkpoints of training in the plane of their largest motions.
pub(super) fn view() -> View<Config> {
    let words = ("trajectory", "Path of training");
    View::new(ViewSpec {
        x: AxisSpec::new("first component", ""),
        y: AxisSpec::new("second component", ""),
        color: Some(AxisSpec::new("train loss", "nat")),
        overlays: vec![dc::TRAJECTORY.id().to_owned()],
        help: include_str!("../help/trajectory.md").to_owned(),
        ..spec(words, ViewKind::Scatter, &[&dc::CHECKPOINTS], Vec::new())
    })
    .derived(|config, job| look(config, job, path::channels))
}
