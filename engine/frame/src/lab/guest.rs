//! The interface of a lab: what a configuration must offer to be run, shown, forked and exported by the frame.

use std::path::Path;

use super::{About, Derive, Picked, Prediction, Preset, Product, ReferenceRow};
use crate::experiment::{Cost, Problem, Visitor, changed_in_fork};
use crate::record::{Channel, Pick, Record, ViewSpec};
use crate::run::{Context, Control, RunError};
use crate::store::Artifact;

/// What a lab's configuration must offer. The configuration is plain data: cloned, compared, stored.
pub trait Lab: Clone + PartialEq + Default + std::fmt::Debug + Send + Sync + 'static {
    /// Name of the lab, as in files and on the command line.
    const NAME: &'static str;
    /// The presets that come with the lab, `quick` first.
    const PRESETS: &'static [Preset];

    /// Describes the lab.
    fn about() -> About;
    /// Names each setting once.
    fn visit(&mut self, visitor: &mut dyn Visitor);
    /// Rules between settings.
    fn check(&self) -> Vec<Problem>;
    /// What a run will cost.
    fn cost(&self) -> Cost;
    /// Carries the experiment out.
    fn run(&self, context: &mut Context<'_>) -> Result<(), RunError>;
    /// The views, in the order of the tiles.
    fn views(&self) -> Vec<ViewSpec>;
    /// Published figures beside ours.
    fn reference(&self) -> Vec<ReferenceRow>;
    /// What a click or a button of a view selects, from the record alone (so that it works on stored runs too).
    fn pick(&self, record: &Record, pick: &Pick) -> Picked;
    /// Integer levels and scales of the weights in the newest checkpoint of a run, if the lab quantizes.
    fn levels(&self, _run_folder: &Path) -> Result<Artifact, RunError> {
        let problem = Problem::error("lab", "runs of this lab have no quantized weights");
        Err(RunError::Problems(vec![problem.allowing("a run of the lab oscillation")]))
    }
    /// Why a run with these settings cannot go on from a checkpoint of a run with the settings `parent`; nothing if it can.
    ///
    /// Only the lab knows which settings its checkpoints depend on (shapes, data, random streams). A lab that does not say
    /// lets none change: a wrong refusal costs a new run, a wrong permission gives figures that mean something else.
    fn forkable(&self, parent: &Self) -> Vec<Problem> {
        changed_in_fork(|v| self.clone().visit(v), |v| parent.clone().visit(v), &[])
    }
    /// Gives a fork the files of the lab's own (networks, tables) that its parent has made so far, so that it need not make them
    /// again. The parent's are only read.
    fn carry_over(&self, _parent: &Path, _child: &Path) -> Result<(), RunError> {
        Ok(())
    }
    /// What can be made of a run with these settings.
    fn products(&self) -> Vec<Product> {
        Vec::new()
    }
    /// Makes a product of a run in a new or empty folder.
    fn produce(
        &self,
        id: &str,
        _run_folder: &Path,
        _out_folder: &Path,
        _control: &Control,
    ) -> Result<(), RunError> {
        Err(RunError::Problems(vec![Problem::error("product", format!("runs of this lab make no \"{id}\""))]))
    }
    /// What a view's button selects, from the record alone.
    fn action(&self, record: &Record, action: &str) -> Picked;
    /// Channels of a view that follow from the record and the controls, without running anything again.
    ///
    /// A function of the record, the controls and the files of the run folders; it runs off the UI thread and calls
    /// `job.control.check()` in loops that last longer than 50 ms.
    fn derive(&self, _job: &Derive<'_>) -> Result<Vec<Channel>, RunError> {
        Ok(Vec::new())
    }
    /// What a finished run with these settings predicts for new rows; `None` if it predicts nothing.
    fn prediction(&self) -> Option<Prediction> {
        None
    }
    /// Predictions for a table of new rows from a finished run, as CSV, by a method of the run (`None` takes its best).
    fn predict(
        &self,
        _run_folder: &Path,
        _table: &Path,
        _method: Option<&str>,
        _control: &Control,
    ) -> Result<Vec<u8>, RunError> {
        let problem = Problem::error("lab", "runs of this lab make no predictions for new rows");
        Err(RunError::Problems(vec![problem.allowing("a finished run of the lab quantiles")]))
    }
}
