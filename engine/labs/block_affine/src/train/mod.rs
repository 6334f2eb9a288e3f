//! The experiment as stages: a base, where one is trained in the run; the adaptation, step by step and in view; further networks of the
//! small tasks as jobs; then what the update looks like.
//!
//! Contract: windows, starts and drops come from streams of their own, so that all methods see the same batches; nothing depends on the
//! number of workers; a run that goes on from a checkpoint gives the numbers of an unbroken one.

mod arm;
mod book;
mod expressive;
mod figures;
mod files;
mod hessian;
mod lessons;
mod live;
mod merging;
mod pictures;
pub(super) mod product;
mod samples;
mod seeds;
mod start;

use std::sync::Arc;

use weightscope_frame::lab::{Running, Stage, Step, Steps};
use weightscope_frame::run::{Context, RunError};
use weightscope_frame::store::{self, Codec, CodecError, Saved, State};
use weightscope_math::{Stream, stream};
use weightscope_nn::optimizer::{AdamW, AdamWSettings};

use crate::adapt::Adapters;
use crate::base::{self, Architecture};
use crate::compute::layout::Layout;
use crate::compute::model::Memory;
use crate::config::{Config, Task};
use crate::data::{self, Material};
use crate::device::Passes;
use arm::Arm;
use book::Book;
pub(crate) use book::Finished;
use lessons::Lessons;

/// The stages.
pub(crate) const BASE: &str = "base";
pub(crate) const ADAPTATION: &str = "adaptation";
pub(crate) const REPEATS: &str = "further networks";
pub(crate) const FIGURES: &str = "figures";
/// Length to which the gradient of a base's step is clipped.
const CLIPPED: f64 = 1.0;
/// Pictures of the adaptation, about.
const PICTURES: u64 = 6;

/// What steps read.
pub struct Shared {
    pub(crate) material: Material,
    pub(crate) architecture: Architecture,
    pub(crate) layout: Arc<Layout>,
    pub(crate) model: Passes,
    pub(crate) lessons: Lessons,
    pub(crate) seed: u64,
}

/// What steps change.
pub struct Training {
    pub(crate) base: Trainee,
    pub(crate) arm: Option<Arm>,
    pub(crate) beside: Option<Arm>,
    windows: Walk,
    pub(crate) book: Book,
    pub(crate) finished: Vec<Finished>,
    /// Pieces of work that are not saved: seconds of steps, memory for judging.
    pub(crate) live: live::Live,
}

/// A base in training, or one that is there.
pub(crate) struct Trainee {
    pub(crate) weights: Vec<f32>,
    optimizer: AdamW,
    windows: Walk,
}

/// A stream with its place.
pub(crate) struct Walk(pub(crate) Stream);

impl Saved for Walk {
    fn codec(&mut self, codec: &mut Codec<'_>) -> Result<(), CodecError> {
        let position = self.0.position();
        let (mut low, mut high) = (position as u64, (position >> 64) as u64);
        codec.count("low", &mut low)?;
        codec.count("high", &mut high)?;
        self.0.seek(u128::from(high) << 64 | u128::from(low));
        Ok(())
    }
}

impl Saved for Trainee {
    fn codec(&mut self, codec: &mut Codec<'_>) -> Result<(), CodecError> {
        codec.tensor("weights", &[self.weights.len()], &mut self.weights)?;
        codec.part("optimizer.", &mut self.optimizer)?;
        codec.part("windows.", &mut self.windows)
    }
}

impl Saved for Training {
    fn codec(&mut self, codec: &mut Codec<'_>) -> Result<(), CodecError> {
        codec.part("base.", &mut self.base)?;
        codec.part("windows.", &mut self.windows)?;
        for (name, arm) in [("adapter.", &mut self.arm), ("full.", &mut self.beside)] {
            if let Some(arm) = arm {
                codec.part(name, arm)?;
            }
        }
        codec.value("book.cbor", &mut self.book)?;
        codec.value("finished.cbor", &mut self.finished)
    }
}

fn optimizer(length: usize) -> AdamW {
    AdamW::new(AdamWSettings { weight_decay: 0.0, ..AdamWSettings::default() }, length)
}

impl Trainee {
    /// A base before its first step, or one that is there.
    pub(crate) fn new(config: &Config, weights: Vec<f32>, seed: u64) -> Self {
        let seed = config.seed_of_base(seed);
        let moments = if config.trains_base() { weights.len() } else { 0 };
        Self { optimizer: optimizer(moments), weights, windows: Walk(stream(seed, "windows of the base")) }
    }

    /// One step of AdamW on all parameters; the loss before it.
    pub(crate) fn step(
        &mut self,
        config: &Config,
        model: &Passes,
        lessons: &Lessons,
        step: u64,
        gradient: &mut Vec<f32>,
        memory: &mut Memory<f32>,
    ) -> f64 {
        let batch = lessons.base_batch(config, &mut self.windows.0);
        gradient.resize(self.weights.len(), 0.0);
        let wanted = vec![true; model.layout().0.len()];
        let loss = model.gradient(&self.weights, batch.as_batch(), &wanted, None, gradient, memory);
        if config.is_language() {
            let length = gradient.iter().map(|slope| f64::from(*slope).powi(2)).sum::<f64>().sqrt();
            if length > CLIPPED {
                let factor = (CLIPPED / length) as f32;
                gradient.iter_mut().for_each(|slope| *slope *= factor);
            }
        }
        let groups = [arm::whole(self.weights.len())];
        let _optimizer = tracing::trace_span!("optimizer").entered();
        self.optimizer.step(&mut self.weights, gradient, &groups, config.base_rate_at(step));
        loss
    }
}

