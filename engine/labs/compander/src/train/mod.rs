//! The experiment as two stages: the first repeat, step by step and in view; then the others as jobs on all cores, each measured when it
//! is trained.
//!
//! Contract: each repeat depends on the settings, its seed and nothing else, so that no number depends on the number of workers, and a
//! run that goes on from a checkpoint gives the numbers of an unbroken one.

mod arm;
mod curves;
mod duo;
mod figures;
mod files;
mod live;
mod phases;
mod pictures;
pub(super) mod product;
mod results;
mod robustness;

use weightscope_data::Read;
use weightscope_frame::experiment::{Problem, differing};
use weightscope_frame::lab::{Running, Stage, Step, Steps};
use weightscope_frame::run::{Context, Jobs, News, RunError};
use weightscope_frame::store::{self, Codec, CodecError, Saved, State};

use crate::config::Config;
use crate::data::Material;
use crate::network::Tensor;
pub(super) use files::NETWORKS;

pub(super) use duo::steps_per_epoch;
use duo::{Duo, batches, learned_from};
use figures::{Finished, measure};
use live::Live;
use phases::Phases;

/// The stages.
pub(crate) const TRAINING: &str = "first repeat";
pub(crate) const REPEATS: &str = "all repeats";
/// Under this name a checkpoint holds the [`Layout`].
const LAYOUT: &str = "layout.cbor";
/// Under this name it holds the figures of the repeats that are done.
const FINISHED: &str = "finished.cbor";
/// Pictures of the first repeat, about.
const PICTURES: u64 = 48;
/// Share of clipped weights from which a warning is due.
const MANY_CLIPPED: f64 = 0.05;

/// The data.
pub struct Shared {
    material: Material,
    device: burn::tensor::Device,
}

/// The first repeat in training, and the repeats that are done.
pub struct Training {
    duo: Duo,
    phases: Phases,
    live: Live,
    layout: Layout,
    finished: Vec<Finished>,
}

/// Names and places of the weights, so that who reads a checkpoint needs no data.
#[derive(Clone, Debug, Default, PartialEq, serde::Serialize, serde::Deserialize)]
pub(crate) struct Layout {
    /// All tensors of the flat vector.
    pub(crate) tensors: Vec<Tensor>,
    /// Names of the weight matrices, in the order of the function's parameters.
    pub(crate) matrices: Vec<String>,
}

impl Saved for Training {
    fn codec(&mut self, codec: &mut Codec<'_>) -> Result<(), CodecError> {
        codec.part("", &mut self.duo)?;
        codec.value("phases.cbor", &mut self.phases)?;
        codec.value("live.cbor", &mut self.live)?;
        codec.value(LAYOUT, &mut self.layout)?;
        let length = self.duo.own.start.len();
        save_finished(codec, &mut self.finished, length)
    }
}

/// The repeats that are done: figures together, weights as tensors of `length` values each.
fn save_finished(
    codec: &mut Codec<'_>,
    finished: &mut Vec<Finished>,
    length: usize,
) -> Result<(), CodecError> {
    codec.value(FINISHED, finished)?;
    for (place, one) in finished.iter_mut().enumerate() {
        one.latent.resize(length, 0.0);
        one.plain.resize(length, 0.0);
        codec.tensor(&format!("finished.{place}.latent"), &[length], &mut one.latent)?;
        codec.tensor(&format!("finished.{place}.plain"), &[length], &mut one.plain)?;
    }
    Ok(())
}

/// What is read from the data set, or why it cannot be used.
pub(super) fn read_data(config: &Config) -> Result<Vec<Read>, Vec<Problem>> {
    let opened = Material::open(config);
    opened
        .map(|material| vec![material.read().clone()])
        .map_err(|error| error.into_problems("dataset", "label_column"))
}

