//! The stages, one after the other over the whole grid, and again for cells that a person asked for meanwhile.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Instant;

use super::book::Book;
use super::seeds::Cellmates;
use super::training::Recipe;
use super::{afterwards, curvature, files, jobs, pictures};
use crate::labs::phases::channels as ch;
use crate::labs::phases::config::{Config, HessianRows, Origin};
use crate::labs::phases::material::Material;
use crate::labs::phases::method::phase::Phase;
use crate::labs::phases::metric::Metric;
use crate::labs::phases::plan::{Plan, refined};
use crate::labs::phases::zoo;
use crate::run::{Context, Control, Request, RunError};
use crate::store::{Blob, State};

/// Name of the book in a checkpoint.
const BOOK: &str = "book";
/// Button that refines a brushed region, and the region's control.
pub(in crate::labs::phases) const REFINE: &str = "refine";
pub(in crate::labs::phases) const REGION: &str = "region";

const STAGES: [&str; 4] = ["training", "curves", "curvature", "afterwards"];

/// Carries the experiment out.
pub(in crate::labs::phases) fn run(config: &Config, context: &mut Context<'_>) -> Result<(), RunError> {
    if config.origin == Origin::Zoo {
        return zoo::import::run(config, context);
    }
    declare(context);
    let mut book = match context.take_resumed() {
        Some(state) => read_book(&state)?,
        None => Book { seeds: config.seeds as usize, ..Book::default() },
    };
    let plan = Plan::new(config, &book.wanted);
    let material = Material::load(config, &plan)?;
    context.dataset(&material.hash);
    context.message(&format!(
        "{} cells, {} networks of {} to {} parameters on {} workers",
        plan.cells.len(),
        plan.networks(),
        smallest(config, &material, &plan)?,
        largest(config, &material, &plan)?,
        rayon::current_num_threads()
    ));
    let mut stages = Stages {
        config,
        seed: context.seed,
        folder: context.folder().map(ToOwned::to_owned),
        material,
        plan,
    };
    stages.recover(context, &mut book)?;
    loop {
        stages.announce(context);
        stages.train(context, &mut book)?;
        stages.compare(context, &mut book)?;
        stages.bend(context, &mut book)?;
        stages.use_networks(context, &mut book)?;
        let plan = Plan::new(config, &book.wanted);
        if plan == stages.plan {
            break;
        }
        stages.material = Material::load(config, &plan)?;
        stages.plan = plan;
    }
    stages.results(context, &book)?;
    context.checkpoint(&save(&book))?;
    Ok(())
}

fn smallest(config: &Config, material: &Material, plan: &Plan) -> Result<usize, RunError> {
    parameters(config, material, plan).map(|sizes| sizes.into_iter().min().unwrap_or(0))
}

fn largest(config: &Config, material: &Material, plan: &Plan) -> Result<usize, RunError> {
    parameters(config, material, plan).map(|sizes| sizes.into_iter().max().unwrap_or(0))
}

fn parameters(config: &Config, material: &Material, plan: &Plan) -> Result<Vec<usize>, RunError> {
    plan.cells
        .iter()
        .map(|cell| Ok(super::training::shape(config, material, &cell.knobs)?.parameters()))
        .collect()
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

fn save(book: &Book) -> State {
    let mut bytes = Vec::new();
    let mut tensors = BTreeMap::new();
    // Writing to memory cannot fail; were it to, the checkpoint would lack the book and be refused on reading.
    if ciborium::into_writer(book, &mut bytes).is_ok() {
        tensors.insert(BOOK.to_owned(), Blob::from_u8(vec![bytes.len()], &bytes));
    }
    State { tensors, numbers: serde_json::json!({ "networks": book.networks.len() }) }
}

fn read_book(state: &State) -> Result<Book, RunError> {
    let damaged = |why: &str| RunError::Defect(format!("the checkpoint does not fit this program ({why})"));
    let blob = state.tensors.get(BOOK).ok_or_else(|| damaged("it has no book"))?;
    ciborium::from_reader(&blob.bytes[..]).map_err(|error| damaged(&error.to_string()))
}

/// What all stages work with.
struct Stages<'a> {
    config: &'a Config,
    seed: u64,
    folder: Option<PathBuf>,
    material: Material,
    plan: Plan,
}

