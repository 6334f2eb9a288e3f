//! The experiment from its beginning, or from a checkpoint, to its final figures.

use super::book::Book;
use super::stages::Stages;
use super::{checkpoint, training};
use crate::channels as ch;
use crate::config::{Config, Origin};
use crate::material::Material;
use crate::method::phase::Phase;
use crate::metric::Metric;
use crate::plan::Plan;
use crate::zoo;
use weightscope_frame::experiment::Problem;
use weightscope_frame::run::{Context, RunError};

/// Carries the experiment out.
pub(crate) fn run(config: &Config, context: &mut Context<'_>) -> Result<(), RunError> {
    if config.origin == Origin::Zoo {
        return zoo::import::run(config, context);
    }
    declare(context);
    let mut book = match context.take_resumed() {
        Some(state) => checkpoint::read(&state)?,
        None => Book::default(),
    };
    let plan = Plan::new(config, &book.wanted);
    book.fit(&plan);
    book.keep_measured(config);
    let material = Material::load(config, &plan)?;
    context.dataset(&material.hash);
    let sizes = parameters(config, &material, &plan)?;
    context.message(&format!(
        "{} cells, {} networks of {} to {} parameters on {} workers",
        plan.cells.len(),
        plan.networks(),
        sizes.iter().min().unwrap_or(&0),
        sizes.iter().max().unwrap_or(&0),
        rayon::current_num_threads()
    ));
    let folder = context.folder().map(ToOwned::to_owned);
    let mut stages = Stages { config, seed: context.seed, folder, material, plan };
    stages.recover(context, &mut book)?;
    loop {
        stages.announce(context, &book);
        stages.train(context, &mut book)?;
        stages.compare(context, &mut book)?;
        stages.bend(context, &mut book)?;
        stages.use_networks(context, &mut book)?;
        let plan = Plan::new(config, &book.wanted);
        if plan == stages.plan {
            break;
        }
        book.fit(&plan);
        stages.material = Material::load(config, &plan)?;
        stages.plan = plan;
    }
    stages.results(context, &book)?;
    context.checkpoint(&checkpoint::save(&book))?;
    Ok(())
}

/// Why the data or the zoo cannot be used; nothing if they can.
pub(crate) fn data_problems(config: &Config) -> Vec<Problem> {
    let (opened, key) = match config.origin {
        Origin::Zoo => (zoo::import::open(config), "zoo_folder"),
        Origin::Train => (Material::open(config), "dataset"),
    };
    opened.err().map_or_else(Vec::new, |error| error.into_problems(key, "label_column"))
}

fn parameters(config: &Config, material: &Material, plan: &Plan) -> Result<Vec<usize>, RunError> {
    plan.cells.iter().map(|cell| Ok(training::shape(config, material, &cell.knobs)?.parameters())).collect()
}

fn declare(context: &mut Context<'_>) {
    let scalars = [
        (ch::NETWORK_TRAIN_LOSS, "train loss", "nat", "Training loss of the network finished at this step."),
        (
            ch::NETWORK_TEST_ACCURACY,
            "test accuracy",
            "",
            "Test accuracy of the network finished at this step.",
        ),
        (
            ch::CELL_CONNECTIVITY,
            "mode connectivity",
            "pp",
            "Mean over the pairs of the cell finished at this step.",
        ),
        (ch::CELL_CKA, "CKA", "", "Mean over the pairs of the cell finished at this step."),
        (ch::NETWORK_LAMBDA, "λ max", "", "Largest Hessian eigenvalue of the network measured at this step."),
        (ch::NETWORK_TRACE, "trace", "", "Hessian trace of the network measured at this step."),
        (ch::NETWORK_PRUNED, "accuracy after pruning", "", "Of the network used at this step."),
    ];
    for (id, label, unit, about) in scalars {
        context.declare_scalar(id, label, unit, about);
    }
}

impl Stages<'_> {
    /// The final figures, and the files that go with them.
    pub(super) fn results(&self, context: &mut Context<'_>, book: &Book) -> Result<(), RunError> {
        let steps: u64 = book.networks.iter().flatten().map(|network| network.steps).sum();
        context.result("models_trained", book.networks.iter().flatten().count() as f64);
        for (name, seconds) in ["train_seconds", "curve_seconds", "hessian_seconds", "downstream_seconds"]
            .iter()
            .zip(book.seconds)
        {
            context.result(*name, seconds);
        }
        if book.seconds[0] > 0.0 {
            context.result("network_steps_per_second", steps as f64 / book.seconds[0]);
        }
        let thresholds = self.config.thresholds();
        let cells = 0..self.plan.cells.len();
        let phases: Vec<Phase> =
            cells.clone().map(|cell| book.phase(self.config, &thresholds, cell)).collect();
        Phase::count(&phases, |name, count| context.result(name, count as f64));
        let best = cells
            .filter_map(|cell| book.values(self.config, cell).get(Metric::TestAccuracy))
            .fold(f64::NEG_INFINITY, f64::max);
        if best.is_finite() {
            context.result("best_test_accuracy", best);
        }
        if let Some(run) = &self.folder {
            zoo::noted::write(run, self.config, &self.plan, book, context.control())?;
        }
        self.end_stage(context, book)
    }
}
