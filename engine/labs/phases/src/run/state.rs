//! What the stages read, and what they change.

use std::path::PathBuf;
use std::sync::Arc;

use super::book::Book;
use super::grid::Grid;
use super::parts::Joined;
use crate::zoo::import::ZooGrid;
use weightscope_frame::run::RunError;
use weightscope_frame::store::{Codec, CodecError, Saved};

/// What the stages read and do not change.
pub struct Shared {
    /// Folders of the models of a zoo, by name; none if the networks are trained.
    pub(crate) models: Vec<PathBuf>,
    /// The runs that trained the parts of the grid, if it is joined.
    pub(crate) joined: Option<Joined>,
}

/// What the stages change. A checkpoint holds the results alone: the parameters of networks stay in the zoo (a run without a folder
/// makes them again), and grid and data follow from the settings and the cells that were asked for.
pub struct State {
    /// The results so far.
    pub(crate) book: Book,
    /// What they are results of.
    pub(crate) work: Work,
}

/// What is worked on.
pub(crate) enum Work {
    /// A grid of networks that are trained.
    Grid(Arc<Grid>),
    /// A zoo that is read.
    Zoo(Zoo),
}

/// A zoo as far as it is read.
#[derive(Default)]
pub(crate) struct Zoo {
    /// Folders that hold no model that can be read.
    pub(crate) left_out: u64,
    /// Models that were read.
    pub(crate) read: usize,
    /// The models as cells; known when all are read.
    pub(crate) grid: Option<Arc<ZooGrid>>,
}

impl Saved for State {
    fn codec(&mut self, codec: &mut Codec<'_>) -> Result<(), CodecError> {
        self.book.codec(codec)
    }
}

impl State {
    /// The grid that is trained.
    pub(super) fn grid(&self) -> Result<Arc<Grid>, RunError> {
        match &self.work {
            Work::Grid(grid) => Ok(Arc::clone(grid)),
            Work::Zoo(_) => Err(RunError::Defect("a zoo that is read is not trained".to_owned())),
        }
    }

    /// The zoo that is read.
    pub(crate) fn zoo(&mut self) -> Result<&mut Zoo, RunError> {
        match &mut self.work {
            Work::Zoo(zoo) => Ok(zoo),
            Work::Grid(_) => Err(RunError::Defect("a grid that is trained is no zoo".to_owned())),
        }
    }

    /// The cells of the zoo that was read.
    pub(crate) fn zoo_grid(&mut self) -> Result<Arc<ZooGrid>, RunError> {
        let grid = self.zoo()?.grid.clone();
        grid.ok_or_else(|| RunError::Defect("the zoo is not read yet".to_owned()))
    }
}
