//! Metrics that the files of a zoo lack, computed from its weights: the comparison of a cell's seeds and the curvature of each.
//!
//! That needs an architecture that the population kernel knows, weights as safetensors, and the models' own rows; where one of them
//! is missing, the cells stay as they are and the reason is named once with their number.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::import::{MEASURING, READING, ZooGrid};
use super::model::Model;
use crate::config::{Config, HessianRows};
use crate::material::Material;
use crate::metric::{Metric, Values};
use crate::plan::{Cell, Plan};
use crate::run::Run;
use crate::run::book::Book;
use crate::run::curvature::{self, Bends};
use crate::run::seeds::{Cellmates, Together};
use crate::run::training::{Network, shape};
use weightscope_frame::run::{Context, Control, Jobs, News, RunError};

/// What a cell lacks.
#[derive(Clone, Copy)]
struct Lacks {
    together: bool,
    bends: bool,
}

/// One cell to be measured.
struct Task {
    cell: usize,
    lacks: Lacks,
    made: Config,
    material: Arc<Material>,
    /// Seed, epoch and parameters of each model.
    members: Vec<(usize, usize, Vec<f32>)>,
}

/// What came of a task.
struct Measured {
    networks: Vec<Network>,
    together: Option<Together>,
    bends: Vec<Bends>,
}

/// Computes what the cells lack and the book does not have, one step a cell.
pub(super) fn missing(run: &mut Run<'_, '_>) -> Result<(), RunError> {
    let grid = run.state.zoo_grid()?;
    let tasks = tasks(run.settings, run.context, &grid, &run.state.book)?;
    let done = run.step();
    run.context.plan(&[(READING, done), (MEASURING, tasks.len() as u64)]);
    let run_seed = run.seed;
    run.jobs::<_, ()>(
        &Jobs::new("cell of the zoo", tasks.len()),
        |index, hand| measured(&tasks[index], &grid.plan, run_seed, hand.control()),
        |run, news| {
            let News::Next(index, found) = news else { return Ok(()) };
            run.begin_step(0.0)?;
            file(&mut run.state.book, tasks[index].cell, found);
            run.end_step()
        },
    )
}

/// The cells that lack something that can be computed; why others cannot is said with their number.
fn tasks(
    config: &Config,
    context: &mut Context<'_>,
    grid: &ZooGrid,
    book: &Book,
) -> Result<Vec<Task>, RunError> {
    let mut reasons: BTreeMap<String, usize> = BTreeMap::new();
    let mut materials = Materials::default();
    let mut tasks = Vec::new();
    for (cell, (models, values)) in grid.cells.iter().zip(&grid.values).enumerate() {
        context.check()?;
        let lacks = lacks(config, models, values).beyond(book, cell, models.len());
        if !lacks.together && !lacks.bends {
            continue;
        }
        match task(config, &grid.plan, &mut materials, (cell, lacks), models) {
            Ok(task) => tasks.push(task),
            Err(why) => *reasons.entry(why).or_default() += 1,
        }
    }
    for (why, count) in reasons {
        context.warn(&format!(
            "{count} cells lack connectivity, similarity or curvature, and these cannot be computed: {why}"
        ));
    }
    Ok(tasks)
}

impl Lacks {
    /// What of it a run that goes on has not measured before.
    fn beyond(self, book: &Book, cell: usize, models: usize) -> Self {
        let bent = (0..models).all(|model| book.bends_of(cell, model).is_some());
        Self { together: self.together && book.together_of(cell).is_none(), bends: self.bends && !bent }
    }
}

fn lacks(config: &Config, models: &[Model], values: &Values) -> Lacks {
    let unknown = |metric| values.get(metric).is_none();
    let finite = models.iter().filter(|model| !model.diverged).count();
    // A measurement that was made may still have no value: constant outputs have no similarity, a negative eigenvalue no logarithm.
    let compared = values.get(Metric::Distance).is_some();
    let bent = models.iter().all(|model| model.curvature_known);
    Lacks {
        together: finite > 1 && !compared && (unknown(Metric::Connectivity) || unknown(Metric::Cka)),
        bends: finite > 0
            && !bent
            && config.hessian != HessianRows::None
            && (unknown(Metric::LogLambda) || unknown(Metric::LogTrace)),
    }
}

/// The rows of models by what they were made from.
#[derive(Default)]
struct Materials(BTreeMap<String, Result<Arc<Material>, String>>);

impl Materials {
    /// The rows for all cells of the plan, read once for each data set and split.
    fn of(&mut self, made: &Config, plan: &Plan) -> Result<Arc<Material>, String> {
        let key = format!("{}|{}|{}", made.dataset, made.train_rows, made.data_seed);
        let load = || Material::load(made, plan).map(Arc::new).map_err(|error| error.to_string());
        self.0.entry(key).or_insert_with(load).clone()
    }
}

fn task(
    config: &Config,
    plan: &Plan,
    materials: &mut Materials,
    (cell, lacks): (usize, Lacks),
    models: &[Model],
) -> Result<Task, String> {
    let first = models.first().ok_or("it has no models")?;
    let made = first.made_by(config)?;
    let material = materials.of(&made, plan)?;
    let knobs = plan.cells.get(cell).map(|cell| cell.knobs).ok_or("it has no place in the grid")?;
    let shape = shape(&made, &material, &knobs).map_err(|error| error.to_string())?;
    let mut members = Vec::new();
    for model in models {
        if model.made_by(config)? != made {
            return Err("the models of a cell were made differently".to_owned());
        }
        let (epoch, flat) = model.weights(&shape)?;
        members.push((model.seed(), epoch, flat));
    }
    Ok(Task { cell, lacks, made, material, members })
}

fn measured(task: &Task, plan: &Plan, run_seed: u64, control: &Control) -> Result<Measured, RunError> {
    let cell: &Cell = plan.cells.get(task.cell).ok_or_else(|| RunError::Defect("no such cell".to_owned()))?;
    let knobs = cell.knobs;
    let networks = task
        .members
        .iter()
        .map(|(_, epoch, flat)| Network::judged(&task.made, &task.material, &knobs, *epoch, flat.clone()))
        .collect::<Result<Vec<_>, _>>()?;
    let together = if task.lacks.together {
        let cellmates = Cellmates {
            config: &task.made,
            material: &task.material,
            knobs,
            run_seed,
            networks: networks.iter().enumerate().collect(),
        };
        Some(cellmates.compare(control)?)
    } else {
        None
    };
    let mut bends = Vec::new();
    if task.lacks.bends {
        for ((seed, _, _), network) in task.members.iter().zip(&networks) {
            let seeds = (run_seed, *seed);
            bends.push(curvature::measure(&task.made, &task.material, &knobs, seeds, network, control)?);
        }
    }
    Ok(Measured { networks, together, bends })
}

fn file(book: &mut Book, cell: usize, found: Measured) {
    let start = cell * book.seeds;
    let places = |index: usize| start + index;
    for (index, network) in found.networks.into_iter().enumerate() {
        if let Some(place) = book.networks.get_mut(places(index)) {
            *place = Some(network);
        }
    }
    for (index, bends) in found.bends.into_iter().enumerate() {
        if let Some(place) = book.bends.get_mut(places(index)) {
            *place = Some(bends);
        }
    }
    if let Some((place, together)) = book.together.get_mut(cell).zip(found.together) {
        *place = Some(together);
    }
}
