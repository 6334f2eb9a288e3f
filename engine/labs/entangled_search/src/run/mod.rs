//! The experiment as stages: the table, the search step by step, its answer, what becomes of it; or costs, or searches on a table.
//!
//! Contract: every number depends on the settings and the seed; jobs are committed in their order, one step each, and a run that goes on
//! from a checkpoint gives the numbers of an unbroken one. Clocks are read for figures of the machine only.

mod afterwards;
mod alarms;
mod answer;
mod black_box;
mod costs;
mod files;
mod judge;
mod parts;
mod pictures;
pub(crate) mod product;
mod rank;
mod results;
mod search;
mod table;
mod tables;

use weightscope_data::Read;
use weightscope_frame::experiment::Problem;
use weightscope_frame::lab::{Running, Stage, Steps};
use weightscope_frame::run::{Context, RunError};
use weightscope_frame::store::{Codec, CodecError, Saved};
use weightscope_math::MathError;

use crate::config::{Anchor as AnchorKind, Config, Shape, SpaceBox, SpaceKind, Task};
use crate::data::{self, Material};
use crate::method::anchor::Anchor;
use crate::method::search::{Settings, WeightRule};
use crate::method::size_penalty::SizePenalty;
use crate::method::space;
use crate::truth::{self, Known, Truth};

pub(super) use answer::Answer;
pub(crate) use files::ANY_TIME;
pub(crate) use judge::of_mixture;
use parts::Joined;
pub(super) use search::Progress;

/// The stages.
pub(crate) const TABLE: &str = "table";
pub(crate) const SEARCH: &str = "search";
pub(crate) const ANSWER: &str = "answer";
pub(crate) const AFTERWARDS: &str = "afterwards";
pub(crate) const COSTS: &str = "costs";
pub(crate) const BLACK_BOX: &str = "searches on the table";

/// Pictures of a search, about.
const PICTURES: u64 = 40;
/// Share of the learning rate of the weights that is left at the end.
const FLOOR: f64 = 0.02;

/// The lab at work.
pub(crate) type Run<'r, 'c> = Running<'r, 'c, Config>;

/// Data, space, and what follows from the settings.
pub struct Shared {
    pub(super) material: Material,
    pub(super) shape: Shape,
    pub(super) space: SpaceBox,
    /// Architectures that are ranked.
    pub(super) known: Vec<Known>,
    /// Places of those that are trained for the table.
    pub(super) part: Vec<usize>,
    /// Accuracies of the table out of the runs that made its parts, if it is joined.
    pub(super) joined: Option<Joined>,
    pub(super) settings: Settings,
    /// Expected size, as a share of the largest.
    pub(super) sizes: SizePenalty,
    pub(super) most_parameters: f64,
    pub(super) seed: u64,
}

/// All that stages change.
#[derive(Default)]
pub struct State {
    /// Images and classes, so that who reads a checkpoint needs no data.
    pub(super) shape: Option<Shape>,
    pub(super) truth: Option<Truth>,
    /// Test accuracies of the trainings of the table so far: architectures fastest.
    pub(super) trained: Vec<f64>,
    pub(super) table_seconds: f64,
    pub(super) progress: Option<Progress>,
    pub(super) answer: Option<Answer>,
    pub(super) afterwards: afterwards::Afterwards,
    pub(super) costs: costs::Costs,
    pub(super) searches: black_box::Searches,
}

impl Saved for State {
    fn codec(&mut self, codec: &mut Codec<'_>) -> Result<(), CodecError> {
        codec.value("shape.cbor", &mut self.shape)?;
        codec.value("truth.cbor", &mut self.truth)?;
        codec.value("trained.cbor", &mut self.trained)?;
        codec.value("table_seconds.cbor", &mut self.table_seconds)?;
        codec.value("progress.cbor", &mut self.progress)?;
        codec.value("answer.cbor", &mut self.answer)?;
        codec.value("afterwards.cbor", &mut self.afterwards)?;
        codec.value("costs.cbor", &mut self.costs)?;
        codec.value("searches.cbor", &mut self.searches)
    }
}

/// What is wrong with numbers that the mathematics refuses: the checks before should have said it.
#[expect(clippy::needless_pass_by_value, reason = "it stands as a function in `map_err`")]
pub(crate) fn defect(error: MathError) -> RunError {
    RunError::Defect(error.to_string())
}

/// What a run reads: the data, and the table.
struct Opened {
    material: Material,
    shape: Shape,
    space: SpaceBox,
    truth: Option<Truth>,
    known: Vec<Known>,
    joined: Option<Joined>,
    read: Vec<Read>,
}

