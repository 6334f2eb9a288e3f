//! A lab with its settings, whatever the lab: plain data that is cloned, compared, described and run.

use std::fmt;
use std::path::Path;

use super::boxed::Guest;
use weightscope_data::Read;

use super::{
    About, Catalogue, Derive, Guide, Lab, Opened, Picked, Predicted, Prediction, Product, ReferenceRow,
    Reopened,
};
use crate::experiment::{Cost, Problem, Spread, Visitor};
use crate::record::declared::Declaration;
use crate::record::{Channel, Controls, Metric, Pick, Record, ViewSpec};
use crate::run::{Context, Control, RunError};
use crate::store::{Artifact, State};

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

    /// Its pages on what is done with it outside the program.
    pub fn guides(&self) -> &'static [Guide] {
        self.guest.guides()
    }

    /// Its terms for the glossary; see [`Lab::GLOSSARY`](super::Lab::GLOSSARY).
    pub fn glossary(&self) -> &'static str {
        self.guest.glossary()
    }

    /// The lab's smallest experiment, as a file.
    pub fn smallest(&self) -> &'static str {
        self.guest.smallest()
    }

    /// Everything that the lab records.
    pub fn channels(&self) -> &'static [&'static dyn Declaration] {
        self.guest.channels()
    }

    /// Every final figure that the lab reports.
    pub fn metrics(&self) -> &'static [Metric] {
        self.guest.metrics()
    }

    /// True for a channel that is a figure of the machine, which no two runs share.
    pub fn is_clock(&self, channel: &str) -> bool {
        self.channels().iter().any(|declaration| declaration.words().clock && declaration.covers(channel))
    }

    /// True for a result that is a figure of the machine.
    pub fn is_clock_result(&self, name: &str) -> bool {
        Metric::find(self.metrics(), name).is_some_and(|metric| metric.clock)
    }

    /// Names each setting once.
    pub fn visit(&mut self, visitor: &mut dyn Visitor) {
        self.guest.visit(visitor);
    }

    /// Writes out what settings leave to the files that they name.
    pub(crate) fn resolve(&mut self) {
        self.guest.resolve();
    }

    /// Points settings at what a run kept of its data in its folder.
    pub(crate) fn kept(&mut self, run_folder: &Path) {
        self.guest.kept(run_folder);
    }

    /// Rules between settings.
    pub fn rules(&self) -> Vec<Problem> {
        self.guest.rules()
    }

    /// What is read from the files that the settings name, or what is wrong with them.
    pub fn read_data(&self) -> Result<Vec<Read>, Vec<Problem>> {
        self.guest.read_data()
    }

    /// Why a fork with these settings cannot go on from this checkpoint; an error if the checkpoint cannot be read.
    pub fn fork_state(&self, saved: &State) -> Result<Vec<Problem>, RunError> {
        self.guest.fork_state(saved)
    }

    /// Keys of the settings that the problems of the data depend on.
    pub fn data_settings(&self) -> &'static [&'static str] {
        self.guest.data_settings()
    }

    /// True if a graphics card would have work in this experiment.
    pub fn uses_graphics_card(&self) -> bool {
        self.guest.uses_graphics_card()
    }

    /// What a run will cost with as many workers as [`Method::spread`] says.
    pub fn cost(&self) -> Cost {
        self.guest.cost()
    }

    /// How its time depends on the number of workers.
    pub fn spread(&self) -> Spread {
        self.guest.spread()
    }

    /// Carries the experiment out.
    pub(crate) fn run(&self, context: &mut Context<'_>) -> Result<(), RunError> {
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
    pub fn click(&self, record: &Record, pick: &Pick) -> Picked {
        self.guest.click(record, pick)
    }

    /// What a button of a view selects.
    pub fn press(&self, record: &Record, controls: &Controls, view: &str, button: &str) -> Picked {
        self.guest.press(record, controls, view, button)
    }

    /// Why a button of a view cannot act now.
    pub fn blocked(&self, record: &Record, controls: &Controls, view: &str, button: &str) -> Option<String> {
        self.guest.blocked(record, controls, view, button)
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

    /// Integer levels and scales of the weights in the newest checkpoint of a run; `None` if the lab quantizes nothing.
    pub fn levels(&self, run_folder: &Path) -> Option<Result<Artifact, RunError>> {
        self.guest.levels(run_folder)
    }

    /// The channel of tables that the command line writes for a file of one's own; none if the lab opens no files.
    pub fn table(&self) -> Option<&'static str> {
        self.guest.table()
    }

    /// What a file or folder of one's own asks of the lab; none if it does not take the file. `shown` is the lab of the run on the
    /// screen.
    pub fn opened(&self, shown: Option<&Self>, path: &Path) -> Option<Opened> {
        self.guest.opened(shown, path)
    }

    /// What a finished run with these settings predicts for new rows.
    pub fn prediction(&self) -> Option<Prediction> {
        self.guest.prediction()
    }

    /// Predictions for a table of new rows from a finished run.
    pub fn predict(
        &self,
        run_folder: &Path,
        table: &Path,
        method: Option<&str>,
        control: &Control,
    ) -> Result<Predicted, RunError> {
        self.guest.predict(run_folder, table, method, control)
    }

    /// What a file of predictions shows that this lab wrote; none of any other file.
    pub fn reopened(&self, file: &Path) -> Option<Result<Reopened, RunError>> {
        self.guest.reopened(file)
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
