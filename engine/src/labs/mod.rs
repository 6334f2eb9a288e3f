//! The labs: one folder each, one line each in the list below. The rest of the program knows them only through [`Method`].

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::experiment::{Cost, Experiment, Problem, Visitor, changed_in_fork};
use crate::record::{Channel, ControlValue, Controls, Pick, Record, ViewSpec};
use crate::run::{Context, Control, RunError};
use crate::store::Artifact;

pub mod oscillation;
pub mod phases;
pub mod quantiles;

/// What a lab is, for people.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct About {
    /// Title in the window.
    pub title: &'static str,
    /// The claim in one or two sentences.
    pub claim: &'static str,
    /// Authors, title and number of the paper.
    pub paper: &'static str,
    /// Address of the paper.
    pub link: &'static str,
    /// The results by which a run is judged, the weightiest first.
    pub headlines: &'static [&'static str],
}

/// Whether a published figure can be compared with ours.
#[derive(Clone, Debug, PartialEq)]
pub enum Comparability {
    /// Our figure should lie within this distance of it.
    Within(f64),
    /// It cannot, and why.
    NotComparable(&'static str),
}

/// One line of the reproduction card.
#[derive(Clone, Debug, PartialEq)]
pub struct ReferenceRow {
    /// What is compared.
    pub quantity: &'static str,
    /// The published figure, or the desk protocol's.
    pub published: &'static str,
    /// Where it stands.
    pub source: &'static str,
    /// Name of our result, if we have one.
    pub result: Option<&'static str>,
    /// The published figure as a number, for the comparison.
    pub value: Option<f64>,
    /// Whether it can be compared.
    pub comparability: Comparability,
}

/// What a click selects: components of a vector channel, by identity.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Picked {
    /// Identities, most telling first.
    pub ids: Vec<u64>,
    /// Controls that the click turns: the cell or the row that is looked at.
    pub controls: Vec<(String, ControlValue)>,
    /// The view that shows what was picked; it comes to the front of its tabs.
    pub shown_in: Option<String>,
}

/// A run beside the one that is shown, for views across runs.
#[derive(Clone, Debug)]
pub struct Peer {
    /// Its id.
    pub id: String,
    /// Its folder.
    pub folder: PathBuf,
    /// What was run.
    pub experiment: Experiment,
}

/// What a view asks of its lab when it needs channels that follow from the record and the controls.
#[derive(Clone, Copy)]
pub struct Derive<'a> {
    /// The view.
    pub view: &'a str,
    /// What was measured.
    pub record: &'a Record,
    /// The controls, all of them set.
    pub controls: &'a Controls,
    /// The run folder, if the run has one.
    pub folder: Option<&'a Path>,
    /// Ends the work when its result is no longer wanted.
    pub control: &'a Control,
    /// The other runs, for a view across runs; empty for every other view.
    pub peers: &'a [Peer],
    /// Takes channels of a coarser result, to be shown until the work is done; `None` if nobody looks meanwhile.
    pub partial: Option<&'a dyn Fn(Vec<Channel>)>,
}

impl<'a> Derive<'a> {
    /// A job without folder, other runs and onlookers.
    pub fn new(view: &'a str, record: &'a Record, controls: &'a Controls, control: &'a Control) -> Self {
        Self { view, record, controls, folder: None, control, peers: &[], partial: None }
    }
}

/// Something that a lab can make of a run besides its record: a folder for other programs and people.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Product {
    /// Its word on the command line.
    pub id: &'static str,
    /// Words for a menu.
    pub label: &'static str,
    /// What it is, in one sentence.
    pub about: &'static str,
}

/// What a finished run can say of new rows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Prediction {
    /// What the file of predictions holds, in one sentence.
    pub about: &'static str,
    /// Words of the methods to choose from; without a choice the run's best one predicts.
    pub methods: Vec<String>,
}

