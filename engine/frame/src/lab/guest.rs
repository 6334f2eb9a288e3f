//! The interface of a lab: a method, its settings, and a few declarations. The frame does everything else.
//!
//! A lab is written as stages over a state. The frame reads and checks the settings, declares the channels, begins or restores the
//! state, carries the stages out in order, keeps step, epoch, batches and the rhythm of recording, saves checkpoints (the last one
//! included) and hands clicks on. `engine/labs/README.md` is the guide, with the smallest lab as its example.

use std::path::Path;

use weightscope_data::{EpochBatches, Read};

use super::{About, Guide, Powers, Preset, ReferenceRow, Running, View};
use crate::experiment::{Cost, Described, Problem, Spread};
use crate::record::Metric;
use crate::record::declared::Declaration;
use crate::run::{Context, Request, RunError};
use crate::store::{self, Saved, State};

/// A published method as a guest of the frame. The type itself is the lab's settings, made by [`settings!`](crate::settings): plain data
/// that is cloned, compared and stored.
pub trait Lab: Described + PartialEq + Default + std::fmt::Debug + Send + Sync + 'static {
    /// Name of the lab, as in files and on the command line.
    const NAME: &'static str;
    /// What the lab is, for people.
    const ABOUT: About;
    /// The presets that come with the lab, `quick` first.
    const PRESETS: &'static [Preset];
    /// The smallest experiment that shows all of the lab, at most two seconds long: what the contract suite runs.
    const SMALLEST: &'static str;
    /// Everything that the lab records; made by [`channels!`](crate::channels).
    const CHANNELS: &'static [&'static dyn Declaration];
    /// Every final figure that the lab reports; made by [`metrics!`](crate::metrics).
    const METRICS: &'static [Metric];
    /// Keys of the settings that [`Lab::read_data`] depends on; runs of a sweep that share them share the answer.
    const DATA_SETTINGS: &'static [&'static str] = &[];
    /// Pages on what is done with the lab outside the program.
    const GUIDES: &'static [Guide] = &[];
    /// The terms of the lab for the glossary, as TOML: an array `term` with `name`, `also`, `sentence` (one), `formula`, `place` (where it
    /// stands in the paper) and `mark` (established, inferred, unconfirmed).
    const GLOSSARY: &'static str = "";
    /// What the lab can do besides running.
    const POWERS: Powers<Self> = Powers::NONE;

    /// What steps read and do not change: the data, the sizes of the network.
    type Shared: Send + Sync;
    /// What steps change: all that a checkpoint holds.
    type State: Saved + Send;

    /// Writes out what settings leave to the files that they name (what kind of folder it is), before the run is made: its views and its
    /// repetition then depend on no file.
    fn resolve(&mut self) {}
    /// Points settings at what a run kept of its data in its own folder, because what they name may be overwritten or deleted: asked
    /// before a stored run is repeated, forked or goes on. What stands in the run's files is not changed.
    fn kept(&mut self, _run_folder: &Path) {}
    /// Rules between settings; ranges of single ones stand in their descriptions.
    fn rules(&self) -> Vec<Problem> {
        Vec::new()
    }
    /// What is read from the files that the settings name; it opens them as the run will, and says the same of them.
    ///
    /// # Errors
    /// What is wrong with the files, each problem under the key of the setting that is to change.
    fn read_data(&self) -> Result<Vec<Read>, Vec<Problem>> {
        Ok(Vec::new())
    }
    /// True if tensors of this experiment live on the run's device, so that a graphics card would have work. Of other experiments a
    /// graphics card is refused: a record must not name a device that did nothing.
    fn uses_graphics_card(&self) -> bool {
        false
    }
    /// What a run will cost.
    fn cost(&self) -> Cost;
    /// With how many workers that takes the time which it says, and how much of the work is spread over them.
    fn spread(&self) -> Spread {
        Spread::NONE
    }
    /// The views, in the order of the tiles.
    fn views(&self) -> Vec<View<Self>>;
    /// Published figures beside ours.
    fn reference() -> Vec<ReferenceRow> {
        Vec::new()
    }

    /// Reads the data and makes the state before the first step. It depends on the settings and the seed alone: a run that goes on
    /// from a checkpoint begins the same way, and then takes its state from there.
    fn begin(&self, context: &mut Context<'_>) -> Result<(Self::Shared, Self::State), RunError>;
    /// The stages, in order.
    fn stages(&self, shared: &Self::Shared) -> Vec<Stage<Self>>;
    /// Takes the state from a checkpoint. A lab whose later stages work on what earlier ones made makes it here first.
    fn restore(run: &mut Running<'_, '_, Self>, saved: &State) -> Result<(), RunError> {
        Ok(store::restore(run.state, saved)?)
    }
    /// Carries out what a person asks for while the run goes on. It must change no recorded number.
    fn asked(_run: &mut Running<'_, '_, Self>, _request: Request) -> Result<(), RunError> {
        Ok(())
    }
    /// After the last stage: final figures and files.
    fn finish(_run: &mut Running<'_, '_, Self>) -> Result<(), RunError> {
        Ok(())
    }

    /// Why a run with these settings cannot go on from a checkpoint of `parent`, beside settings that are read before the first
    /// stage: those never change in a fork.
    fn fork_rules(&self, _parent: &Self) -> Vec<Problem> {
        Vec::new()
    }
    /// Why a run with these settings cannot go on from this checkpoint of another: work that was done under other settings already. Asked
    /// before a folder is made.
    ///
    /// # Errors
    /// If the checkpoint does not hold what the lab saves.
    fn fork_state(&self, _saved: &State) -> Result<Vec<Problem>, RunError> {
        Ok(Vec::new())
    }
}

