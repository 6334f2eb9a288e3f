//! Metrics that the files of a zoo lack, computed from its weights: the comparison of a cell's seeds and the curvature of each.
//!
//! That needs an architecture that the population kernel knows, weights as safetensors, and the models' own rows; where one of them
//! is missing, the cells stay as they are and the reason is named once with their number.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::model::Model;
use crate::config::{Config, HessianRows};
use crate::material::Material;
use crate::metric::{Metric, Values};
use crate::plan::{Cell, Plan};
use crate::run::book::Book;
use crate::run::curvature::{self, Bends};
use crate::run::jobs::{self, News};
use crate::run::seeds::{Cellmates, Together};
use crate::run::training::{Network, shape};
use weightscope_frame::run::{Context, Control, RunError};

/// What was computed.
pub(super) struct Measures {
    /// Its networks, comparisons and curvatures, in the order of the plan.
    pub(super) book: Book,
    /// Models whose weights were used.
    pub(super) computed: usize,
}

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

/// Computes what the cells lack, if the settings ask for it.
pub(super) fn missing(
    config: &Config,
    context: &mut Context<'_>,
    plan: &Plan,
    cells: &[Vec<&Model>],
    values: &[Values],
) -> Result<Measures, RunError> {
    let mut book = Book::default();
    book.fit(plan);
    if !config.measure_missing {
        return Ok(Measures { book, computed: 0 });
    }
    let mut reasons: BTreeMap<String, usize> = BTreeMap::new();
    let mut materials = Materials::default();
    let mut tasks = Vec::new();
    for (cell, (models, values)) in cells.iter().zip(values).enumerate() {
        context.check()?;
        let lacks = lacks(config, models, values);
        if !lacks.together && !lacks.bends {
            continue;
        }
        match task(config, plan, &mut materials, (cell, lacks), models) {
            Ok(task) => tasks.push(task),
            Err(why) => *reasons.entry(why).or_default() += 1,
        }
    }
    for (why, count) in reasons {
        context.warn(&format!(
            "{count} cells lack connectivity, similarity or curvature, and these cannot be computed: {why}"
        ));
    }
    let computed = tasks.iter().map(|task| task.members.len()).sum();
    if !tasks.is_empty() {
        context.plan(&[("reading the zoo", context.step()), ("measuring", tasks.len() as u64)]);
        context.enter_stage(1);
    }
    let run_seed = context.seed;
    let work = |index: usize, control: &Control| measured(&tasks[index], plan, run_seed, control);
    jobs::in_order(context, tasks.len(), &work, |context, news| {
        let News::Next(index, found) = news else { return Ok(()) };
        context.begin_step(0.0);
        file(&mut book, tasks[index].cell, found);
        Ok(())
    })?;
    Ok(Measures { book, computed })
}

fn lacks(config: &Config, models: &[&Model], values: &Values) -> Lacks {
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
    models: &[&Model],
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
    if let Some(place) = book.together.get_mut(cell) {
        *place = found.together;
    }
}
