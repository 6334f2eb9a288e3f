//! The weights of the first network of the cell that is looked at.

use weightscope_frame::lab::View;
use weightscope_frame::record::{AxisSpec, ViewKind, ViewSpec};

use super::of_cell::spec;
use crate::config::Config;
use crate::derive::cell::look;
use crate::derive::{channels as dc, weights};

/// Weights by value, stacked by layer.
pub(super) fn view() -> View<Config> {
    let words = ("weights", "Weights of the cell");
    View::new(ViewSpec {
        x: AxisSpec::new("weight", ""),
        y: AxisSpec::new("weights", ""),
        help: include_str!("../help/weights.md").to_owned(),
        ..spec(words, ViewKind::Bars, &[&dc::WEIGHTS], Vec::new())
    })
    .derived(|config, job| look(config, job, |cell, _| Ok(weights::histogram(cell))))
}