impl Stages<'_> {
    /// Tells the person what is to do.
    fn announce(&self, context: &mut Context<'_>) {
        let (cells, networks) = (self.plan.cells.len() as u64, self.plan.networks() as u64);
        let bends = if self.config.hessian == HessianRows::None { 0 } else { networks };
        let uses = if self.config.downstream { networks } else { 0 };
        let mut stages = vec![(STAGES[0], networks), (STAGES[1], cells), (STAGES[2], bends)];
        if uses > 0 {
            stages.push((STAGES[3], uses));
        }
        context.plan(&stages);
    }

    fn recipe(&self, index: usize) -> Result<Recipe<'_>, RunError> {
        let (cell, seed) = (index / self.plan.seeds, index % self.plan.seeds);
        let cell = self.plan.cells.get(cell).ok_or_else(|| RunError::Defect("no such cell".to_owned()))?;
        Ok(Recipe {
            config: self.config,
            material: &self.material,
            knobs: cell.knobs,
            run_seed: self.seed,
            seed,
        })
    }

    /// A network from the zoo, or trained and written there.
    fn network(&self, index: usize, control: &Control) -> Result<super::training::Network, RunError> {
        let recipe = self.recipe(index)?;
        let Some(run) = &self.folder else { return recipe.train(control, |_, _| {}) };
        let shape = recipe.shape()?;
        let params = zoo::own::params(self.config, &shape, &recipe.knobs, self.seed, recipe.seed);
        let folder = zoo::own::folder(run, &recipe.knobs, recipe.seed);
        if let Some(network) = zoo::own::read(&folder, &params, &shape) {
            return Ok(network);
        }
        let network = recipe.train(control, |_, _| {})?;
        zoo::own::write(&folder, &params, &shape, &network)?;
        Ok(network)
    }

    /// The parameters of networks that a checkpoint knows: from the zoo, or made again.
    fn recover(&self, context: &mut Context<'_>, book: &mut Book) -> Result<(), RunError> {
        let count = book.networks.len();
        let work = |index: usize, control: &Control| self.network(index, control);
        jobs::in_order(context, count, &work, |_, index, network| {
            if let Some(place) = book.networks.get_mut(index) {
                *place = network;
                place.curve = Vec::new();
            }
            Ok(())
        })
    }

    fn train(&self, context: &mut Context<'_>, book: &mut Book) -> Result<(), RunError> {
        context.enter_stage(0);
        let (first, begun) = (book.networks.len(), Instant::now());
        let before = book.seconds[0];
        let work = |index: usize, control: &Control| self.network(first + index, control);
        jobs::in_order(
            context,
            self.plan.networks().saturating_sub(first),
            &work,
            |context, _, mut network| {
                context.begin_step(network.epochs as f64);
                context.scalar(ch::NETWORK_TRAIN_LOSS, network.train[0]);
                context.scalar(ch::NETWORK_TEST_ACCURACY, network.test[1]);
                network.curve = Vec::new();
                book.networks.push(network);
                book.seconds[0] = before + begun.elapsed().as_secs_f64();
                self.end_step(context, book, book.networks.len().is_multiple_of(self.plan.seeds))
            },
        )?;
        self.end_stage(context, book)
    }

    fn compare(&self, context: &mut Context<'_>, book: &mut Book) -> Result<(), RunError> {
        context.enter_stage(1);
        let (first, begun) = (book.together.len(), Instant::now());
        let before = book.seconds[1];
        let networks = std::mem::take(&mut book.networks);
        let work = |index: usize, control: &Control| {
            let index = first + index;
            let start = index * self.plan.seeds;
            let cellmates = Cellmates {
                config: self.config,
                material: &self.material,
                knobs: self.recipe(start)?.knobs,
                run_seed: self.seed,
                networks: networks.get(start..start + self.plan.seeds).unwrap_or_default().iter().collect(),
            };
            cellmates.compare(control)
        };
        let mut shown = Book { networks: networks.clone(), ..std::mem::take(book) };
        let result = jobs::in_order(
            context,
            self.plan.cells.len().saturating_sub(first),
            &work,
            |context, _, together| {
                context.begin_step(0.0);
                shown.together.push(together);
                let values = shown.values(self.config, shown.together.len() - 1);
                if let Some(value) = values.get(Metric::Connectivity) {
                    context.scalar(ch::CELL_CONNECTIVITY, value);
                }
                if let Some(value) = values.get(Metric::Cka) {
                    context.scalar(ch::CELL_CKA, value);
                }
                shown.seconds[1] = before + begun.elapsed().as_secs_f64();
                self.end_step(context, &mut shown, true)
            },
        );
        *book = shown;
        result?;
        self.end_stage(context, book)
    }

    fn bend(&self, context: &mut Context<'_>, book: &mut Book) -> Result<(), RunError> {
        if self.config.hessian == HessianRows::None {
            return Ok(());
        }
        context.enter_stage(2);
        let (first, begun) = (book.bends.len(), Instant::now());
        let before = book.seconds[2];
        let networks = book.networks.clone();
        let work = |index: usize, control: &Control| {
            let recipe = self.recipe(first + index)?;
            let network =
                networks.get(first + index).ok_or_else(|| RunError::Defect("no such network".to_owned()))?;
            let seeds = (self.seed, recipe.seed);
            curvature::measure(self.config, &self.material, &recipe.knobs, seeds, network, control)
        };
        jobs::in_order(context, networks.len().saturating_sub(first), &work, |context, _, bends| {
            context.begin_step(0.0);
            if let Some(bend) = bends.train {
                context.scalar(ch::NETWORK_LAMBDA, bend.lambda);
                context.scalar(ch::NETWORK_TRACE, bend.trace);
            }
            book.bends.push(bends);
            book.seconds[2] = before + begun.elapsed().as_secs_f64();
            self.end_step(context, book, book.bends.len().is_multiple_of(self.plan.seeds))
        })?;
        self.end_stage(context, book)
    }

    fn use_networks(&self, context: &mut Context<'_>, book: &mut Book) -> Result<(), RunError> {
        if !self.config.downstream {
            return Ok(());
        }
        context.enter_stage(3);
        let (first, begun) = (book.afterwards.len(), Instant::now());
        let before = book.seconds[3];
        let networks = book.networks.clone();
        let work = |index: usize, control: &Control| {
            let recipe = self.recipe(first + index)?;
            let network =
                networks.get(first + index).ok_or_else(|| RunError::Defect("no such network".to_owned()))?;
            let seeds = (self.seed, recipe.seed);
            afterwards::measure(self.config, &self.material, &recipe.knobs, seeds, network, control)
        };
        jobs::in_order(context, networks.len().saturating_sub(first), &work, |context, _, after| {
            context.begin_step(0.0);
            if let Some(accuracy) = after.pruned {
                context.scalar(ch::NETWORK_PRUNED, accuracy);
            }
            book.afterwards.push(after);
            book.seconds[3] = before + begun.elapsed().as_secs_f64();
            self.end_step(context, book, book.afterwards.len().is_multiple_of(self.plan.seeds))
        })?;
        self.end_stage(context, book)
    }

    /// Shows the grid as it stands, takes requests, and ends the step.
    fn end_step(
        &self,
        context: &mut Context<'_>,
        book: &mut Book,
        cell_complete: bool,
    ) -> Result<(), RunError> {
        let step = context.step();
        pictures::show(context.record(), step, self.config, &self.plan, book);
        if cell_complete {
            pictures::tables(context.record(), self.config, &self.plan, book);
        }
        self.take_requests(context, book);
        context.end_step(|| save(book))
    }

    /// Cells of a brushed region join the queue.
    fn take_requests(&self, context: &mut Context<'_>, book: &mut Book) {
        for request in context.requests() {
            let Request::Action { id, controls } = request else { continue };
            let Some([left, right, bottom, top]) = controls.region(REGION).filter(|_| id == REFINE) else {
                continue;
            };
            let plan = Plan::new(self.config, &book.wanted);
            let wanted = refined(&plan, self.config, (left, right), (bottom, top));
            context.message(&format!("{} cells join the queue", wanted.len()));
            book.wanted.extend(wanted);
        }
    }

    fn end_stage(&self, context: &mut Context<'_>, book: &Book) -> Result<(), RunError> {
        pictures::tables(context.record(), self.config, &self.plan, book);
        context.write_file(files::GRID, files::grid_csv(self.config, &self.plan, book).as_bytes())
    }

    fn results(&self, context: &mut Context<'_>, book: &Book) -> Result<(), RunError> {
        let steps: u64 = book.networks.iter().map(|network| network.steps).sum();
        context.result("models_trained", book.networks.len() as f64);
        for (name, seconds) in ["train_seconds", "curve_seconds", "hessian_seconds", "downstream_seconds"]
            .iter()
            .zip(book.seconds)
        {
            context.result(name, seconds);
        }
        if book.seconds[0] > 0.0 {
            context.result("network_steps_per_second", steps as f64 / book.seconds[0]);
        }
        let thresholds = self.config.thresholds();
        let cells = 0..self.plan.cells.len();
        let phases: Vec<Phase> =
            cells.clone().map(|cell| book.phase(self.config, &thresholds, cell)).collect();
        for phase in Phase::ALL {
            let count = phases.iter().filter(|other| **other == phase).count();
            let name = phase.word().to_lowercase().replace('-', "_");
            context.result(&format!("cells_{name}"), count as f64);
        }
        let best = cells
            .filter_map(|cell| book.values(self.config, cell).get(Metric::TestAccuracy))
            .fold(f64::NEG_INFINITY, f64::max);
        if best.is_finite() {
            context.result("best_test_accuracy", best);
        }
        self.end_stage(context, book)
    }
}
