//! One cell taken from disk: its networks, its rows, its shape. The networks lie in the run folder, or in the zoo that a run reads.

use crate::config::{Config, Origin};
use crate::material::Material;
use crate::plan::{Knobs, Place, Plan};
use crate::run::training::{Point, Recipe, pack};
use crate::zoo::{import, own};
use weightscope_frame::lab::Derive;
use weightscope_frame::record::Channel;
use weightscope_frame::run::RunError;
use weightscope_frame::store;
use weightscope_population::{Lane, Samples, Shape};

/// The cell that is looked at, opened: its networks and what they were trained on.
pub(crate) struct OpenCell {
    /// The settings that made the networks.
    pub(super) config: Config,
    pub(super) material: Material,
    pub(super) knobs: Knobs,
    pub(super) shape: Shape,
    /// Seed of the run that made them.
    pub(super) run_seed: u64,
    /// The finished networks.
    pub(super) seeds: Vec<OpenSeed>,
}

/// One network.
pub(crate) struct OpenSeed {
    /// Its number in the cell.
    pub(super) seed: usize,
    /// Its parameters, flat.
    pub(super) flat: Vec<f32>,
    /// Its learning curve.
    pub(super) curve: Vec<Point>,
}

impl OpenCell {
    /// The rows that its networks learned from.
    pub(super) fn training(&self) -> Result<&Samples, RunError> {
        Ok(&self.material.training(&self.knobs)?.samples)
    }

    /// A network packed.
    pub(super) fn packed(&self, seed: &OpenSeed) -> Result<Vec<Lane>, RunError> {
        pack(&self.shape, &seed.flat)
    }

    /// What its networks are made from.
    pub(super) fn recipe(&self, seed: usize) -> Recipe<'_> {
        Recipe {
            config: &self.config,
            material: &self.material,
            knobs: self.knobs,
            run_seed: self.run_seed,
            seed,
        }
    }

    /// The only cell of a plan, without its networks.
    fn new(config: Config, plan: &Plan, run_seed: u64) -> Result<Option<Self>, RunError> {
        let Some(knobs) = plan.cells.first().map(|cell| cell.knobs) else { return Ok(None) };
        let material = Material::load(&config, plan)?;
        let shape = crate::run::training::shape(&config, &material, &knobs)?;
        Ok(Some(Self { config, material, knobs, shape, run_seed, seeds: Vec::new() }))
    }
}

/// What follows from the cell that is looked at; nothing while there is none.
pub(crate) fn look(
    config: &Config,
    job: &Derive<'_>,
    derive: impl FnOnce(&OpenCell, &Derive<'_>) -> Result<Vec<Channel>, RunError>,
) -> Result<Vec<Channel>, RunError> {
    open(config, job)?.map_or_else(|| Ok(Vec::new()), |cell| derive(&cell, job))
}

/// The cell that the controls choose; `None` without a run folder or while none of its networks is finished.
fn open(config: &Config, job: &Derive<'_>) -> Result<Option<OpenCell>, RunError> {
    let Some(folder) = job.folder else { return Ok(None) };
    let Some(wanted) = super::chosen_cell(job) else { return Ok(None) };
    let cell = if config.origin == Origin::Zoo {
        of_zoo(config, wanted, job)?
    } else {
        of_run(config, wanted, folder, job)?
    };
    Ok(cell.filter(|cell| !cell.seeds.is_empty()))
}

fn of_run(
    config: &Config,
    wanted: Place,
    folder: &std::path::Path,
    job: &Derive<'_>,
) -> Result<Option<OpenCell>, RunError> {
    let run_seed = store::read_experiment(crate::OWN, folder)?.seed;
    let Some(mut cell) = OpenCell::new(config.clone(), &Plan::single(config, wanted), run_seed)? else {
        return Ok(None);
    };
    let epochs = cell.knobs.protocol(config, cell.training()?.rows()).epochs;
    for seed in 0..config.seeds as usize {
        job.control.check()?;
        let model = own::folder(folder, &cell.knobs, seed);
        if let Some(flat) = own::read_weights(&model, epochs, &cell.shape) {
            let curve = own::read_result(&model).map(|(curve, _)| curve).unwrap_or_default();
            cell.seeds.push(OpenSeed { seed, flat, curve });
        }
    }
    Ok(Some(cell))
}

/// Models of a zoo whose weights this program can read; those of other architectures have no closer look.
fn of_zoo(config: &Config, wanted: Place, job: &Derive<'_>) -> Result<Option<OpenCell>, RunError> {
    let models = import::models_at(config, wanted)?;
    let Some(first) = models.first() else { return Ok(None) };
    let Ok(made) = first.made_by(config) else { return Ok(None) };
    let plan = Plan::of_knobs(wanted, first.knobs);
    let Some(mut cell) = OpenCell::new(made, &plan, first.run_seed())? else { return Ok(None) };
    for model in &models {
        job.control.check()?;
        if let Ok((_, flat)) = model.weights(&cell.shape) {
            let curve = own::read_result(&model.folder).map(|(curve, _)| curve).unwrap_or_default();
            cell.seeds.push(OpenSeed { seed: model.seed(), flat, curve });
        }
    }
    Ok(Some(cell))
}