/// Opens the data and makes the first repeat.
pub(super) fn begin(config: &Config, context: &mut Context<'_>) -> Result<(Shared, Training), RunError> {
    let material = Material::open(config)?;
    context.read(material.read())?;
    let device = context.device.device.clone();
    let duo = Duo::new(config, &material, &device, context.seed)?;
    let live = Live::new(&duo);
    let network = &duo.own.network;
    let layout = Layout {
        tensors: network.tensors(),
        matrices: network.layers().iter().map(|layer| layer.name.clone()).collect(),
    };
    let training = Training { duo, phases: Phases::new(config), live, layout, finished: Vec::new() };
    Ok((Shared { material, device }, training))
}

/// The stages that the settings ask for.
pub(super) fn stages(config: &Config) -> Vec<Stage<Config>> {
    let per_epoch = steps_per_epoch(config);
    let steps = Steps {
        record: Some((config.record_every, live::record)),
        pictures: Some((PICTURES, pictures::take)),
        evaluate: Some(keep),
        ..Steps::new(per_epoch, step)
    };
    vec![
        Stage::steps(TRAINING, config.epochs * per_epoch, steps).entered_by(enter),
        Stage::whole(REPEATS, config.repeats, repeats),
    ]
}

/// Records the start, and tells what it did to the settings.
fn enter(run: &mut Running<'_, '_, Config>) -> Result<(), RunError> {
    let own = &run.state.duo.own;
    if !own.raised.is_empty() {
        let layers: Vec<String> =
            own.raised.iter().map(|(layer, amplitude)| format!("{layer} to {amplitude:.2}")).collect();
        let text = format!(
            "an inverse start needs a bound beyond every initial weight, so the amplitude was raised (in std): {} for seed {}; other repeats are raised as their own weights need",
            layers.join(", "),
            run.context.seed
        );
        run.context.message(&text);
    }
    if own.clipped_share > MANY_CLIPPED {
        let text = format!(
            "the inverse start clipped {:.1} % of the initial weights at 0.95 of the bound; choose a larger amplitude, or floor = raise",
            100.0 * own.clipped_share
        );
        run.context.warn(&text);
    }
    live::describe(run);
    live::record(run)?;
    live::judged(run)?;
    pictures::take(run)
}

/// One step of the first repeat.
fn step(run: &mut Running<'_, '_, Config>, _at: &Step<'_>) -> Result<(), RunError> {
    let config = run.settings;
    let state = &mut *run.state;
    let per_epoch = steps_per_epoch(config);
    let (epoch, place) = (state.duo.done / per_epoch, state.duo.done % per_epoch);
    let rows = learned_from(config) as usize;
    if state.live.epoch != Some(epoch) {
        state.live.batches = Some(batches(config, rows, state.duo.seed, epoch)?);
        state.live.epoch = Some(epoch);
    }
    let batch: Vec<usize> = match &state.live.batches {
        Some(batches) => batches.batch(place as usize).unwrap_or_default().to_vec(),
        None => Vec::new(),
    };
    let is_recorded = (state.duo.done + 1).is_multiple_of(config.record_every.max(1));
    let before = is_recorded.then(|| live::Weights::of(&state.duo));
    let judged = state.duo.history.len();
    let losses = state.duo.step(&state.phases, &batch)?;
    if let Some(before) = before {
        state.live.moved(&state.duo, &before, losses);
    }
    if state.duo.history.len() > judged {
        live::judged(run)?;
    }
    Ok(())
}

/// Saves a checkpoint at each quarter of the first repeat: a short run would keep none to fork from, and later ones hold repeats that are
/// trained already.
fn keep(run: &mut Running<'_, '_, Config>) -> Result<(), RunError> {
    const PARTS: u64 = 4;
    let epochs = run.settings.epochs;
    let done = run.state.duo.done / steps_per_epoch(run.settings);
    let is_due = (1..PARTS).any(|part| done == (part * epochs).div_ceil(PARTS));
    if is_due { run.checkpoint() } else { Ok(()) }
}

