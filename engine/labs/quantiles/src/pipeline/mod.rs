//! The experiment as stages: full fits, cross-fitting, aggregation, scores.
//!
//! 1. Each base model on all training rows; its settings are chosen on validation rows.
//! 2. Each base model K times without one fold, for out-of-fold predictions (nested CV+: also without two).
//! 3. Each aggregator on out-of-fold predictions of the training rows, stopped by the validation rows with those of the full fits.
//! 4. Calibration on rows that nothing has seen, scores on test rows.
//!
//! Contract: a job depends on the settings, the seed and its name alone; results are taken in a fixed order.

mod aggregation;
mod assemble;
mod base;
mod exclude;
pub(super) mod finish;
mod fitting;
pub(super) mod predictions;
mod report;
mod reuse;
pub(super) mod store;
mod work;

use burn::tensor::Device;

use super::base::Kind;
use super::channels as ch;
use super::config::{Config, Conformal, Search};
use super::data::{Material, Opened};
use super::ensemble::{AggregateSettings, Aggregator};
use super::method::batch::batch_size;
use super::method::isotonize::Isotonization;
use super::method::levels::Levels;
use weightscope_frame::experiment::Problem;
use weightscope_frame::run::{Context, RunError};

pub(super) use assemble::stack;
use fitting::Bench;
use store::Store;

/// All that the stages share and nothing changes.
pub(super) struct Plan<'a> {
    pub(super) config: &'a Config,
    pub(super) levels: Levels,
    pub(super) material: Material,
    pub(super) kinds: Vec<Kind>,
    pub(super) aggregators: Vec<Aggregator>,
    pub(super) device: Device,
    pub(super) seed: u64,
}

impl Plan<'_> {
    fn bench(&self) -> Bench<'_> {
        Bench {
            taus: self.levels.values(),
            seed: self.seed,
            device: &self.device,
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
        use super::config::{Margins, Placement};
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

    /// True if CV+ wants the predictions of fold models for test rows.
    fn keeps_fold_models(&self) -> bool {
        matches!(self.config.conformal, Conformal::CvPlus | Conformal::NestedCvPlus)
    }

    fn is_nested(&self) -> bool {
        self.config.conformal == Conformal::NestedCvPlus
    }
}

/// Carries the experiment out.
pub(super) fn run(config: &Config, context: &mut Context<'_>) -> Result<(), RunError> {
    let levels = config.grid().map_err(|why| RunError::Problems(vec![Problem::error("levels", why)]))?;
    super::size::check(config, context)?;
    let material = Material::load(config, levels.values())?;
    context.dataset(&material.hash);
    let mut store = match context.take_resumed() {
        Some(state) => Store::from_state(&state)?,
        None => Store::default(),
    };
    let taken = reuse::take_up(&mut store, config, &material.hash)?;
    let mut plan = Plan {
        config,
        levels,
        kinds: config.kinds(),
        aggregators: config.combinations(),
        device: context.device.device.clone(),
        seed: context.seed,
        material,
    };
    exclude::only_present(&mut plan, &mut store);
    let first = plan_stages(&plan, &store, taken, context);
    if taken.forked {
        context.enter_stage(0);
        context.begin_step(0.0);
        reuse::show_again(&plan, &store, taken, context);
        context.end_step(|| store.to_state())?;
    } else {
        ch::declare(context, &plan);
    }
    fit_all(&mut plan, &mut store, first, context)?;
    report::write(&plan, &store, context)?;
    finish::finish(&plan, &mut store, context)?;
    context.checkpoint(&store.to_state())
}

/// Why the table cannot be used; nothing if it can.
pub(super) fn data_problems(config: &Config) -> Vec<Problem> {
    if let Some(problem) = super::size::refused(config) {
        return vec![problem];
    }
    let opened = Opened::open(config);
    opened.err().map_or_else(Vec::new, |error| error.into_problems("dataset", "target"))
}

/// All fits; models with numbers that are not finite leave the plan on the way.
fn fit_all(
    plan: &mut Plan<'_>,
    store: &mut Store,
    first: usize,
    context: &mut Context<'_>,
) -> Result<(), RunError> {
    let mut first = first;
    let mut stages: Vec<Stage> = vec![base::full, base::folds];
    if plan.is_nested() {
        stages.push(base::pairs);
    }
    stages.push(aggregation::all);
    if plan.is_nested() {
        stages.push(aggregation::nested);
    }
    for (number, stage) in stages.into_iter().enumerate() {
        context.enter_stage(first + number);
        stage(plan, store, context)?;
        if exclude::leave_out(plan, store, context)? {
            first = plan_stages(plan, store, reuse::Taken::default(), context);
        }
    }
    report::publish(plan, store, context);
    Ok(())
}

/// One stage of fits.
type Stage = fn(&Plan<'_>, &mut Store, &mut Context<'_>) -> Result<(), RunError>;

/// Names the stages with their steps, one a fit; the number of the first one that fits. Steps of a parent whose fits are gone stand
/// before it as a stage of their own, so that the count of steps goes on.
fn plan_stages(plan: &Plan<'_>, store: &Store, taken: reuse::Taken, context: &mut Context<'_>) -> usize {
    let (models, folds) = (plan.kinds.len() as u64, plan.material.fold_count as u64);
    let past = context.step().saturating_sub(reuse::count(plan, store)) + u64::from(taken.forked);
    let mut stages = if past > 0 { vec![("taking up earlier fits", past)] } else { Vec::new() };
    let first = stages.len();
    stages.extend([("fitting base models", models), ("cross-fitting", models * folds)]);
    if plan.is_nested() {
        stages.push(("leaving out two folds", models * folds * (folds - 1) / 2));
    }
    stages.push(("aggregating", plan.aggregators.len() as u64));
    if plan.is_nested() {
        stages.push(("aggregating without a fold", plan.aggregators.len() as u64 * folds));
    }
    context.plan(&stages);
    first
}
