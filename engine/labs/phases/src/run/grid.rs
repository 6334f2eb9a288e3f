//! The grid in work: its cells in order, and the rows that their networks learn from.

use super::training::{Recipe, shape};
use crate::config::Config;
use crate::material::Material;
use crate::plan::Plan;
use weightscope_frame::run::RunError;

/// A grid with its data, opened.
pub(crate) struct Grid {
    /// The cells in the order of filling.
    pub(crate) plan: Plan,
    /// Training rows of each cell, and the test rows.
    pub(crate) material: Material,
}

impl Grid {
    /// Opens the data for the cells of a plan.
    pub(super) fn open(config: &Config, plan: Plan) -> Result<Self, RunError> {
        let material = Material::load(config, &plan)?;
        Ok(Self { plan, material })
    }

    /// Number of cells and networks, with the sizes of the networks, in words.
    pub(super) fn in_words(&self, config: &Config) -> Result<String, RunError> {
        let size = |cell: &crate::plan::Cell| Ok(shape(config, &self.material, &cell.knobs)?.parameters());
        let sizes = self.plan.cells.iter().map(size).collect::<Result<Vec<usize>, RunError>>()?;
        Ok(format!(
            "{} cells, {} networks of {} to {} parameters on {} workers",
            self.plan.cells.len(),
            self.plan.networks(),
            sizes.iter().min().unwrap_or(&0),
            sizes.iter().max().unwrap_or(&0),
            rayon::current_num_threads()
        ))
    }

    /// What a network is made from, by its number: cell × seeds + seed.
    pub(super) fn recipe<'a>(
        &'a self,
        config: &'a Config,
        run_seed: u64,
        index: usize,
    ) -> Result<Recipe<'a>, RunError> {
        let (cell, seed) = (index / self.plan.seeds, index % self.plan.seeds);
        let cell = self.plan.cells.get(cell).ok_or_else(|| RunError::Defect("no such cell".to_owned()))?;
        Ok(Recipe { config, material: &self.material, knobs: cell.knobs, run_seed, seed })
    }

    /// True if a network is the last one of its cell.
    pub(super) fn ends_cell(&self, index: usize) -> bool {
        (index + 1).is_multiple_of(self.plan.seeds)
    }
}