fn open(config: &Config) -> Result<Opened, RunError> {
    let mut read = Vec::new();
    let (material, shape) = if config.has_networks() {
        let (material, shape, own) = data::open(config)?;
        read.push(own);
        (material, shape)
    } else {
        (Material::default(), Shape::DIGITS)
    };
    let space = config.space_of(shape).map_err(|error| RunError::setting("space", error.to_string()))?;
    let truth = match config.table.trim() {
        // Costs are measured without a table.
        "shipped" | "compute" if config.has_networks() && config.task == Task::Costs => None,
        "shipped" => Truth::shipped(config),
        "compute" => None,
        path => {
            let own = config.has_networks().then_some(&*space);
            let (truth, own) =
                truth::from_file(path, own).map_err(|problem| RunError::Problems(vec![problem]))?;
            read.push(own);
            Some(truth)
        }
    };
    if config.space == SpaceKind::Table {
        black_box::check(config, truth.as_ref())?;
    }
    let known = if config.has_networks() { truth::known(config, &*space) } else { Vec::new() };
    let refuse = |problem| RunError::Problems(vec![problem]);
    config.part().fits(known.len(), "architectures").map_err(refuse)?;
    let joined = config.parts().map(|folder| parts::join(config, folder, known.len(), &read)).transpose()?;
    read.extend(joined.as_ref().map(|joined| joined.read.clone()));
    Ok(Opened { material, shape, space, truth, known, joined, read })
}

/// What is read from the files, or why they cannot be used.
pub(super) fn read_data(config: &Config) -> Result<Vec<Read>, Vec<Problem>> {
    open(config).map(|opened| opened.read).map_err(|error| error.into_problems("dataset", "dataset"))
}

/// Opens the data and makes the supernet.
pub(super) fn begin(config: &Config, context: &mut Context<'_>) -> Result<(Shared, State), RunError> {
    let Opened { material, shape, space, truth, known, joined, read } = open(config)?;
    if let Some(joined) = &joined {
        joined.parts.fit_seed(context.seed).map_err(|problem| RunError::Problems(vec![problem]))?;
    }
    for own in &read {
        context.read(own)?;
    }
    let settings = settings(config, &space);
    let part = config.part().jobs(known.len());
    let sizes = SizePenalty::new(&*space, 1.0);
    let most_parameters = space.size(&space::largest(&*space)).parameters as f64;
    let shared = Shared {
        material,
        shape,
        space,
        known,
        part,
        joined,
        settings,
        sizes,
        most_parameters,
        seed: context.seed,
    };
    let mut state = State { truth, shape: Some(shape), ..State::default() };
    if config.searches() && config.trains_supernet() {
        state.progress = Some(Progress::new(&shared));
    }
    Ok((shared, state))
}

fn settings(config: &Config, space: &SpaceBox) -> Settings {
    Settings {
        mixing: config.mixing(),
        sampler: config.sampler(),
        weight_rule: WeightRule::AdamW(config.weight_decay),
        learning_rate: config.learning_rate,
        floor: FLOOR,
        clip: config.clip,
        architecture_rate: config.architecture_rate().unwrap_or(0.0),
        anchor: match config.anchor {
            AnchorKind::L2 => Anchor::Decay(config.architecture_decay),
            AnchorKind::Kl => Anchor::Divergence(config.architecture_decay),
        },
        architecture_start: (config.architecture_start * config.steps as f64).round() as usize,
        steps: config.steps as usize,
        second_order: config.second_order(),
        penalty: SizePenalty::new(&**space, config.size_penalty),
    }
}

/// The stages that the settings ask for.
pub(super) fn stages(config: &Config, shared: &Shared) -> Vec<Stage<Config>> {
    if !config.has_networks() {
        let searches = config.searchers.len() as u64 * config.repeats;
        return vec![Stage::whole(BLACK_BOX, searches, black_box::search).entered_by(tables::enter)];
    }
    if config.task == Task::Costs {
        return vec![Stage::whole(COSTS, costs::ROUNDS, costs::measure)];
    }
    let mut stages = Vec::new();
    if config.computes_table() {
        let trainings = shared.part.len() as u64 * config.table_seeds;
        stages.push(Stage::whole(TABLE, trainings, table::train));
    } else if config.task == Task::Table {
        stages.push(Stage::whole(TABLE, 1, table::show));
    }
    if !config.searches() {
        return stages;
    }
    if config.trains_supernet() {
        let per_epoch = config.train_rows.div_ceil(config.batch_size.max(1));
        let steps = Steps {
            record: Some((config.record_every, search::record)),
            pictures: Some((PICTURES, pictures::take)),
            ..Steps::new(per_epoch, search::step)
        };
        stages.push(Stage::steps(SEARCH, config.steps, steps).entered_by(search::enter));
    }
    stages.push(Stage::whole(ANSWER, answer::steps(config), answer::find));
    if afterwards::is_wanted(config) {
        stages.push(Stage::whole(AFTERWARDS, afterwards::STEPS, afterwards::train));
    }
    stages
}

/// Final figures and files.
pub(super) fn finish(run: &mut Run<'_, '_>) -> Result<(), RunError> {
    results::report(run)?;
    files::write(run)
}
