//! The experiment as stages: training, comparing the seeds, curvature, and using the networks.
//!
//! Contract: a job depends on the settings and the seed only; jobs are committed in the order of the plan, one step each, so that
//! neither threads nor a resume change a number. Each stage does what is missing, so a run that goes on, and a fork that asks for more,
//! go through all of them. Nothing here looks at a clock but for the seconds of the stages.

pub(super) mod afterwards;
pub(super) mod book;
pub(super) mod curvature;
pub(super) mod files;
mod grid;
mod measured;
pub(super) mod parts;
pub(super) mod pictures;
pub(super) mod results;
pub(super) mod seeds;
mod stages;
pub(super) mod state;
pub(super) mod tables;
pub(super) mod training;
mod tuning;

use std::sync::Arc;

use weightscope_data::Read;
use weightscope_frame::experiment::Problem;
use weightscope_frame::lab::{Hand, Running, Stage};
use weightscope_frame::run::{Context, Request, RunError};
use weightscope_frame::store;

use crate::config::{Config, HessianRows, Origin};
use crate::material::Material;
use crate::plan::{Plan, refined};
use crate::zoo;
use book::{Book, missing};
use grid::Grid;
pub(super) use state::{Shared, State};
use state::{Work, Zoo};

/// The stages.
pub(crate) const TRAINING: &str = "training";
pub(crate) const CURVES: &str = "curves";
pub(crate) const CURVATURE: &str = "curvature";
pub(crate) const AFTERWARDS: &str = "afterwards";

/// Button that refines a brushed region.
pub(crate) const REFINE: &str = "refine";
/// Control of the brushed region.
pub(crate) const REGION: &str = "region";

/// The lab at work.
pub(crate) type Run<'r, 'c> = Running<'r, 'c, Config>;

/// One stage over the grid.
struct Part {
    name: &'static str,
    work: Hand<Config>,
    /// How many of its jobs are not done.
    missing: fn(&Book) -> usize,
}

/// The stages over the grid that the settings ask for, in order; a part of a grid is trained and no more.
fn over_grid(config: &Config) -> Vec<Part> {
    let networks: fn(&Book) -> usize = |book| missing(&book.networks).len();
    let mut all = vec![Part { name: TRAINING, work: stages::train, missing: networks }];
    if !config.part().is_whole() {
        return all;
    }
    let pairs: fn(&Book) -> usize = |book| missing(&book.together).len();
    all.push(Part { name: CURVES, work: stages::compare, missing: pairs });
    if config.hessian != HessianRows::None {
        let missing: fn(&Book) -> usize = |book| missing(&book.bends).len();
        all.push(Part { name: CURVATURE, work: stages::bend, missing });
    }
    if config.downstream {
        let missing: fn(&Book) -> usize = |book| missing(&book.afterwards).len();
        all.push(Part { name: AFTERWARDS, work: stages::use_networks, missing });
    }
    all
}

/// Opens the data, or finds the models of a zoo.
pub(super) fn begin(config: &Config, context: &mut Context<'_>) -> Result<(Shared, State), RunError> {
    let mut book = Book::new(config);
    if config.origin == Origin::Zoo {
        let models = zoo::import::folders(config)?;
        let shared = Shared { models, joined: None };
        return Ok((shared, State { book, work: Work::Zoo(Zoo::default()) }));
    }
    let grid = Grid::open(config, Plan::new(config, &[]))?;
    for read in &grid.material.read {
        context.read(read)?;
    }
    let joined = parts::open(config, &grid.material.read)?;
    if let Some(joined) = &joined {
        joined.fit_seed(context.seed)?;
        context.read(&joined.read)?;
    }
    context.message(&grid.in_words(config)?);
    book.fit(&grid.plan);
    Ok((Shared { models: Vec::new(), joined }, State { book, work: Work::Grid(Arc::new(grid)) }))
}

/// The stages of a new run.
pub(super) fn stages(config: &Config, shared: &Shared) -> Vec<Stage<Config>> {
    if config.origin == Origin::Zoo {
        return zoo::import::stages(config, shared);
    }
    let mut book = Book::default();
    book.fit(&Plan::new(config, &[]));
    let stage = |part: Part| Stage::whole(part.name, (part.missing)(&book) as u64, part.work);
    over_grid(config).into_iter().map(stage).collect()
}

/// Takes the results from a checkpoint, and the networks that they are of from the zoo.
pub(super) fn restore(run: &mut Run<'_, '_>, saved: &store::State) -> Result<(), RunError> {
    store::restore(run.state, saved)?;
    let manifest = run.folder().and_then(|folder| store::read_manifest(folder).ok());
    let is_fork = manifest.is_some_and(|manifest| manifest.parent.is_some());
    run.state.book.keep_measured(run.settings, is_fork)?;
    run.context.go_back_to(0);
    if run.settings.origin == Origin::Train {
        lay_out(run)?;
        stages::recover(run)?;
        announce(run);
    }
    Ok(())
}

/// Cells of a brushed region join the queue: they are done after the grid that is in work.
pub(super) fn asked(run: &mut Run<'_, '_>, request: &Request) {
    let Request::Action { id, controls } = request else { return };
    let Some([left, right, bottom, top]) = controls.region(REGION).filter(|_| id == REFINE) else { return };
    let plan = Plan::new(run.settings, &run.state.book.wanted);
    let wanted = refined(&plan, run.settings, (left, right), (bottom, top));
    run.message(&format!("{} cells join the queue", wanted.len()));
    run.state.book.wanted.extend(wanted);
}

/// Goes through the stages again as long as cells have joined, then reports.
pub(super) fn finish(run: &mut Run<'_, '_>) -> Result<(), RunError> {
    if run.settings.origin == Origin::Zoo {
        return zoo::import::finish(run);
    }
    loop {
        run.answer()?;
        if !lay_out(run)? {
            break;
        }
        announce(run);
        for (index, part) in over_grid(run.settings).into_iter().enumerate() {
            run.enter_stage(index);
            (part.work)(run)?;
        }
    }
    results::report(run)
}

/// Lays the grid out with all cells that were asked for; true if that is another one than before.
fn lay_out(run: &mut Run<'_, '_>) -> Result<bool, RunError> {
    let plan = Plan::new(run.settings, &run.state.book.wanted);
    run.state.book.fit(&plan);
    if run.state.grid()?.plan == plan {
        return Ok(false);
    }
    run.state.work = Work::Grid(Arc::new(Grid::open(run.settings, plan)?));
    Ok(true)
}

/// Tells the person what is to do: the steps so far count as the first stage's.
fn announce(run: &mut Run<'_, '_>) {
    let mut before = run.step();
    let parts = over_grid(run.settings).into_iter();
    let steps =
        |part: Part| (part.name, (part.missing)(&run.state.book) as u64 + std::mem::take(&mut before));
    let plan: Vec<(&str, u64)> = parts.map(steps).collect();
    run.context.plan(&plan);
}

/// What is read from the data sets, or why they or the zoo cannot be used.
pub(super) fn read_data(config: &Config) -> Result<Vec<Read>, Vec<Problem>> {
    let (opened, key) = match config.origin {
        Origin::Zoo => (zoo::import::open(config).map(|()| Vec::new()), "zoo_folder"),
        Origin::Train => (Material::open(config), "dataset"),
    };
    let mut read = opened.map_err(|error| error.into_problems(key, "label_column"))?;
    let joined = parts::open(config, &read).map_err(|error| error.into_problems("parts", "parts"))?;
    read.extend(joined.map(|joined| joined.read));
    Ok(read)
}