/// The repeats that are not done, as jobs; the first one is trained already and measured here.
fn repeats(run: &mut Running<'_, '_, Config>) -> Result<(), RunError> {
    let config = run.settings;
    let shared = run.shared;
    let done = run.state.finished.len();
    let total = (config.repeats as usize).saturating_sub(done);
    let first = run.state.duo.clone();
    let phases = run.state.phases.clone();
    let seed = run.context.seed;
    if total == 0 {
        // A fork of a finished run: nothing is left to train, and its figures are those that were taken over.
        curves::show(run);
        results::report(run);
    }
    run.jobs::<Finished, ()>(
        &Jobs::new("repeat", total),
        |number, job| {
            let repeat = (done + number) as u64;
            let check = || job.check();
            let mut duo = if repeat == 0 {
                first.clone()
            } else {
                Duo::new(phases.at(0), &shared.material, &shared.device, seed.wrapping_add(repeat))?
            };
            duo.train(&phases, &check)?;
            measure(duo, &check)
        },
        |run, news| {
            if let News::Next(_, finished) = news {
                let epochs = run.settings.epochs as f64;
                run.begin_step(epochs)?;
                warn_of_collapse(run, &finished);
                run.state.finished.push(finished);
                curves::show(run);
                results::report(run);
                run.end_step()?;
            }
            Ok(())
        },
    )
}

/// Says which network has no spread left, so that figures that divide by it are absent.
fn warn_of_collapse(run: &mut Running<'_, '_, Config>, finished: &Finished) {
    let arms = [("the network", Some(&finished.own)), ("the twin", finished.twin.as_ref())];
    for (name, figures) in arms {
        if figures.is_some_and(|figures| !figures.end.kurtosis.is_finite() || !figures.top_tenth.is_finite())
        {
            let text = format!(
                "{name} with seed {} ended with a layer whose weights are all equal; figures that divide by their spread are left out",
                finished.seed
            );
            run.context.warn(&text);
        }
    }
}

/// What a checkpoint says of the work that is done.
struct Done {
    phases: Phases,
    finished: Vec<Finished>,
}

impl Saved for Done {
    fn codec(&mut self, codec: &mut Codec<'_>) -> Result<(), CodecError> {
        codec.value("phases.cbor", &mut self.phases)?;
        codec.value(FINISHED, &mut self.finished)
    }
}

/// Why a fork cannot go on from a checkpoint: repeats that are done would have other settings than those to come.
pub(super) fn fork_state(config: &Config, saved: &State) -> Result<Vec<Problem>, RunError> {
    let mut done = Done { phases: Phases::new(config), finished: Vec::new() };
    store::restore(&mut done, saved)?;
    let repeats = done.finished.len();
    if repeats as u64 > config.repeats {
        let problem = Problem::error("repeats", format!("{repeats} repeats are done already"));
        return Ok(vec![problem.allowing(format!("{repeats} or more"))]);
    }
    if repeats == 0 || done.phases.goes_on_with(config) {
        return Ok(Vec::new());
    }
    let keys = differing(config, done.phases.at(u64::MAX));
    let last = config.epochs * steps_per_epoch(config);
    let problems = keys.into_iter().filter(|key| !matches!(*key, "repeats" | "record_every")).map(|key| {
        let why = format!(
            "some repeats are trained already with another value; fork from a checkpoint of the first repeat, at step {last} or before"
        );
        Problem::error(key, why)
    });
    Ok(problems.collect())
}

/// Takes the state from a checkpoint; a fork that changes how networks are trained begins a new phase there.
pub(super) fn restore(run: &mut Running<'_, '_, Config>, saved: &State) -> Result<(), RunError> {
    store::restore(run.state, saved)?;
    let config = run.settings;
    if !run.state.phases.goes_on_with(config) {
        let step = run.state.duo.done;
        run.state.phases.change(step, config);
        if run.state.phases.turns(step) {
            let mut turned = run.state.duo.own.clone();
            turned.turn(run.state.phases.at(step - 1), config);
            let text = told(&run.state.duo.own, &turned);
            run.context.message(&text);
        }
    }
    Ok(())
}

