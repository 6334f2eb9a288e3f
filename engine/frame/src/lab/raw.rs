//! What the frame asks of a lab, call by call.
//!
//! Labs are written as [`Lab`](super::Lab), for which this is implemented below: views, clicks and buttons are routed to the object that
//! they belong to, powers to their traits, and the frame carries the stages out. A lab that still carries itself out (`phases`,
//! `quantiles`) implements it directly; it then keeps its own order of stages and checkpoints.

use std::path::Path;

use super::drive::drive;
use super::{About, Derive, Lab, Picked, Prediction, Preset, Product, ReferenceRow, View};
use crate::experiment::{Cost, Described, Problem, Visitor, changed_in_fork, changed_visits};
use crate::record::declared::Declaration;
use crate::record::{Channel, Metric, Pick, Record, ViewSpec};
use crate::run::{Context, Control, RunError};
use crate::store::Artifact;

/// A lab as the frame calls it. The configuration is plain data: cloned, compared, stored.
pub trait RawLab: Clone + PartialEq + Default + std::fmt::Debug + Send + Sync + 'static {
    /// Name of the lab, as in files and on the command line.
    const NAME: &'static str;
    /// The presets that come with the lab, `quick` first.
    const PRESETS: &'static [Preset];

    /// The smallest experiment that shows all of the lab, as a file.
    fn smallest() -> &'static str;
    /// Describes the lab.
    fn about() -> About;
    /// Everything that the lab records; empty for a lab that declares its channels as it goes.
    fn channels() -> &'static [&'static dyn Declaration] {
        &[]
    }
    /// Every final figure that the lab reports; empty for a lab that names them as it goes.
    fn metrics() -> &'static [Metric] {
        &[]
    }
    /// Names each setting once.
    fn visit(&mut self, visitor: &mut dyn Visitor);
    /// Rules between settings.
    fn check(&self) -> Vec<Problem>;
    /// What is wrong with the files that the settings name. Reads files.
    fn data_problems(&self) -> Vec<Problem> {
        Vec::new()
    }
    /// Keys of the settings that the problems of the data depend on; runs of a sweep that share them share the answer.
    fn data_settings() -> &'static [&'static str] {
        &[]
    }
    /// What a run will cost.
    fn cost(&self) -> Cost;
    /// Carries the experiment out.
    fn run(&self, context: &mut Context<'_>) -> Result<(), RunError>;
    /// The views, in the order of the tiles.
    fn views(&self) -> Vec<ViewSpec>;
    /// Published figures beside ours.
    fn reference(&self) -> Vec<ReferenceRow>;
    /// What a click selects, from the record alone (so that it works on stored runs too).
    fn pick(&self, record: &Record, pick: &Pick) -> Picked;
    /// What a button of a view selects, from the record alone.
    fn action(&self, _record: &Record, _view: &str, _action: &str) -> Picked {
        Picked::default()
    }
    /// Integer levels and scales of the weights in the newest checkpoint of a run; `None` if the lab quantizes nothing.
    fn levels(&self, _run_folder: &Path) -> Option<Result<Artifact, RunError>> {
        None
    }
    /// Keys of the settings that a fork may change, beside those that a stage reads first.
    fn fork_keys() -> &'static [&'static str] {
        &[]
    }
    /// Why a run with these settings cannot go on from a checkpoint of a run with the settings `parent`; nothing if it can.
    ///
    /// A lab that does not say lets none change: a wrong refusal costs a new run, a wrong permission gives figures that mean something
    /// else.
    fn forkable(&self, parent: &Self) -> Vec<Problem> {
        changed_visits(|v| self.clone().visit(v), |v| parent.clone().visit(v), Self::fork_keys())
    }
    /// Gives a fork the files of the lab's own (networks, tables) that its parent has made so far. The parent's are only read.
    fn carry_over(&self, _parent: &Path, _child: &Path) -> Result<(), RunError> {
        Ok(())
    }
    /// What can be made of a run with these settings.
    fn products(&self) -> Vec<Product> {
        Vec::new()
    }
    /// Makes a product (one of those named) of a run in a new or empty folder.
    fn produce(&self, id: &str, _run: &Path, _out: &Path, _control: &Control) -> Result<(), RunError> {
        Err(RunError::Problems(vec![Problem::error("product", format!("runs of this lab make no \"{id}\""))]))
    }
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
        Err(RunError::Problems(vec![problem.allowing("a finished run of a lab that predicts")]))
    }
}

