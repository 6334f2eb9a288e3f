//! A lab in a form of which there can be a box: what the rest of the program reaches it through.
//!
//! Contract: implemented for every [`Lab`] by the one block below, and for nothing else. Views, clicks and buttons are routed to the object
//! that they belong to, powers to their traits, and the frame carries the stages out.

use std::any::Any;
use std::fmt;
use std::path::Path;

use weightscope_data::Read;

use super::drive::drive;
use super::{
    About, Derive, Guide, Lab, Method, Opened, Picked, Predicted, Prediction, Product, ReferenceRow,
    Reopened, View,
};
use crate::experiment::{Cost, Described, Problem, Spread, Visitor, changed_in_fork};
use crate::record::declared::Declaration;
use crate::record::{Channel, ControlSpec, Controls, Metric, Pick, Record, ViewSpec};
use crate::run::{Context, Control, RunError};
use crate::store::{Artifact, State};

/// A lab with its settings in a box; each method does what its namesake of [`Method`] says.
pub(super) trait Guest: fmt::Debug + Send + Sync {
    fn as_any(&self) -> &dyn Any;
    fn as_any_mut(&mut self) -> &mut dyn Any;
    fn clone_box(&self) -> Box<dyn Guest>;
    fn defaults(&self) -> Box<dyn Guest>;
    fn equals(&self, other: &dyn Guest) -> bool;
    fn name(&self) -> &'static str;
    fn about(&self) -> About;
    fn guides(&self) -> &'static [Guide];
    fn glossary(&self) -> &'static str;
    fn smallest(&self) -> &'static str;
    fn channels(&self) -> &'static [&'static dyn Declaration];
    fn metrics(&self) -> &'static [Metric];
    fn visit(&mut self, visitor: &mut dyn Visitor);
    fn resolve(&mut self);
    fn kept(&mut self, run_folder: &Path);
    fn rules(&self) -> Vec<Problem>;
    fn read_data(&self) -> Result<Vec<Read>, Vec<Problem>>;
    fn fork_state(&self, saved: &State) -> Result<Vec<Problem>, RunError>;
    fn data_settings(&self) -> &'static [&'static str];
    fn uses_graphics_card(&self) -> bool;
    fn cost(&self) -> Cost;
    fn spread(&self) -> Spread;
    fn run(&self, context: &mut Context<'_>) -> Result<(), RunError>;
    fn views(&self) -> Vec<ViewSpec>;
    fn reference(&self) -> Vec<ReferenceRow>;
    fn click(&self, record: &Record, pick: &Pick) -> Picked;
    fn press(&self, record: &Record, controls: &Controls, view: &str, button: &str) -> Picked;
    fn blocked(&self, record: &Record, controls: &Controls, view: &str, button: &str) -> Option<String>;
    fn derive(&self, job: &Derive<'_>) -> Result<Vec<Channel>, RunError>;
    fn forkable(&self, parent: &Method) -> Vec<Problem>;
    fn carry_over(&self, parent: &Path, child: &Path) -> Result<(), RunError>;
    fn levels(&self, run_folder: &Path) -> Option<Result<Artifact, RunError>>;
    fn table(&self) -> Option<&'static str>;
    fn opened(&self, shown: Option<&Method>, path: &Path) -> Option<Opened>;
    fn prediction(&self) -> Option<Prediction>;
    fn predict(
        &self,
        run_folder: &Path,
        table: &Path,
        method: Option<&str>,
        control: &Control,
    ) -> Result<Predicted, RunError>;
    fn reopened(&self, file: &Path) -> Option<Result<Reopened, RunError>>;
    fn products(&self) -> Vec<Product>;
    fn produce(&self, id: &str, run: &Path, out: &Path, control: &Control) -> Result<(), RunError>;
}

impl<L: Lab> Guest for L {
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
        L::ABOUT
    }

    fn guides(&self) -> &'static [Guide] {
        L::GUIDES
    }

    fn glossary(&self) -> &'static str {
        L::GLOSSARY
    }

    fn smallest(&self) -> &'static str {
        L::SMALLEST
    }

    fn channels(&self) -> &'static [&'static dyn Declaration] {
        L::CHANNELS
    }

    fn metrics(&self) -> &'static [Metric] {
        L::METRICS
    }

    fn visit(&mut self, visitor: &mut dyn Visitor) {
        Described::visit(self, visitor);
    }

    fn resolve(&mut self) {
        Lab::resolve(self);
    }

    fn kept(&mut self, run_folder: &Path) {
        Lab::kept(self, run_folder);
    }

    fn rules(&self) -> Vec<Problem> {
        Lab::rules(self)
    }

    fn read_data(&self) -> Result<Vec<Read>, Vec<Problem>> {
        Lab::read_data(self)
    }

    fn fork_state(&self, saved: &State) -> Result<Vec<Problem>, RunError> {
        Lab::fork_state(self, saved)
    }

    fn data_settings(&self) -> &'static [&'static str] {
        L::DATA_SETTINGS
    }

    fn uses_graphics_card(&self) -> bool {
        Lab::uses_graphics_card(self)
    }

    fn cost(&self) -> Cost {
        Lab::cost(self)
    }

    fn spread(&self) -> Spread {
        Lab::spread(self)
    }

    fn run(&self, context: &mut Context<'_>) -> Result<(), RunError> {
        drive(self, context)
    }

    fn views(&self) -> Vec<ViewSpec> {
        let mut specs: Vec<ViewSpec> = Lab::views(self).into_iter().map(|view| view.spec).collect();
        let all: Vec<ControlSpec> = specs.iter().flat_map(|spec| spec.controls.clone()).collect();
        for spec in &mut specs {
            let own = |id: &String| spec.controls.iter().any(|control| control.id == *id);
            let foreign = spec.derives.iter().filter(|id| !own(id));
            spec.turned_elsewhere =
                foreign.filter_map(|id| all.iter().find(|control| control.id == *id).cloned()).collect();
        }
        specs
    }

    fn reference(&self) -> Vec<ReferenceRow> {
        L::reference()
    }

    fn click(&self, record: &Record, pick: &Pick) -> Picked {
        let click = view(self, &pick.view).and_then(|view| view.click);
        click.map_or_else(Picked::default, |click| click(self, record, pick))
    }

    fn press(&self, record: &Record, controls: &Controls, of: &str, button: &str) -> Picked {
        let press = view(self, of).and_then(|view| view.button);
        press.map_or_else(Picked::default, |press| press(self, record, controls, button))
    }

    fn blocked(&self, record: &Record, controls: &Controls, of: &str, button: &str) -> Option<String> {
        let blocked = view(self, of).and_then(|view| view.blocked)?;
        blocked(self, record, controls, button)
    }

    fn derive(&self, job: &Derive<'_>) -> Result<Vec<Channel>, RunError> {
        let derive = view(self, job.view).and_then(|view| view.derive);
        derive.map_or_else(|| Ok(Vec::new()), |derive| derive(self, job))
    }

    fn forkable(&self, parent: &Method) -> Vec<Problem> {
        let Some(parent) = parent.settings::<L>() else {
            let problem = Problem::error("lab", "a fork stays in the lab of its parent");
            return vec![problem.allowing(parent.name())];
        };
        let mut problems = changed_in_fork(self, parent);
        problems.extend(self.fork_rules(parent));
        problems
    }

    fn carry_over(&self, parent: &Path, child: &Path) -> Result<(), RunError> {
        L::POWERS.keeps.map_or(Ok(()), |carry_over| carry_over(self, parent, child))
    }

    fn levels(&self, run_folder: &Path) -> Option<Result<Artifact, RunError>> {
        L::POWERS.quantizes.map(|levels| levels(self, run_folder))
    }

    fn table(&self) -> Option<&'static str> {
        L::POWERS.opens.map(|(table, _)| table)
    }

    fn opened(&self, shown: Option<&Method>, path: &Path) -> Option<Opened> {
        let (_, opened) = L::POWERS.opens?;
        opened(shown.and_then(Method::settings::<L>), path)
    }

    fn prediction(&self) -> Option<Prediction> {
        L::POWERS.predicts.map(|(prediction, ..)| prediction(self))
    }

    fn predict(
        &self,
        run_folder: &Path,
        table: &Path,
        method: Option<&str>,
        control: &Control,
    ) -> Result<Predicted, RunError> {
        let Some((_, predict, _)) = L::POWERS.predicts else {
            let problem = Problem::error("lab", "runs of this lab make no predictions for new rows");
            return Err(RunError::Problems(vec![problem.allowing("a finished run of a lab that predicts")]));
        };
        predict(self, run_folder, table, method, control)
    }

    fn reopened(&self, file: &Path) -> Option<Result<Reopened, RunError>> {
        L::POWERS.predicts.and_then(|(.., reopened)| reopened(file))
    }

    fn products(&self) -> Vec<Product> {
        L::POWERS.makes.map_or_else(Vec::new, |(products, _)| products(self))
    }

    fn produce(&self, id: &str, run: &Path, out: &Path, control: &Control) -> Result<(), RunError> {
        // Who calls has looked the product up among those that there are.
        L::POWERS.makes.map_or(Ok(()), |(_, produce)| produce(self, id, run, out, control))
    }
}

/// The view of a lab with this id.
fn view<L: Lab>(lab: &L, id: &str) -> Option<View<L>> {
    Lab::views(lab).into_iter().find(|view| view.spec.id == id)
}
