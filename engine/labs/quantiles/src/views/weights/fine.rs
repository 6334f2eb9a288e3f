//! Weights by input level, for fine aggregators.

use burn::tensor::Device;

use super::super::draw::{picture, words};
use super::super::look::{self, Look};
use super::{AXIS, Weighted, chosen_place, map_spec, place, whose};
use crate::base::Matrix;
use crate::config::Config;
use crate::method::aggregate::Resolution;
use crate::names::Method;
use weightscope_frame::lab::View;
use weightscope_frame::record::declared::{Declared, kinds::OfGrids};
use weightscope_frame::record::{Channel, GROUP_SEPARATOR, Grid};

/// Weights model and input level × output level.
const FINE: Declared<OfGrids> = Declared::new(
    "weights_fine",
    "weights by input level",
    "",
    "Weight of each model's input level in each output level; a column adds up to one.",
);

/// Weights by input level.
pub(super) fn view(config: &Config) -> View<Config> {
    View::new(map_spec("weights_fine", "Weights by input level", &FINE, needs_fine(config)))
        .derived(|config, job| look::at(config, job, |look| channels(look).unwrap_or_default()))
}

/// What to do to see weights by input level.
fn needs_fine(config: &Config) -> &'static str {
    if config.aggregators.iter().any(|one| one.resolution() == Some(Resolution::Fine)) {
        "Only fine aggregators have weights by input level: choose Global fine or Local fine, once it is trained."
    } else {
        "Only fine aggregators have weights by input level. Add global_fine or local_fine and run again."
    }
}

/// The whole table of a fine family at the chosen place.
fn channels(look: &Look<'_>) -> Option<Vec<Channel>> {
    let weighted = Weighted::new(look).filter(|weighted| weighted.shape.resolution == Resolution::Fine)?;
    let x = Matrix { columns: look.facts.features.len(), values: place(look, chosen_place(look)) };
    let mut table = Vec::new();
    let (models, levels) = (weighted.shape.models, weighted.shape.levels);
    weighted.combined.tables(&x, models, levels, &Device::flex(), |_, _, values| table = values.to_vec());
    let columns: Vec<String> = look.levels().values().iter().map(|tau| format!("{tau:.2}")).collect();
    let rows = look.facts.base_models.iter().flat_map(|kind| {
        let name = Method::Base(*kind).name();
        columns.iter().map(move |tau| format!("{name}{GROUP_SEPARATOR}{tau}"))
    });
    let most = table.iter().fold(0.0_f32, |most, weight| most.max(*weight));
    let limits = Some((0.0, f64::from(most)));
    let grid =
        Grid { rows: rows.collect(), columns: columns.clone(), values: table, limits, ..Grid::default() };
    Some(vec![picture(&FINE, weighted.aggregator.label(), grid), words(&AXIS, whose(look, &weighted))])
}