/// One part of an experiment, under the name by which people know it.
pub struct Stage<L: Lab> {
    /// Its name.
    pub name: &'static str,
    /// How many steps it has; work whose length is not known yet says so with [`Context::plan`].
    pub steps: u64,
    /// Made once when the stage begins; not when a run goes on inside it.
    pub enter: Option<Hand<L>>,
    /// What is done.
    pub work: Work<L>,
}

/// A function of a stage.
pub type Hand<L> = fn(&mut Running<'_, '_, L>) -> Result<(), RunError>;

/// The batches of an epoch of a stage.
pub type BatchesFn<L> = fn(&L, &<L as Lab>::Shared, epoch: u64) -> Result<EpochBatches, RunError>;

/// What a stage does.
pub enum Work<L: Lab> {
    /// A training loop: the frame counts, batches, records and saves; the lab does one step.
    Steps(Steps<L>),
    /// Anything else, as a whole: jobs for all workers, one measurement. The lab begins and ends each step.
    Whole(Hand<L>),
}

/// A training loop.
pub struct Steps<L: Lab> {
    /// Steps of an epoch.
    pub per_epoch: u64,
    /// The batches of an epoch, counted over the whole run; without them a step has no rows.
    pub batches: Option<BatchesFn<L>>,
    /// One step.
    pub step: fn(&mut Running<'_, '_, L>, &Step<'_>) -> Result<(), RunError>,
    /// Records scalars, each so many steps of the stage.
    pub record: Option<(u64, Hand<L>)>,
    /// Takes pictures, about so many in the whole stage.
    pub pictures: Option<(u64, Hand<L>)>,
    /// Evaluates at the end of each epoch.
    pub evaluate: Option<Hand<L>>,
    /// The figure under which the speed of the stage is reported.
    pub speed: Option<&'static Metric>,
}

/// Where a training loop stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Step<'a> {
    /// Steps of the stage done before this one.
    pub index: u64,
    /// Steps of the whole stage.
    pub count: u64,
    /// Rows of the batch, by their places in the training set.
    pub rows: &'a [usize],
}

impl<L: Lab> Stage<L> {
    /// A training loop of so many steps.
    pub fn steps(name: &'static str, steps: u64, work: Steps<L>) -> Self {
        Self { name, steps, enter: None, work: Work::Steps(work) }
    }

    /// A stage that is done as a whole.
    pub fn whole(name: &'static str, steps: u64, work: Hand<L>) -> Self {
        Self { name, steps, enter: None, work: Work::Whole(work) }
    }

    /// With something that is made when the stage begins.
    #[must_use]
    pub fn entered_by(self, enter: Hand<L>) -> Self {
        Self { enter: Some(enter), ..self }
    }
}

impl<L: Lab> Steps<L> {
    /// A loop that only steps.
    pub fn new(per_epoch: u64, step: fn(&mut Running<'_, '_, L>, &Step<'_>) -> Result<(), RunError>) -> Self {
        Self { per_epoch, batches: None, step, record: None, pictures: None, evaluate: None, speed: None }
    }
}
