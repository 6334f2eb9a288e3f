//! [`RawLab`] in a form of which there can be a box: what the rest of the program reaches a lab through.
//!
//! Contract: implemented for every lab by the one block below, and for nothing else.

use std::any::Any;
use std::fmt;
use std::path::Path;

use super::{About, Derive, Method, Picked, Prediction, Product, RawLab, ReferenceRow};
use crate::experiment::{Cost, Problem, Visitor};
use crate::record::declared::Declaration;
use crate::record::{Channel, Metric, Pick, Record, ViewSpec};
use crate::run::{Context, Control, RunError};
use crate::store::Artifact;

/// A lab with its settings in a box; each method does what its namesake of [`Method`] says.
pub(super) trait Guest: fmt::Debug + Send + Sync {
    fn as_any(&self) -> &dyn Any;
    fn as_any_mut(&mut self) -> &mut dyn Any;
    fn clone_box(&self) -> Box<dyn Guest>;
    fn defaults(&self) -> Box<dyn Guest>;
    fn equals(&self, other: &dyn Guest) -> bool;
    fn name(&self) -> &'static str;
    fn about(&self) -> About;
    fn smallest(&self) -> &'static str;
    fn channels(&self) -> &'static [&'static dyn Declaration];
    fn metrics(&self) -> &'static [Metric];
    fn fork_keys(&self) -> &'static [&'static str];
    fn visit(&mut self, visitor: &mut dyn Visitor);
    fn rules(&self) -> Vec<Problem>;
    fn data_problems(&self) -> Vec<Problem>;
    fn data_settings(&self) -> &'static [&'static str];
    fn cost(&self) -> Cost;
    fn run(&self, context: &mut Context<'_>) -> Result<(), RunError>;
    fn views(&self) -> Vec<ViewSpec>;
    fn reference(&self) -> Vec<ReferenceRow>;
    fn click(&self, record: &Record, pick: &Pick) -> Picked;
    fn press(&self, record: &Record, view: &str, button: &str) -> Picked;
    fn derive(&self, job: &Derive<'_>) -> Result<Vec<Channel>, RunError>;
    fn forkable(&self, parent: &Method) -> Vec<Problem>;
    fn carry_over(&self, parent: &Path, child: &Path) -> Result<(), RunError>;
    fn levels(&self, run_folder: &Path) -> Option<Result<Artifact, RunError>>;
    fn prediction(&self) -> Option<Prediction>;
    fn predict(
        &self,
        run_folder: &Path,
        table: &Path,
        method: Option<&str>,
        control: &Control,
    ) -> Result<Vec<u8>, RunError>;
    fn products(&self) -> Vec<Product>;
    fn produce(&self, id: &str, run: &Path, out: &Path, control: &Control) -> Result<(), RunError>;
}

impl<L: RawLab> Guest for L {
    fn as_any(&self) -> &dyn Any {
        self
    }

    fn as_any_mut(&mut self) -> &mut dyn Any {
        self
    }

    fn clone_box(&self) -> Box<dyn Guest> {
        Box::new(self.clone())
    }

    fn defaults(&self) -> Box<dyn Guest> {
        Box::new(L::default())
    }

    fn equals(&self, other: &dyn Guest) -> bool {
        other.as_any().downcast_ref::<L>().is_some_and(|other| self == other)
    }

    fn name(&self) -> &'static str {
        L::NAME
    }

    fn about(&self) -> About {
        L::about()
    }

    fn smallest(&self) -> &'static str {
        L::smallest()
    }

    fn channels(&self) -> &'static [&'static dyn Declaration] {
        L::channels()
    }

    fn metrics(&self) -> &'static [Metric] {
        L::metrics()
    }

    fn fork_keys(&self) -> &'static [&'static str] {
        L::fork_keys()
    }

    fn visit(&mut self, visitor: &mut dyn Visitor) {
        RawLab::visit(self, visitor);
    }

    fn rules(&self) -> Vec<Problem> {
        RawLab::check(self)
    }

    fn data_problems(&self) -> Vec<Problem> {
        RawLab::data_problems(self)
    }

    fn data_settings(&self) -> &'static [&'static str] {
        L::data_settings()
    }

    fn cost(&self) -> Cost {
        RawLab::cost(self)
    }

    fn run(&self, context: &mut Context<'_>) -> Result<(), RunError> {
        RawLab::run(self, context)
    }

    fn views(&self) -> Vec<ViewSpec> {
        RawLab::views(self)
    }

    fn reference(&self) -> Vec<ReferenceRow> {
        RawLab::reference(self)
    }

    fn click(&self, record: &Record, pick: &Pick) -> Picked {
        RawLab::pick(self, record, pick)
    }

    fn press(&self, record: &Record, view: &str, button: &str) -> Picked {
        RawLab::action(self, record, view, button)
    }

    fn derive(&self, job: &Derive<'_>) -> Result<Vec<Channel>, RunError> {
        RawLab::derive(self, job)
    }

    fn forkable(&self, parent: &Method) -> Vec<Problem> {
        let Some(parent) = parent.settings::<L>() else {
            let problem = Problem::error("lab", "a fork stays in the lab of its parent");
            return vec![problem.allowing(parent.name())];
        };
        RawLab::forkable(self, parent)
    }

    fn carry_over(&self, parent: &Path, child: &Path) -> Result<(), RunError> {
        RawLab::carry_over(self, parent, child)
    }

    fn levels(&self, run_folder: &Path) -> Option<Result<Artifact, RunError>> {
        RawLab::levels(self, run_folder)
    }

    fn prediction(&self) -> Option<Prediction> {
        RawLab::prediction(self)
    }

    fn predict(
        &self,
        run_folder: &Path,
        table: &Path,
        method: Option<&str>,
        control: &Control,
    ) -> Result<Vec<u8>, RunError> {
        RawLab::predict(self, run_folder, table, method, control)
    }

    fn products(&self) -> Vec<Product> {
        RawLab::products(self)
    }

    fn produce(&self, id: &str, run: &Path, out: &Path, control: &Control) -> Result<(), RunError> {
        RawLab::produce(self, id, run, out, control)
    }
}
