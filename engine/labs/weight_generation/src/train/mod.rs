//! The experiment as four stages: the zoo, the autoencoder, the denoiser, the evaluation.
//!
//! Contract: every step depends on the settings, the seed and its number, so that neither the number of workers nor a resume changes a
//! bit. What follows from saved state without chance (scaled rows, latents, conditions) is made again when a run goes on.

pub(crate) mod bench;
pub(crate) mod between;
pub(crate) mod evaluate;
mod files;
pub(crate) mod import;
mod learn;
mod opening;
mod parts;
pub(crate) mod prepared;
pub(crate) mod product;
mod results;
mod zoo;

use std::sync::Arc;

use weightscope_frame::experiment::{Problem, differing};
use weightscope_frame::lab::{Running, Stage, Steps};
use weightscope_frame::run::{Context, RunError};
use weightscope_frame::store::{self, Codec, CodecError, Saved, State};
use weightscope_math::stream;
use weightscope_population::{Activation, Objective, Shape};

use crate::config::{Autoencoder, Config, Generator as Kind};
use crate::data::{Condition, Material};
use crate::method::GenerationError;
use crate::method::recipe::Sizes;
use crate::network::generator::{Generator, Scaling};
use crate::network::trainer::Trainer;
use crate::network::{autoencoder, denoiser};
use bench::Bench;
use evaluate::Evaluation;
pub(crate) use evaluate::STEPS as EVALUATION_STEPS;
use learn::Sums;
pub(super) use opening::read_data;
use opening::{sizes, tasks, whole_latent};
use parts::Joined;
use prepared::Prepared;
use zoo::Zoo;

/// The stages.
pub(crate) const ZOO: &str = "zoo";
pub(crate) const AUTOENCODER: &str = "autoencoder";
pub(crate) const ALIGNMENT: &str = "alignment";
pub(crate) const DIFFUSION: &str = "diffusion";
pub(crate) const EVALUATION: &str = "evaluation";

/// Looks at the reconstruction while the autoencoder learns, about.
const LOOKS: u64 = 24;

/// A computation of the method that refuses its numbers is a defect of the lab: settings and data are checked before.
#[expect(clippy::needless_pass_by_value, reason = "it stands in map_err, which hands the error over")]
pub(crate) fn defect(error: GenerationError) -> RunError {
    RunError::Defect(error.to_string())
}

/// What steps read.
pub struct Shared {
    pub(crate) material: Material,
    pub(crate) bench: Bench,
    /// Inputs, hidden widths, outputs.
    pub(crate) sizes: Vec<usize>,
    /// The zoo out of the runs that made its parts, if it is joined.
    joined: Option<Joined>,
}

/// What steps change.
pub struct Training {
    pub(crate) zoo: Zoo,
    /// Jobs of the zoo that are done.
    pub(crate) zoo_done: u64,
    pub(crate) autoencoder: Trainer,
    pub(crate) autoencoder_sums: Sums,
    pub(crate) alignment_sums: Sums,
    pub(crate) denoiser: Trainer,
    pub(crate) denoiser_sums: Sums,
    /// Stages that were entered behind the zoo.
    reached: u64,
    pub(crate) seconds: Seconds,
    pub(crate) known: Known,
    pub(crate) evaluation: Evaluation,
    /// The settings under which the state was made.
    settings: Config,
    made: Made,
}

/// Seconds of each stage, and when the present one began.
#[derive(Clone, Copy, Debug, Default, serde::Serialize, serde::Deserialize)]
pub(crate) struct Seconds {
    pub(crate) zoo: f64,
    pub(crate) autoencoder: f64,
    pub(crate) diffusion: f64,
    pub(crate) evaluation: f64,
    begun: f64,
}

/// Accuracies of the stages before generation; none where there is no such figure.
#[derive(Clone, Copy, Debug, Default, PartialEq, serde::Serialize, serde::Deserialize)]
pub(crate) struct Known {
    pub(crate) zoo: Option<f64>,
    pub(crate) reconstruction: Option<f64>,
    pub(crate) reconstruction_unseen: Option<f64>,
}

