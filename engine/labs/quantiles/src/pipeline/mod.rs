//! The experiment as stages: full fits, cross-fitting, aggregation, scores.
//!
//! 1. Each base model on all training rows; its settings are chosen on validation rows.
//! 2. Each base model K times without one fold, for out-of-fold predictions (nested CV+: also without two).
//! 3. Each aggregator on out-of-fold predictions of the training rows, stopped by the validation rows with those of the full fits.
//! 4. Calibration on rows that nothing has seen, scores on test rows.
//!
//! Contract: a fit depends on the settings, the seed and its name alone, and is one step of the run; results are taken in a fixed
//! order. Each stage finds by itself which of its fits are missing, so that a run that goes on passes through all of them.

mod aggregation;
mod assemble;
mod base;
mod bounds;
pub(super) mod calibration;
mod exclude;
mod finish;
mod fits;
mod fitting;
mod predictions;
mod record;
mod report;
mod reuse;
pub(super) mod store;

use burn::tensor::Device;

use super::base::Kind;
use super::config::{Config, Margins, Placement, Search};
use super::data::{Material, Opened};
use super::ensemble::{AggregateSettings, Aggregator};
use super::method::batch::batch_size;
use super::method::isotonize::Isotonization;
use super::method::levels::Levels;
use weightscope_data::Read;
use weightscope_frame::experiment::Problem;
use weightscope_frame::lab::{Running, Stage};
use weightscope_frame::run::{Context, RunError};
use weightscope_frame::store::{State, restore as restore_state};

pub(super) use assemble::stack;
use fitting::Bench;
pub(super) use store::Store;

/// Each base model on all training rows.
pub(super) const FITTING: &str = "fitting base models";
/// Each base model without each fold.
pub(super) const CROSS_FITTING: &str = "cross-fitting";
/// Each base model without each pair of folds.
const PAIRS: &str = "leaving out two folds";
/// Each aggregator.
pub(super) const AGGREGATING: &str = "aggregating";
/// Each aggregator without each fold.
const NESTED: &str = "aggregating without a fold";
/// Calibration, scores, files.
pub(super) const SCORING: &str = "scoring";

/// What fits read and do not change: the rows in their parts, the levels, the device.
pub struct Shared {
    levels: Levels,
    material: Material,
    device: Device,
    seed: u64,
}

/// What a stage works by: settings and rows, and the models that take part in it.
pub(super) struct Plan<'a> {
    config: &'a Config,
    levels: &'a Levels,
    material: &'a Material,
    device: &'a Device,
    seed: u64,
    kinds: Vec<Kind>,
    aggregators: Vec<Aggregator>,
}

impl<'a> Plan<'a> {
    /// The plan of the stage that begins now.
    fn of(run: &Running<'a, '_, Config>) -> Self {
        Self::new(run.settings, run.shared, run.state)
    }

    fn new(config: &'a Config, shared: &'a Shared, store: &Store) -> Self {
        Self {
            config,
            levels: &shared.levels,
            material: &shared.material,
            device: &shared.device,
            seed: shared.seed,
            kinds: store.models.clone(),
            aggregators: store.aggregators.clone(),
        }
    }

    fn bench(&self) -> Bench<'_> {
        Bench {
            taus: self.levels.values(),
            seed: self.seed,
            device: self.device,
            batch: batch_size(self.material.rows()),
            net_steps: usize::try_from(self.config.net_steps).unwrap_or(usize::MAX),
            draws: if self.config.search == Search::Random {
                usize::try_from(self.config.draws).unwrap_or(usize::MAX)
            } else {
                0
            },
        }
    }

    fn aggregate_settings(&self) -> AggregateSettings {
        let config = self.config;
        let batch = batch_size(self.material.rows());
        AggregateSettings {
            inside: if config.placement == Placement::Inside {
                config.isotonization
            } else {
                Isotonization::None
            },
            after: config.isotonization,
            penalty: config.crossing_penalty,
            margin: config.margin,
            adaptive: config.margins == Margins::Adaptive,
            most_steps: usize::try_from(config.aggregator_steps).unwrap_or(usize::MAX),
            ..AggregateSettings::fixed(self.levels.values().to_vec(), self.kinds.len(), batch)
        }
    }

    /// Trials of the search for each trained aggregator.
    fn trials(&self) -> usize {
        usize::try_from(self.config.search_trials).unwrap_or(usize::MAX)
    }
}

/// Reads the table.
pub(super) fn begin(config: &Config, context: &mut Context<'_>) -> Result<(Shared, Store), RunError> {
    let levels = config.grid().map_err(|why| RunError::setting("levels", why))?;
    super::size::check(config, context)?;
    let material = Material::load(config, levels.values())?;
    context.read(&material.read)?;
    let store = Store::new(config, &material.hash);
    let shared = Shared { levels, material, device: context.device.device.clone(), seed: context.seed };
    record::begin(context, &Plan::new(config, &shared, &store));
    Ok((shared, store))
}

/// The stages that the settings ask for.
pub(super) fn stages(config: &Config, shared: &Shared) -> Vec<Stage<Config>> {
    staged(config, shared, (config.base_models.len(), config.aggregators.len()))
}

/// Takes the fits from a checkpoint, and leaves those that do not belong to these settings.
pub(super) fn restore(run: &mut Running<'_, '_, Config>, saved: &State) -> Result<(), RunError> {
    restore_state(run.state, saved)?;
    reuse::take_up(run.state, run.settings, &run.shared.material.hash)?;
    exclude::only_present(run.settings, run.state);
    let plan = Plan::of(run);
    record::methods(run.context, &plan);
    plan_steps(run);
    run.go_back_to(0);
    Ok(())
}

/// Why the table cannot be used; nothing if it can.
pub(super) fn read_data(config: &Config) -> Result<Vec<Read>, Vec<Problem>> {
    if let Some(problem) = super::size::refused(config) {
        return Err(vec![problem]);
    }
    let opened = Opened::open(config);
    opened.map(|opened| vec![opened.read()]).map_err(|error| error.into_problems("dataset", "target"))
}

/// The stages for so many base models and aggregators; each fit is a step.
fn staged(config: &Config, shared: &Shared, (models, aggregators): (usize, usize)) -> Vec<Stage<Config>> {
    let (models, aggregators, folds) = (models as u64, aggregators as u64, shared.material.fold_count as u64);
    let mut stages = vec![
        Stage::whole(FITTING, models, base::full),
        Stage::whole(CROSS_FITTING, models * folds, base::folds),
    ];
    if config.is_nested() {
        stages.push(Stage::whole(PAIRS, models * folds * (folds - 1) / 2, base::pairs));
    }
    stages.push(Stage::whole(AGGREGATING, aggregators, aggregation::all));
    if config.is_nested() {
        stages.push(Stage::whole(NESTED, aggregators * folds, aggregation::nested));
    }
    stages.push(Stage::whole(SCORING, 0, finish::finish));
    stages
}

/// Says how many steps there are after fits were taken up or models left out. Steps whose fits are gone count with the first stage, so
/// that the count of steps goes on.
fn plan_steps(run: &mut Running<'_, '_, Config>) {
    let store = &*run.state;
    let stages = staged(run.settings, run.shared, (store.models.len(), store.aggregators.len()));
    let mut steps: Vec<(&str, u64)> = stages.iter().map(|stage| (stage.name, stage.steps)).collect();
    let gone = run.context.step().saturating_sub(reuse::count(run.settings, store));
    if let Some((_, first)) = steps.first_mut() {
        *first += gone + u64::from(store.forked.is_some());
    }
    run.context.plan(&steps);
}