impl<L: Lab> RawLab for L {
    const NAME: &'static str = <L as Lab>::NAME;
    const PRESETS: &'static [Preset] = <L as Lab>::PRESETS;

    fn smallest() -> &'static str {
        L::SMALLEST
    }

    fn about() -> About {
        L::ABOUT
    }

    fn channels() -> &'static [&'static dyn Declaration] {
        L::CHANNELS
    }

    fn metrics() -> &'static [Metric] {
        L::METRICS
    }

    fn visit(&mut self, visitor: &mut dyn Visitor) {
        Described::visit(self, visitor);
    }

    fn check(&self) -> Vec<Problem> {
        self.rules()
    }

    fn data_problems(&self) -> Vec<Problem> {
        Lab::data_problems(self)
    }

    fn data_settings() -> &'static [&'static str] {
        L::DATA_SETTINGS
    }

    fn cost(&self) -> Cost {
        Lab::cost(self)
    }

    fn run(&self, context: &mut Context<'_>) -> Result<(), RunError> {
        drive(self, context)
    }

    fn views(&self) -> Vec<ViewSpec> {
        Lab::views(self).into_iter().map(|view| view.spec).collect()
    }

    fn reference(&self) -> Vec<ReferenceRow> {
        <L as Lab>::reference()
    }

    fn pick(&self, record: &Record, pick: &Pick) -> Picked {
        let click = view(self, &pick.view).and_then(|view| view.click);
        click.map_or_else(Picked::default, |click| click(self, record, pick))
    }

    fn action(&self, record: &Record, of: &str, action: &str) -> Picked {
        let press = view(self, of).and_then(|view| view.button);
        press.map_or_else(Picked::default, |press| press(self, record, action))
    }

    fn levels(&self, run_folder: &Path) -> Option<Result<Artifact, RunError>> {
        L::POWERS.quantizes.map(|levels| levels(self, run_folder))
    }

    fn forkable(&self, parent: &Self) -> Vec<Problem> {
        let mut problems = changed_in_fork(self, parent);
        problems.extend(self.fork_rules(parent));
        problems
    }

    fn carry_over(&self, parent: &Path, child: &Path) -> Result<(), RunError> {
        L::POWERS.keeps.map_or(Ok(()), |carry_over| carry_over(self, parent, child))
    }

    fn products(&self) -> Vec<Product> {
        L::POWERS.makes.map_or_else(Vec::new, |(products, _)| products(self))
    }

    fn produce(&self, id: &str, run: &Path, out: &Path, control: &Control) -> Result<(), RunError> {
        // Who calls has looked the product up among those that there are.
        L::POWERS.makes.map_or(Ok(()), |(_, produce)| produce(self, id, run, out, control))
    }

    fn derive(&self, job: &Derive<'_>) -> Result<Vec<Channel>, RunError> {
        let derive = view(self, job.view).and_then(|view| view.derive);
        derive.map_or_else(|| Ok(Vec::new()), |derive| derive(self, job))
    }

    fn prediction(&self) -> Option<Prediction> {
        L::POWERS.predicts.map(|(prediction, _)| prediction(self))
    }

    fn predict(
        &self,
        run_folder: &Path,
        table: &Path,
        method: Option<&str>,
        control: &Control,
    ) -> Result<Vec<u8>, RunError> {
        let Some((_, predict)) = L::POWERS.predicts else {
            let problem = Problem::error("lab", "runs of this lab make no predictions for new rows");
            return Err(RunError::Problems(vec![problem.allowing("a finished run of a lab that predicts")]));
        };
        predict(self, run_folder, table, method, control)
    }
}

/// The view of a lab with this id.
fn view<L: Lab>(lab: &L, id: &str) -> Option<View<L>> {
    Lab::views(lab).into_iter().find(|view| view.spec.id == id)
}