/// What is made again when a run goes on.
#[derive(Default)]
struct Made {
    prepared: Option<Arc<Prepared>>,
    autoencoder: Option<Arc<autoencoder::Net>>,
    denoiser: Option<Arc<denoiser::Net>>,
    learned: Option<Arc<Learned>>,
}

/// What the denoiser learns from.
pub(crate) struct Learned {
    /// Scaled latents of the zoo, `[networks · rows, latent]`.
    pub(crate) latents: Vec<f32>,
    /// Their deviations around these means, likewise scaled; empty where the means are learned.
    pub(crate) deviations: Vec<f32>,
    pub(crate) scaling: Scaling,
    /// Conditions of every network, so many each.
    pub(crate) bank: Vec<Condition>,
}

impl Saved for Training {
    fn codec(&mut self, codec: &mut Codec<'_>) -> Result<(), CodecError> {
        codec.part("zoo.", &mut self.zoo)?;
        codec.count("zoo.done", &mut self.zoo_done)?;
        codec.part("autoencoder.", &mut self.autoencoder)?;
        codec.value("autoencoder.sums.cbor", &mut self.autoencoder_sums)?;
        codec.value("alignment.sums.cbor", &mut self.alignment_sums)?;
        codec.part("denoiser.", &mut self.denoiser)?;
        codec.value("denoiser.sums.cbor", &mut self.denoiser_sums)?;
        codec.count("reached", &mut self.reached)?;
        codec.value("seconds.cbor", &mut self.seconds)?;
        codec.value("known.cbor", &mut self.known)?;
        codec.part("evaluation.", &mut self.evaluation)?;
        codec.value("settings.cbor", &mut self.settings)
    }
}

impl Training {
    pub(crate) fn prepared(&self) -> Result<Arc<Prepared>, RunError> {
        self.made.prepared.clone().ok_or_else(|| RunError::Defect("the zoo is not prepared".to_owned()))
    }

    pub(crate) fn autoencoder_net(&self) -> Result<Arc<autoencoder::Net>, RunError> {
        self.made.autoencoder.clone().ok_or_else(|| RunError::Defect("there is no autoencoder".to_owned()))
    }

    pub(crate) fn denoiser_net(&self) -> Result<Arc<denoiser::Net>, RunError> {
        self.made.denoiser.clone().ok_or_else(|| RunError::Defect("there is no denoiser".to_owned()))
    }

    pub(crate) fn learned(&self) -> Result<Arc<Learned>, RunError> {
        self.made.learned.clone().ok_or_else(|| RunError::Defect("there are no latents".to_owned()))
    }

    /// The generator as it stands.
    pub(crate) fn generator(&self, config: &Config) -> Result<Generator, RunError> {
        let autoencoder = match config.autoencoder {
            Autoencoder::None => None,
            _ => Some((self.autoencoder_net()?.as_ref().clone(), self.autoencoder.values.clone())),
        };
        let denoiser = match config.generator {
            Kind::Replica => None,
            _ => Some((self.denoiser_net()?.as_ref().clone(), self.denoiser.average.clone())),
        };
        let latents = self.learned()?.scaling.clone();
        Ok(Generator { prepared: self.prepared()?, autoencoder, denoiser, latents })
    }

    /// Networks of a task by their places.
    pub(crate) fn groups(&self, seen: usize) -> Vec<Vec<usize>> {
        self.zoo.groups(seen)
    }
}