/// What a lab's configuration must offer. The configuration is plain data: cloned, compared, stored.
pub trait Lab: Clone + PartialEq + Default {
    /// Describes the lab.
    fn about() -> About;
    /// Names each setting once.
    fn visit(&mut self, visitor: &mut dyn Visitor);
    /// Rules between settings.
    fn check(&self) -> Vec<Problem>;
    /// What only the data can tell of settings that are right in themselves: opens what a run opens, and says what a run would say.
    /// It is asked before a run folder is made, never while a person types.
    fn data_problems(&self) -> Vec<Problem> {
        Vec::new()
    }
    /// Keys of the settings that [`data_problems`](Self::data_problems) depends on; runs of a sweep that share them share the answer.
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

macro_rules! labs {
    ($($variant:ident($config:ty) = $name:literal,)+) => {
        /// One experiment's lab with its settings: a closed list, so that it stays plain data.
        #[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
        #[serde(tag = "lab")]
        #[expect(clippy::large_enum_variant, reason = "there is one for each experiment, and no long list of them")]
        pub enum Method {
            $(
                #[doc = concat!("The lab `", $name, "`.")]
                #[serde(rename = $name)]
                $variant($config),
            )+
        }

        impl Method {
            /// Names of all labs, as in files.
            pub const NAMES: &'static [&'static str] = &[$($name),+];

            /// The defaults of the lab with this name.
            pub fn by_name(name: &str) -> Option<Self> {
                match name {
                    $($name => Some(Self::$variant(<$config>::default())),)+
                    _ => None,
                }
            }

            /// Name of the lab, as in files.
            pub fn name(&self) -> &'static str {
                match self { $(Self::$variant(_) => $name,)+ }
            }

            /// Describes the lab.
            pub fn about(&self) -> About {
                match self { $(Self::$variant(_) => <$config>::about(),)+ }
            }

            /// Names each setting once.
            pub fn visit(&mut self, visitor: &mut dyn Visitor) {
                match self { $(Self::$variant(config) => config.visit(visitor),)+ }
            }

            /// Rules between settings.
            pub fn check(&self) -> Vec<Problem> {
                match self { $(Self::$variant(config) => config.check(),)+ }
            }

            /// What only the data can tell of settings that are right in themselves.
            pub fn data_problems(&self) -> Vec<Problem> {
                match self { $(Self::$variant(config) => config.data_problems(),)+ }
            }

            /// Keys of the settings that the problems of the data depend on.
            pub fn data_settings(&self) -> &'static [&'static str] {
                match self { $(Self::$variant(_) => <$config>::data_settings(),)+ }
            }

            /// What a run will cost.
            pub fn cost(&self) -> Cost {
                match self { $(Self::$variant(config) => config.cost(),)+ }
            }

            /// Carries the experiment out.
            pub fn run(&self, context: &mut Context<'_>) -> Result<(), RunError> {
                match self { $(Self::$variant(config) => config.run(context),)+ }
            }

            /// The views, in the order of the tiles.
            pub fn views(&self) -> Vec<ViewSpec> {
                match self { $(Self::$variant(config) => config.views(),)+ }
            }

            /// Published figures beside ours.
            pub fn reference(&self) -> Vec<ReferenceRow> {
                match self { $(Self::$variant(config) => config.reference(),)+ }
            }

            /// What a click on a view selects.
            pub fn pick(&self, record: &Record, pick: &Pick) -> Picked {
                match self { $(Self::$variant(config) => config.pick(record, pick),)+ }
            }

            /// Integer levels and scales of the weights in the newest checkpoint of a run.
            pub fn levels(&self, run_folder: &Path) -> Result<Artifact, RunError> {
                match self { $(Self::$variant(config) => config.levels(run_folder),)+ }
            }

            /// Channels of a view that follow from the record and the controls.
            pub fn derive(&self, job: &Derive<'_>) -> Result<Vec<Channel>, RunError> {
                match self { $(Self::$variant(config) => config.derive(job),)+ }
            }

            /// Why a run with these settings cannot go on from a checkpoint of `parent`.
            pub fn forkable(&self, parent: &Self) -> Vec<Problem> {
                match (self, parent) {
                    $((Self::$variant(config), Self::$variant(parent)) => config.forkable(parent),)+
                    _ => vec![Problem::error("lab", "a fork stays in the lab of its parent").allowing(parent.name())],
                }
            }

            /// What a finished run with these settings predicts for new rows.
            pub fn prediction(&self) -> Option<Prediction> {
                match self { $(Self::$variant(config) => config.prediction(),)+ }
            }

            /// Predictions for a table of new rows from a finished run, as CSV.
            pub fn predict(
                &self,
                run_folder: &Path,
                table: &Path,
                method: Option<&str>,
                control: &Control,
            ) -> Result<Vec<u8>, RunError> {
                match self { $(Self::$variant(config) => config.predict(run_folder, table, method, control),)+ }
            }

            /// Gives a fork the files of the lab's own that its parent has made so far.
            pub fn carry_over(&self, parent: &Path, child: &Path) -> Result<(), RunError> {
                match self { $(Self::$variant(config) => config.carry_over(parent, child),)+ }
            }

            /// What can be made of a run with these settings.
            pub fn products(&self) -> Vec<Product> {
                match self { $(Self::$variant(config) => config.products(),)+ }
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
                    let allowed = if ids.is_empty() { "none for this lab and these settings".to_owned() } else { ids.join(", ") };
                    return Err(RunError::Problems(vec![problem.allowing(allowed)]));
                }
                match self { $(Self::$variant(config) => config.produce(id, run_folder, out_folder, control),)+ }
            }

            /// What a view's button selects.
            pub fn action(&self, record: &Record, action: &str) -> Picked {
                match self { $(Self::$variant(config) => config.action(record, action),)+ }
            }
        }
    };
}

labs! {
    Oscillation(oscillation::Config) = "oscillation",
    Phases(phases::Config) = "phases",
    Quantiles(quantiles::Config) = "quantiles",
}
