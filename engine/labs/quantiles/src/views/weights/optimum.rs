//! The exact optimum of the weights, beside which trained ones are judged.

use super::super::draw::{picture, words};
use super::super::look::{self, Look, grid};
use super::{AXIS, Weighted, by_model, map_spec, named, whose};
use crate::channels as ch;
use crate::config::Config;
use weightscope_frame::lab::View;
use weightscope_frame::record::Channel;
use weightscope_frame::record::declared::{Declared, kinds::OfGrids};

/// Weights of the linear program's optimum, model × output level.
const OPTIMUM: Declared<OfGrids> = Declared::new(
    "weights_optimum",
    "linear-program optimum",
    "",
    "Weights of the exact optimum on the out-of-fold rows, by linear programming.",
);

/// The exact optimum of the weights.
pub(super) fn view() -> View<Config> {
    let empty = "The exact optimum on the out-of-fold rows is known for coarse and medium weights: choose such an aggregator, \
                 once it is trained.";
    View::new(map_spec("weights_optimum", "Optimal weights", &OPTIMUM, empty))
        .derived(|config, job| look::at(config, job, |look| channels(look).unwrap_or_default()))
}

fn channels(look: &Look<'_>) -> Option<Vec<Channel>> {
    let weighted = Weighted::new(look)?;
    let bound = grid(look.record, &ch::BOUND.id(weighted.shape.resolution.key()))?;
    let map = named(look, by_model(weighted.shape, &bound.values));
    Some(vec![picture(&OPTIMUM, "linear-program optimum", map), words(&AXIS, whose(look, &weighted))])
}
