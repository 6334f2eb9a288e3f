//! A lab with its settings, whatever the lab: plain data that is cloned, compared, described and run.

use std::any::Any;
use std::fmt;
use std::path::Path;

use super::{About, Catalogue, Derive, Lab, Picked, Prediction, Product, ReferenceRow};
use crate::experiment::{Cost, Problem, Visitor};
use crate::record::{Channel, Pick, Record, ViewSpec};
use crate::run::{Context, Control, RunError};
use crate::store::Artifact;

/// One experiment's lab with its settings. It knows the catalogue that it came from, so that other experiments can be read
/// wherever one is at hand.
pub struct Method {
    guest: Box<dyn Guest>,
    catalogue: Catalogue,
}

impl Method {
    /// A lab with these settings, of a catalogue.
    pub fn of<L: Lab>(catalogue: Catalogue, settings: L) -> Self {
        Self { guest: Box::new(settings), catalogue }
    }

    /// The catalogue that the lab came from.
    pub fn catalogue(&self) -> Catalogue {
        self.catalogue
    }

    /// The same lab with its default settings.
    #[must_use]
    pub fn defaults(&self) -> Self {
        Self { guest: self.guest.defaults(), catalogue: self.catalogue }
    }

    /// The settings, if they are those of this lab.
    pub fn settings<L: Lab>(&self) -> Option<&L> {
        self.guest.as_any().downcast_ref()
    }

    /// The settings for writing, if they are those of this lab.
    pub fn settings_mut<L: Lab>(&mut self) -> Option<&mut L> {
        self.guest.as_any_mut().downcast_mut()
    }

    /// Name of the lab, as in files.
    pub fn name(&self) -> &'static str {
        self.guest.name()
    }

    /// Describes the lab.
    pub fn about(&self) -> About {
        self.guest.about()
    }

    /// Names each setting once.
    pub fn visit(&mut self, visitor: &mut dyn Visitor) {
        self.guest.visit(visitor);
    }

    /// Rules between settings.
    pub fn check(&self) -> Vec<Problem> {
        self.guest.check()
    }

    /// What a run will cost.
    pub fn cost(&self) -> Cost {
        self.guest.cost()
    }

    /// Carries the experiment out.
    pub fn run(&self, context: &mut Context<'_>) -> Result<(), RunError> {
        self.guest.run(context)
    }

    /// The views, in the order of the tiles.
    pub fn views(&self) -> Vec<ViewSpec> {
        self.guest.views()
    }

    /// Published figures beside ours.
    pub fn reference(&self) -> Vec<ReferenceRow> {
        self.guest.reference()
    }

    /// What a click on a view selects.
    pub fn pick(&self, record: &Record, pick: &Pick) -> Picked {
        self.guest.pick(record, pick)
    }

    /// What a view's button selects.
    pub fn action(&self, record: &Record, action: &str) -> Picked {
        self.guest.action(record, action)
    }

    /// Integer levels and scales of the weights in the newest checkpoint of a run.
    pub fn levels(&self, run_folder: &Path) -> Result<Artifact, RunError> {
        self.guest.levels(run_folder)
    }

    /// Channels of a view that follow from the record and the controls.
    pub fn derive(&self, job: &Derive<'_>) -> Result<Vec<Channel>, RunError> {
        self.guest.derive(job)
    }

    /// Why a run with these settings cannot go on from a checkpoint of `parent`.
    pub fn forkable(&self, parent: &Self) -> Vec<Problem> {
        self.guest.forkable(parent)
    }

    /// Gives a fork the files of the lab's own that its parent has made so far.
    pub fn carry_over(&self, parent: &Path, child: &Path) -> Result<(), RunError> {
        self.guest.carry_over(parent, child)
    }

    /// What a finished run with these settings predicts for new rows.
    pub fn prediction(&self) -> Option<Prediction> {
        self.guest.prediction()
    }

    /// Predictions for a table of new rows from a finished run, as CSV.
    pub fn predict(
        &self,
        run_folder: &Path,
        table: &Path,
        method: Option<&str>,
        control: &Control,
    ) -> Result<Vec<u8>, RunError> {
        self.guest.predict(run_folder, table, method, control)
    }

    /// What can be made of a run with these settings.
    pub fn products(&self) -> Vec<Product> {
        self.guest.products()
    }

    /// Makes a product of a run in a new or empty folder; a wrong id is refused with those that there are.
    pub fn produce(
        &self,
        id: &str,
        run_folder: &Path,
        out_folder: &Path,
        control: &Control,
    ) -> Result<(), RunError> {
        let products = self.products();
        if products.iter().all(|product| product.id != id) {
            let ids: Vec<&str> = products.iter().map(|product| product.id).collect();
            let problem = Problem::error("product", format!("this run makes no \"{id}\""));
            let allowed = if ids.is_empty() {
                "none for this lab and these settings".to_owned()
            } else {
                ids.join(", ")
            };
            return Err(RunError::Problems(vec![problem.allowing(allowed)]));
        }
        self.guest.produce(id, run_folder, out_folder, control)
    }
}