/// What a fork does to the function of each layer, in standard deviations of its initial weights.
fn told(before: &arm::Arm, now: &arm::Arm) -> String {
    let layers = before.network.layers().iter().zip(&before.deviations);
    let pairs = before.function.pairs.iter().zip(&now.function.pairs);
    let words = layers.zip(pairs).filter_map(|((layer, unit), (before, now))| {
        let (before, now) = ((*before)?, (*now)?);
        let of = |from: f64, to: f64| format!("{:.4} to {:.4}", from / unit, to / unit);
        let (a, b) = (of(before.amplitude, now.amplitude), of(before.width, now.width));
        Some(format!("{}: amplitude {a}, width {b}", layer.label))
    });
    format!("the function changes here (in std): {}", words.collect::<Vec<_>>().join("; "))
}

/// Files with the figures of all networks.
pub(super) fn finish(run: &Running<'_, '_, Config>) -> Result<(), RunError> {
    files::write(run)
}

/// A repeat trained to its end, for tests.
#[cfg(test)]
pub(super) struct Trained {
    duo: Duo,
    config: Config,
    columns: usize,
}

#[cfg(test)]
impl Trained {
    pub(super) fn new(config: &Config, material: &Material, seed: u64) -> Result<Self, RunError> {
        let mut duo = Duo::new(config, material, &burn::tensor::Device::flex(), seed)?;
        duo.train(&Phases::new(config), &|| Ok(()))?;
        Ok(Self { duo, config: config.clone(), columns: material.columns })
    }

    /// Latent weights of a repeat that was forked at a step to other settings, and of one that was trained under both from the start.
    pub(super) fn forked(
        (config, changed): (&Config, &Config),
        material: &Material,
        at: u64,
    ) -> Result<(Vec<f32>, Vec<f32>), RunError> {
        let device = burn::tensor::Device::flex();
        let mut phases = Phases::new(config);
        let mut forked = Duo::new(config, material, &device, 3)?;
        while forked.done < at {
            let per_epoch = steps_per_epoch(config);
            let rows = learned_from(config) as usize;
            let epoch = batches(config, rows, 3, forked.done / per_epoch)?;
            forked.step(&phases, epoch.batch((forked.done % per_epoch) as usize).unwrap_or_default())?;
        }
        phases.change(at, changed);
        forked.train(&phases, &|| Ok(()))?;
        let mut other = Duo::new(phases.at(0), material, &device, 3)?;
        other.train(&phases, &|| Ok(()))?;
        Ok((forked.own.network.latent(), other.own.network.latent()))
    }

    /// Effective weights of the network and of its twin before the first step.
    pub(super) fn starts(
        config: &Config,
        material: &Material,
        seed: u64,
    ) -> Result<(Vec<f32>, Vec<f32>), RunError> {
        let duo = Duo::new(config, material, &burn::tensor::Device::flex(), seed)?;
        Ok((duo.own.start, duo.twin.map_or_else(Vec::new, |twin| twin.start)))
    }

    /// Logits of the test rows as the run judges them.
    pub(super) fn logits(&mut self) -> Vec<f32> {
        let effective = self.duo.own.effective();
        self.duo.own.network.test_logits(&effective)
    }

    /// The same from the folded weights in a network that knows no function and no normalisation.
    pub(super) fn as_plain(&self) -> Result<Vec<f32>, RunError> {
        let effective = self.duo.own.effective();
        let folded = self.duo.own.network.folded(&effective);
        let config =
            Config { compander: crate::config::Compander::None, batch_norm: false, ..self.config.clone() };
        let material = Material::open(&config)?;
        assert_eq!(material.columns, self.columns);
        let mut plain = Duo::new(&config, &material, &burn::tensor::Device::flex(), self.duo.seed)?;
        plain.own.network.set_latent(&folded)?;
        let effective = plain.own.effective();
        Ok(plain.own.network.test_logits(&effective))
    }
}
