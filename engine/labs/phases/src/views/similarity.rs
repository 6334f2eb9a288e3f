//! The similarity of the seeds of the cell that is looked at.

use weightscope_frame::lab::View;
use weightscope_frame::record::{AxisSpec, ViewKind, ViewSpec};

use super::of_cell::spec;
use crate::config::Config;
use crate::derive::cell::look;
use crate::derive::{channels as dc, weights};

/// Similarity of each seed with each.
pub(super) fn view() -> View<Config> {
    let words = ("similarity", "Similarity of the seeds");
    View::new(ViewSpec {
        x: AxisSpec::new("seed", ""),
        y: AxisSpec::new("seed", ""),
        color: Some(AxisSpec::new("CKA", "").limits(0.0, 1.0)),
        help: include_str!("../help/similarity.md").to_owned(),
        ..spec(words, ViewKind::Grid, &[&dc::SIMILARITY], Vec::new())
    })
    .derived(|config, job| look(config, job, |cell, _| weights::similarity(cell)))
}