/// Opens what the settings name and makes the state before the first step.
pub(super) fn begin(config: &Config, context: &mut Context<'_>) -> Result<(Shared, Training), RunError> {
    let material = Material::open(config).map_err(data::refused)?;
    for read in material.reads() {
        context.read(&read)?;
    }
    let opened = base::open(config).map_err(data::refused)?;
    if let Some(opened) = &opened {
        context.read(&data::read_of_base(config, opened))?;
    }
    let seed = context.seed;
    let architecture =
        opened.as_ref().map_or_else(|| Architecture::of(config), |opened| opened.architecture.clone());
    let layout = architecture.layout();
    let defect = |error: crate::method::AdapterError| RunError::Defect(error.to_string());
    let model = architecture.model(&layout, config.context as usize).map_err(defect)?;
    let model = Passes::new(model, &context.device.device);
    if model.is_on_device() {
        let text = format!(
            "passes of the model run on {}; adapter, optimizer, decompositions and sampled text stay on the CPU",
            context.device.name
        );
        context.message(&text);
    }
    let lessons = Lessons::new(&material, seed)?;
    let weights = match opened {
        Some(opened) => opened.weights,
        None => Architecture::start(&layout, &mut stream(config.seed_of_base(seed), "weights of the base")),
    };
    let refused = |refused: crate::adapt::Refused| {
        RunError::setting("block", format!("{}: {}", refused.layer, refused.error))
    };
    let arm = |adapters: Adapters| Arm::new(adapters, &weights);
    let own = match config.task {
        Task::Pretrain => None,
        _ => Some(arm(Adapters::new(config, &architecture, &layout).map_err(refused)?)),
    };
    let beside = if config.has_full_beside() {
        Some(arm(Adapters::full(config, &architecture, &layout).map_err(refused)?))
    } else {
        None
    };
    let training = Training {
        base: Trainee::new(config, weights, seed),
        arm: own,
        beside,
        windows: Walk(stream(seed, "windows")),
        book: Book::default(),
        finished: Vec::new(),
        live: live::Live::default(),
    };
    Ok((Shared { material, architecture, layout, model, lessons, seed }, training))
}

/// The stages that the settings ask for.
pub(super) fn stages(config: &Config, _shared: &Shared) -> Vec<Stage<Config>> {
    let every = config.record_every.max(1);
    let mut stages = Vec::new();
    if config.trains_base() {
        let steps = Steps { record: Some((every, live::record_base)), ..Steps::new(1, base_step) };
        stages.push(Stage::steps(BASE, config.steps_of_base(), steps).entered_by(live::enter_base));
    }
    if config.adapts() {
        let steps = Steps {
            record: Some((every, live::record)),
            pictures: Some((if config.is_language() { PICTURES } else { 1 }, pictures::take)),
            ..Steps::new(1, step)
        };
        stages.push(Stage::steps(ADAPTATION, config.steps, steps).entered_by(start::enter));
    }
    if !config.is_language() && config.repeats > 1 {
        stages.push(Stage::whole(REPEATS, config.repeats - 1, seeds::others));
    }
    stages.push(Stage::whole(FIGURES, 1, figures::work));
    stages
}

/// One step of the base.
fn base_step(run: &mut Running<'_, '_, Config>, at: &Step<'_>) -> Result<(), RunError> {
    let shared = run.shared;
    let state = &mut *run.state;
    let (gradient, memory) = (&mut state.live.gradient, &mut state.live.memory);
    let loss = state.base.step(run.settings, &shared.model, &shared.lessons, at.index, gradient, memory);
    run.finite("the loss of the base", loss)?;
    run.state.book.base_losses.push(loss);
    if run.settings.task == Task::Pretrain {
        live::train_loss(run, loss);
    }
    Ok(())
}

/// One step of the adaptation.
fn step(run: &mut Running<'_, '_, Config>, at: &Step<'_>) -> Result<(), RunError> {
    let config = run.settings;
    let shared = run.shared;
    let begun = run.seconds();
    let is_recorded = at.index == 0 || (at.index + 1).is_multiple_of(config.record_every.max(1));
    let state = &mut *run.state;
    let batch = shared.lessons.batch(config, &mut state.windows.0);
    let rate = config.rate_at(at.index);
    let Some(arm) = &mut state.arm else { return Ok(()) };
    if is_recorded {
        arm.keep_before();
    }
    let dropping = (config.dropout > 0.0 && config.method.may_drop())
        .then(|| (config.dropout as f32, shared.seed.wrapping_mul(1_000_003).wrapping_add(at.index)));
    let loss = arm.step(&shared.model, &state.base.weights, batch.as_batch(), rate, dropping);
    let ended = run.seconds();
    run.finite("the training loss", loss)?;
    let state = &mut *run.state;
    state.live.step_seconds += ended - begun;
    state.live.steps += 1;
    if let Some(full) = &mut state.beside {
        let beside = full.step(&shared.model, &state.base.weights, batch.as_batch(), rate, None);
        state.live.beside_loss = Some(beside);
    }
    state.book.losses.push(loss);
    live::train_loss(run, loss);
    if is_recorded {
        live::directions(run, at.index);
    }
    Ok(())
}

/// Takes the state from a checkpoint, and makes what follows from it.
pub(super) fn restore(run: &mut Running<'_, '_, Config>, saved: &State) -> Result<(), RunError> {
    store::restore(run.state, saved)?;
    let state = &mut *run.state;
    for arm in [&mut state.arm, &mut state.beside].into_iter().flatten() {
        arm.follow(&state.base.weights);
    }
    Ok(())
}

/// Files with losses and spectra.
pub(super) fn finish(run: &mut Running<'_, '_, Config>) -> Result<(), RunError> {
    files::write(run)
}