/// Opens the data and makes the state before the first step.
pub(super) fn begin(config: &Config, context: &mut Context<'_>) -> Result<(Shared, Training), RunError> {
    let material = Material::open(config)?;
    context.read(material.read())?;
    let (tasks, imported) = tasks(config, &material)?;
    let sizes = sizes(config, &material, &tasks);
    whole_latent(config, &sizes)?;
    let joined = parts::open(config, material.read(), &tasks, &sizes)?;
    if let Some(joined) = &joined {
        joined.parts.fit_seed(context.seed).map_err(|problem| RunError::Problems(vec![problem]))?;
        context.read(&joined.read)?;
    }
    if config.has_target() {
        let target = Material::open_target(config, material.columns, sizes.last().copied().unwrap_or(0))?;
        context.read(target.read())?;
    }
    if let Some(found) = &imported {
        found.tell(context);
    }
    let shape = Shape::new(&sizes, Activation::Relu, Objective::CrossEntropy)
        .map_err(|error| RunError::setting("hidden_widths", error.to_string()))?;
    let bench = Bench::new(config, &material, &tasks, shape)?;
    let zoo = Zoo::new(config, &bench, imported.as_ref(), context.seed);
    let training = Training {
        zoo,
        zoo_done: 0,
        autoencoder: Trainer::default(),
        autoencoder_sums: Sums::default(),
        alignment_sums: Sums::default(),
        denoiser: Trainer::default(),
        denoiser_sums: Sums::default(),
        reached: 0,
        seconds: Seconds::default(),
        known: Known::default(),
        evaluation: Evaluation::default(),
        settings: config.clone(),
        made: Made::default(),
    };
    Ok((Shared { material, bench, sizes, joined }, training))
}

/// The stages that the settings ask for.
pub(super) fn stages(config: &Config, shared: &Shared) -> Vec<Stage<Config>> {
    let zoo = Stage::whole(ZOO, zoo::steps(config, &shared.bench), zoo::train);
    if !config.part().is_whole() {
        return vec![zoo];
    }
    let compress = if config.autoencoder == Autoencoder::None { 0 } else { config.autoencoder_steps };
    let diffuse = if config.generator == Kind::Replica { 0 } else { config.diffusion_steps };
    let autoencoder = Steps {
        record: Some((config.record_every, learn::record_compress)),
        pictures: Some((LOOKS, learn::early_warning)),
        ..Steps::new(compress.max(1), learn::compress)
    };
    let denoiser = Steps {
        record: Some((config.record_every, learn::record_diffuse)),
        ..Steps::new(diffuse.max(1), learn::diffuse)
    };
    let alignment = Steps {
        record: Some((config.record_every, learn::record_align)),
        ..Steps::new(config.alignment_steps.max(1), learn::align)
    };
    let mut stages =
        vec![zoo, Stage::steps(AUTOENCODER, compress, autoencoder).entered_by(enter_autoencoder)];
    if config.aligns() {
        stages.push(Stage::steps(ALIGNMENT, config.alignment_steps, alignment).entered_by(enter_latents));
        stages.push(Stage::steps(DIFFUSION, diffuse, denoiser).entered_by(enter_diffusion));
    } else {
        stages.push(Stage::steps(DIFFUSION, diffuse, denoiser).entered_by(enter_latents));
    }
    stages.push(Stage::whole(EVALUATION, EVALUATION_STEPS, evaluate::all).entered_by(enter_evaluation));
    stages
}

/// Sizes of the networks that learn the zoo.
fn generator_sizes(config: &Config, prepared: &Prepared) -> Sizes {
    Sizes {
        row: prepared.chunks.width(),
        rows: prepared.chunks.rows(),
        latent: config.latent_width(prepared.chunks.width()),
        width: config.width as usize,
    }
}

/// Makes what follows from the zoo.
fn prepare(run: &mut Running<'_, '_, Config>) -> Result<(), RunError> {
    let zoo = &run.state.zoo;
    let prepared =
        Prepared::new(run.settings, &run.shared.sizes, &zoo.networks, &zoo.scratch).map_err(defect)?;
    let sizes = generator_sizes(run.settings, &prepared);
    run.state.made.autoencoder = match run.settings.autoencoder {
        Autoencoder::None => None,
        _ => Some(Arc::new(autoencoder::Net::new(sizes, run.settings.images().as_ref()))),
    };
    run.state.made.prepared = Some(Arc::new(prepared));
    Ok(())
}

