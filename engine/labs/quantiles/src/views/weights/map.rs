//! Weights model × output level.

use super::super::draw::{picture, words};
use super::super::look::{self, Look};
use super::{AXIS, EMPTY, Weighted, map_spec, named, whose};
use crate::config::Config;
use weightscope_frame::lab::View;
use weightscope_frame::record::Channel;
use weightscope_frame::record::declared::{Declared, kinds::OfGrids};

/// Weights model × output level.
const MAP: Declared<OfGrids> = Declared::new(
    "weights",
    "weights",
    "",
    "Weight of each model at each output level; a column adds up to one.",
);

/// Weights model × output level.
pub(super) fn view() -> View<Config> {
    View::new(map_spec("weights", "Weights", &MAP, EMPTY))
        .derived(|config, job| look::at(config, job, |look| channels(look).unwrap_or_default()))
}

fn channels(look: &Look<'_>) -> Option<Vec<Channel>> {
    let weighted = Weighted::new(look)?;
    let map = named(look, weighted.here(look)?);
    Some(vec![picture(&MAP, weighted.aggregator.label(), map), words(&AXIS, whose(look, &weighted))])
}
