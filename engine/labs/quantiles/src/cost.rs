//! What a run will cost, from its settings alone. Rates were measured on two cores of a virtual machine.

use super::base::Kind;
use super::config::{Config, Search};
use super::ensemble::Aggregator;
use super::method::aggregate::Shape;
use weightscope_data::table::embedded;
use weightscope_frame::experiment::{Cost, Spread};

/// Seconds of one step of a small net, batch 64.
const NET_STEP: f64 = 2.6e-4;
/// Seconds of one multiplication of a local network's last layer, forward and backward, batch 64.
const LAST_LAYER: f64 = 2.2e-8;

/// Fits are spread over the workers, as `quick` says: 1.29 s with one of them, 0.95 s with two.
pub(super) const SPREAD: Spread = Spread { workers: 2, share: 0.53 };

/// The estimate; tables of one's own are taken for as large as the largest embedded one.
pub(super) fn cost(config: &Config) -> Cost {
    let rows = match config.dataset.as_str() {
        "engel" => 235.0,
        "diabetes" => 442.0,
        "synth1" => 1000.0,
        _ => 2000.0,
    };
    let levels = config.grid().map_or(19, |grid| grid.len());
    let kinds = &config.base_models;
    let folds = config.folds as f64;
    let pairs = if config.is_nested() { folds * (folds - 1.0) / 2.0 } else { 0.0 };
    let draws = if config.search == Search::Random { config.draws as f64 } else { 1.0 };
    let fits = draws + folds + pairs;
    let one_fit = |kind: &Kind| match kind {
        Kind::SimultaneousQuantile => 1.8 * NET_STEP * config.net_steps as f64,
        kind if kind.is_net() => NET_STEP * config.net_steps as f64,
        Kind::Boosting => 5e-6 * rows * levels as f64,
        Kind::Linear => 1e-6 * rows * levels as f64,
        _ => 1e-4 * rows,
    };
    let base: f64 = kinds.iter().map(|kind| fits * one_fit(kind)).sum();
    let nested = if config.is_nested() { 1.0 + folds } else { 1.0 };
    let steps = config.aggregator_steps as f64;
    let mut parameters = 0;
    let mut join = 0.0;
    for aggregator in config.aggregators.iter().copied() {
        let Some(resolution) = aggregator.resolution() else { continue };
        let table = Shape { models: kinds.len(), levels, resolution }.len();
        // Local training usually ends after a third of the steps.
        join += if aggregator.is_local() {
            0.4 * steps * (NET_STEP + LAST_LAYER * 64.0 * table as f64)
        } else {
            steps * (2e-5 + 6e-8 * table as f64)
        };
        let own = if aggregator.is_local() { 65 * table } else { table };
        parameters = parameters.max(own as u64);
    }
    let learners = config.aggregators.iter().copied().filter(|one| Aggregator::learns(*one)).count();
    // The networks of local aggregators are as wide at their beginning as the table has features.
    let is_known =
        embedded(&config.dataset).is_some() || !config.aggregators.iter().any(|one| one.is_local());
    Cost {
        parameters: is_known.then_some(parameters),
        steps: (kinds.len() as f64 * (1.0 + folds + pairs)) as u64
            + (config.aggregators.len() as f64 * nested) as u64,
        memory_bytes: 80_000_000 + parameters * 60 + (rows * (kinds.len() * levels * 40) as f64) as u64,
        seconds: base + (nested - 1.0 + config.search_trials.max(1) as f64) * join + learners as f64 * 0.05,
    }
}