fn enter_autoencoder(run: &mut Running<'_, '_, Config>) -> Result<(), RunError> {
    let now = run.context.seconds();
    run.state.seconds = Seconds { zoo: now, begun: now, ..Seconds::default() };
    run.state.reached = 1;
    prepare(run)?;
    results::of_zoo(run)?;
    let prepared = run.state.prepared()?;
    let constant = prepared.constant_tensors();
    if !constant.is_empty() {
        let text = format!(
            "these tensors are the same in all networks of the zoo; they are kept as they are: {}",
            constant.join(", ")
        );
        run.context.warn(&text);
    }
    if run.settings.chunk as usize >= prepared.length() {
        let text = format!(
            "a chunk of {} is as long as the network of {} weights or longer, so there is one chunk",
            run.settings.chunk,
            prepared.length()
        );
        run.context.warn(&text);
    }
    if let Some(net) = run.state.made.autoencoder.clone() {
        let mut random = stream(run.context.seed, "autoencoder start");
        run.state.autoencoder = Trainer::new(&net.plan, &mut random, false);
    }
    Ok(())
}

/// Makes what the denoiser learns from.
fn learn_from(run: &mut Running<'_, '_, Config>) -> Result<(), RunError> {
    let (config, seed) = (run.settings, run.context.seed);
    let prepared = run.state.prepared()?;
    let sizes = generator_sizes(config, &prepared);
    let mut deviations = Vec::new();
    let (latents, scaling) = if let Some(net) = &run.state.made.autoencoder {
        let places: Vec<u32> =
            (0..prepared.networks.len()).flat_map(|_| 0..prepared.chunks.rows() as u32).collect();
        let mut latents = net.encode(&run.state.autoencoder.values, &prepared.rows, &places);
        let scaling = Scaling::of(&latents, sizes.latent);
        scaling.apply(&mut latents);
        // As published, diffusion learns draws from the posterior; the recipe learns its means.
        if config.autoencoder == Autoencoder::Published {
            deviations = net.deviations(&run.state.autoencoder.values, &prepared.rows, &places);
            deviations.iter_mut().for_each(|deviation| *deviation /= scaling.deviation);
        }
        (latents, scaling)
    } else {
        (prepared.rows.clone(), Scaling::none(sizes.latent))
    };
    let mut random = stream(seed, "conditions");
    let bench = &run.shared.bench;
    let mut bank = Vec::new();
    for task in &run.state.zoo.task_of {
        let classes = bench.tasks.get(*task).map_or(&[][..], Vec::as_slice);
        for _ in 0..config.condition_draws {
            let each = config.images_per_class as usize;
            bank.push(run.shared.material.condition(classes, each, &mut random));
        }
    }
    let classes = run.shared.sizes.last().copied().unwrap_or(0);
    let net = denoiser::Net::new(config, sizes, run.shared.material.columns, classes);
    run.state.made.denoiser = Some(Arc::new(net));
    run.state.made.learned = Some(Arc::new(Learned { latents, deviations, scaling, bank }));
    Ok(())
}

/// Behind the alignment: the denoiser begins with the encoder as it is aligned.
fn enter_diffusion(run: &mut Running<'_, '_, Config>) -> Result<(), RunError> {
    run.state.denoiser.begin_anew();
    run.checkpoint()
}

/// Behind the autoencoder: makes latents, and the networks that learn from them.
fn enter_latents(run: &mut Running<'_, '_, Config>) -> Result<(), RunError> {
    let now = run.context.seconds();
    let seconds = &mut run.state.seconds;
    (seconds.autoencoder, seconds.begun) = (now - seconds.begun, now);
    run.state.reached = 2;
    run.state.autoencoder.rest();
    learn_from(run)?;
    results::of_autoencoder(run)?;
    if run.settings.generator != Kind::Replica {
        let net = run.state.denoiser_net()?;
        let mut random = stream(run.context.seed, "denoiser start");
        run.state.denoiser = Trainer::new(&net.plan, &mut random, true);
    }
    // A fork that asks for another generator begins here.
    run.checkpoint()
}