impl Clone for Method {
    fn clone(&self) -> Self {
        Self { guest: self.guest.clone_box(), catalogue: self.catalogue }
    }
}

impl PartialEq for Method {
    fn eq(&self, other: &Self) -> bool {
        self.guest.equals(other.guest.as_ref())
    }
}

impl fmt::Debug for Method {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple(self.name()).field(&self.guest).finish()
    }
}

/// [`Lab`] in a form of which there can be a box; implemented for every lab, and for nothing else.
trait Guest: fmt::Debug + Send + Sync {
    fn as_any(&self) -> &dyn Any;
    fn as_any_mut(&mut self) -> &mut dyn Any;
    fn clone_box(&self) -> Box<dyn Guest>;
    fn defaults(&self) -> Box<dyn Guest>;
    fn equals(&self, other: &dyn Guest) -> bool;
    fn name(&self) -> &'static str;
    fn about(&self) -> About;
    fn visit(&mut self, visitor: &mut dyn Visitor);
    fn check(&self) -> Vec<Problem>;
    fn cost(&self) -> Cost;
    fn run(&self, context: &mut Context<'_>) -> Result<(), RunError>;
    fn views(&self) -> Vec<ViewSpec>;
    fn reference(&self) -> Vec<ReferenceRow>;
    fn pick(&self, record: &Record, pick: &Pick) -> Picked;
    fn action(&self, record: &Record, action: &str) -> Picked;
    fn levels(&self, run_folder: &Path) -> Result<Artifact, RunError>;
    fn derive(&self, job: &Derive<'_>) -> Result<Vec<Channel>, RunError>;
    fn forkable(&self, parent: &Method) -> Vec<Problem>;
    fn carry_over(&self, parent: &Path, child: &Path) -> Result<(), RunError>;
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
        L::about()
    }
    fn visit(&mut self, visitor: &mut dyn Visitor) {
        Lab::visit(self, visitor);
    }
    fn check(&self) -> Vec<Problem> {
        Lab::check(self)
    }
    fn cost(&self) -> Cost {
        Lab::cost(self)
    }
    fn run(&self, context: &mut Context<'_>) -> Result<(), RunError> {
        Lab::run(self, context)
    }
    fn views(&self) -> Vec<ViewSpec> {
        Lab::views(self)
    }
    fn reference(&self) -> Vec<ReferenceRow> {
        Lab::reference(self)
    }
    fn pick(&self, record: &Record, pick: &Pick) -> Picked {
        Lab::pick(self, record, pick)
    }
    fn action(&self, record: &Record, action: &str) -> Picked {
        Lab::action(self, record, action)
    }
    fn levels(&self, run_folder: &Path) -> Result<Artifact, RunError> {
        Lab::levels(self, run_folder)
    }
    fn derive(&self, job: &Derive<'_>) -> Result<Vec<Channel>, RunError> {
        Lab::derive(self, job)
    }
    fn forkable(&self, parent: &Method) -> Vec<Problem> {
        match parent.settings::<L>() {
            Some(parent) => Lab::forkable(self, parent),
            None => {
                vec![Problem::error("lab", "a fork stays in the lab of its parent").allowing(parent.name())]
            }
        }
    }
    fn carry_over(&self, parent: &Path, child: &Path) -> Result<(), RunError> {
        Lab::carry_over(self, parent, child)
    }
    fn prediction(&self) -> Option<Prediction> {
        Lab::prediction(self)
    }
    fn predict(
        &self,
        run_folder: &Path,
        table: &Path,
        method: Option<&str>,
        control: &Control,
    ) -> Result<Vec<u8>, RunError> {
        Lab::predict(self, run_folder, table, method, control)
    }
    fn products(&self) -> Vec<Product> {
        Lab::products(self)
    }
    fn produce(&self, id: &str, run: &Path, out: &Path, control: &Control) -> Result<(), RunError> {
        Lab::produce(self, id, run, out, control)
    }
}
