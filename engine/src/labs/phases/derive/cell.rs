//! One cell taken from the run folder: its networks, its rows, its shape.

use crate::labs::Derive;
use crate::labs::phases::config::Config;
use crate::labs::phases::material::Material;
use crate::labs::phases::plan::{Knobs, Plan, Wanted};
use crate::labs::phases::run::training::{Point, Recipe, pack};
use crate::labs::phases::zoo::own;
use crate::population::{Lane, Samples, Shape};
use crate::run::RunError;
use crate::store;

/// See the module.
pub(super) struct OpenCell<'a> {
    pub(super) config: &'a Config,
    pub(super) material: Material,
    pub(super) knobs: Knobs,
    pub(super) shape: Shape,
    /// Seed of the run.
    pub(super) run_seed: u64,
    /// The finished networks.
    pub(super) seeds: Vec<OpenSeed>,
}

/// One network.
pub(super) struct OpenSeed {
    /// Its number in the cell.
    pub(super) seed: usize,
    /// Its parameters, flat.
    pub(super) flat: Vec<f32>,
    /// Its learning curve.
    pub(super) curve: Vec<Point>,
}

impl OpenCell<'_> {
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
            config: self.config,
            material: &self.material,
            knobs: self.knobs,
            run_seed: self.run_seed,
            seed,
        }
    }
}

/// The cell that the controls choose, else the first; `None` without a run folder or while none of its networks is finished.
pub(super) fn open<'a>(config: &'a Config, job: &Derive<'_>) -> Result<Option<OpenCell<'a>>, RunError> {
    let Some(folder) = job.folder else { return Ok(None) };
    let Some(wanted) = job.controls.word(super::control::CELL).and_then(parse) else { return Ok(None) };
    let run_seed = store::read_experiment(folder)?.seed;
    let plan = Plan::single(config, wanted);
    let Some(knobs) = plan.cells.first().map(|cell| cell.knobs) else { return Ok(None) };
    let material = Material::load(config, &plan)?;
    let shape = crate::labs::phases::run::training::shape(config, &material, &knobs)?;
    let rows = material.training(&knobs)?.samples.rows();
    let epochs = knobs.protocol(config, rows).epochs;
    let mut seeds = Vec::new();
    for seed in 0..config.seeds as usize {
        job.control.check()?;
        let model = own::folder(folder, &knobs, seed);
        if let Some(flat) = own::read_weights(&model, epochs, &shape) {
            let curve = own::read_result(&model).map(|(curve, _)| curve).unwrap_or_default();
            seeds.push(OpenSeed { seed, flat, curve });
        }
    }
    if seeds.is_empty() {
        return Ok(None);
    }
    Ok(Some(OpenCell { config, material, knobs, shape, run_seed, seeds }))
}

fn parse(name: &str) -> Option<Wanted> {
    let (load, temperature) = name.split_once(" × ")?;
    Some(Wanted { load: load.parse().ok()?, temperature: temperature.parse().ok()? })
}