fn enter_evaluation(run: &mut Running<'_, '_, Config>) -> Result<(), RunError> {
    let now = run.context.seconds();
    let seconds = &mut run.state.seconds;
    (seconds.diffusion, seconds.begun) = (now - seconds.begun, now);
    run.state.reached = 3;
    run.state.denoiser.rest();
    results::of_diffusion(run)?;
    // A fork that asks for other draws, or for a task of one's own, begins here.
    run.checkpoint()
}

/// Settings that the parts of the evaluation before one's own task read.
const EVALUATED: [&str; 9] = [
    "sampler",
    "sampling_steps",
    "visits",
    "guidance",
    "draws",
    "evaluated_seen",
    "ridge",
    "refine",
    "candidates",
];
/// Settings of one's own task.
const TARGET: [&str; 3] = ["target_data", "target_label_column", "target_classes"];

/// Takes the state from a checkpoint; what a fork evaluates otherwise is evaluated again.
pub(super) fn restore(run: &mut Running<'_, '_, Config>, saved: &State) -> Result<(), RunError> {
    store::restore(run.state, saved)?;
    if run.state.reached >= 1 {
        prepare(run)?;
    }
    if run.state.reached >= 2 {
        learn_from(run)?;
    }
    let changed = differing(&run.state.settings, run.settings);
    let is_changed = |keys: &[&str]| changed.iter().any(|key| keys.contains(key));
    if run.state.reached >= 3 && is_changed(&EVALUATED) {
        run.state.evaluation = Evaluation::default();
    } else if run.state.reached >= 3 && is_changed(&TARGET) {
        run.state.evaluation.forget_target();
    }
    run.state.settings = run.settings.clone();
    Ok(())
}

/// What a checkpoint says of the work that is done.
struct Done {
    reached: u64,
    settings: Config,
}

impl Saved for Done {
    fn codec(&mut self, codec: &mut Codec<'_>) -> Result<(), CodecError> {
        codec.count("reached", &mut self.reached)?;
        codec.value("settings.cbor", &mut self.settings)
    }
}

/// Why a fork cannot go on from a checkpoint: a stage that is done would have had other settings.
pub(super) fn fork_state(config: &Config, saved: &State) -> Result<Vec<Problem>, RunError> {
    const COMPRESSED: [&str; 2] = ["autoencoder_steps", "autoencoder_rate"];
    const DIFFUSED: [&str; 4] = ["diffusion_steps", "diffusion_rate", "average", "condition_dropout"];
    let mut done = Done { reached: 0, settings: config.clone() };
    store::restore(&mut done, saved)?;
    let changed = differing(&done.settings, config);
    let mut problems = Vec::new();
    for (stage, keys, reached) in [(AUTOENCODER, &COMPRESSED[..], 2), (DIFFUSION, &DIFFUSED[..], 3)] {
        for key in changed.iter().filter(|key| keys.contains(key) && done.reached >= reached) {
            let why = format!(
                "the stage {stage} is done already with another value; fork from an earlier checkpoint"
            );
            problems.push(Problem::error(key, why));
        }
    }
    Ok(problems)
}

/// Final figures and files.
pub(super) fn finish(run: &mut Running<'_, '_, Config>) -> Result<(), RunError> {
    let now = run.context.seconds();
    if !run.settings.part().is_whole() {
        run.state.seconds.zoo = now;
        results::of_zoo(run)?;
        return files::write(run);
    }
    let seconds = &mut run.state.seconds;
    if seconds.evaluation == 0.0 {
        seconds.evaluation = now - seconds.begun;
    }
    results::of_stages(run)?;
    results::of_evaluation(run);
    files::write(run)
}
