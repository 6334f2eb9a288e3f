//! The experiment as stages: float training, quantized training, annealing.
//!
//! Contract: a step depends only on the settings, the seed and the state before it, so a run that goes on from a checkpoint
//! gives the numbers of an unbroken one. Nothing here looks at a clock.

mod evaluate;
mod float;
mod learn;
mod levels;
mod material;
mod model;
mod monitor;
mod pictures;
pub(super) mod product;
mod quantized;
mod recording;
mod trace;

use weightscope_data::{Read, catalogue};
use weightscope_frame::experiment::{Cost, Problem};
use weightscope_frame::lab::{Running, Stage, Steps};
use weightscope_frame::run::{Context, Request, RunError};
use weightscope_frame::store::{self, Codec, CodecError, Saved, State};
use weightscope_nn::parameters::Parameters;

use super::config::{Config, Network, Remedy};
use super::{channels as ch, metrics};
pub(super) use float::Float;
pub(super) use material::Material;
use material::Opened;
pub(super) use quantized::Quantized;

/// The stages.
const FLOAT: &str = "float training";
pub(crate) const QUANTIZED: &str = "quantized training";
pub(crate) const ANNEALING: &str = "annealing";
/// Pictures of a stage, about.
const PICTURES: u64 = 60;
/// Under this prefix a checkpoint of the later stages holds the float network.
const TEACHER: &str = "teacher.";

/// The networks in training.
pub struct Training {
    float: Float,
    /// Made when its stage begins.
    quantized: Option<Quantized>,
}

impl Saved for Training {
    fn codec(&mut self, codec: &mut Codec<'_>) -> Result<(), CodecError> {
        match &mut self.quantized {
            Some(quantized) => {
                codec.part(TEACHER, &mut self.float.model.parameters)?;
                quantized.codec(codec)
            }
            None => self.float.codec(codec),
        }
    }
}

/// The float network of a checkpoint of a later stage.
struct Teacher<'a>(&'a mut Parameters);

impl Saved for Teacher<'_> {
    fn codec(&mut self, codec: &mut Codec<'_>) -> Result<(), CodecError> {
        codec.part(TEACHER, self.0)
    }
}

/// Opens the data and makes the float network.
pub(super) fn begin(config: &Config, context: &mut Context<'_>) -> Result<(Material, Training), RunError> {
    let material = Material::load(config, context)?;
    let float = Float::new(config, context, &material)?;
    Ok((material, Training { float, quantized: None }))
}

/// What is read from the data set, or why it cannot be used.
pub(super) fn read_data(config: &Config) -> Result<Vec<Read>, Vec<Problem>> {
    // How many rows a part gets does not depend on the seed.
    let opened = Opened::open(config, 0).and_then(|opened| opened.read());
    opened.map(|read| vec![read]).map_err(|error| error.into_problems("dataset", "label_column"))
}

/// The stages that the settings ask for.
pub(super) fn stages(config: &Config, material: &Material) -> Vec<Stage<Config>> {
    let per_epoch = material.steps_per_epoch();
    let every = config.record_every;
    let float = Steps {
        batches: Some(batches),
        record: Some((every, float::record)),
        evaluate: Some(float::evaluate),
        speed: (!config.quantizes()).then_some(&metrics::STEPS_PER_SECOND),
        ..Steps::new(per_epoch, float::step)
    };
    let mut stages = vec![Stage::steps(FLOAT, config.float_epochs * per_epoch, float)];
    let quantized = |step, record| Steps {
        batches: Some(batches),
        record: Some((every, record)),
        pictures: Some((PICTURES, quantized::picture)),
        evaluate: Some(quantized::evaluate),
        ..Steps::new(per_epoch, step)
    };
    if config.quantizes() {
        let steps = Steps {
            speed: Some(&metrics::STEPS_PER_SECOND),
            ..quantized(quantized::train, quantized::record_training)
        };
        stages.push(Stage::steps(QUANTIZED, config.epochs * per_epoch, steps).entered_by(quantize));
        if config.remedy == Remedy::Cga {
            let steps = quantized(quantized::anneal, quantized::record_annealing);
            stages.push(Stage::steps(ANNEALING, config.cga_epochs * per_epoch, steps).entered_by(anneal));
        }
    }
    stages
}

fn batches(_: &Config, material: &Material, epoch: u64) -> Result<weightscope_data::EpochBatches, RunError> {
    material.batches(epoch)
}

/// Makes the quantized network from the float one.
fn quantize(run: &mut Running<'_, '_, Config>) -> Result<(), RunError> {
    let teacher = &run.state.float.model;
    let accuracy = evaluate::test(teacher, run.shared, &run.context.device.device, None).accuracy;
    run.context.result(&metrics::FLOAT_TEST_ACCURACY, accuracy);
    let quantized = Quantized::new(run.settings, run.context, run.shared, teacher, accuracy)?;
    run.state.quantized = Some(quantized);
    run.context.categories(&ch::FLIPS, &ch::FLIP_CATEGORIES);
    run.context.categories(&ch::FLIP_SHIFTS, &ch::FLIP_CATEGORIES);
    Ok(())
}

fn anneal(run: &mut Running<'_, '_, Config>) -> Result<(), RunError> {
    run.state.quantized.iter_mut().for_each(Quantized::forget_moments);
    Ok(())
}

/// Takes the state from a checkpoint; in a later stage the quantized network is made from the float one first.
pub(super) fn restore(run: &mut Running<'_, '_, Config>, saved: &State) -> Result<(), RunError> {
    if saved.holds(TEACHER) {
        store::restore(&mut Teacher(&mut run.state.float.model.parameters), saved)?;
        quantize(run)?;
    }
    store::restore(run.state, saved)?;
    let config = run.settings;
    run.state.quantized.iter_mut().for_each(|quantized| quantized.follow(config));
    Ok(())
}

/// More weights are traced: of the layer that was clicked, or of the most restless one.
pub(super) fn asked(run: &mut Running<'_, '_, Config>, request: &Request) {
    let layer = match request {
        Request::Picked { picked, .. } => match &picked.group {
            Some(layer) => Some(layer.as_str()),
            None => return,
        },
        Request::Action { .. } => None,
    };
    run.state.quantized.iter_mut().for_each(|quantized| quantized.trace_more(layer));
}

/// Without quantization nothing oscillates; the figures say so instead of being left out.
pub(super) fn finish(run: &mut Running<'_, '_, Config>) {
    if run.settings.quantizes() {
        return;
    }
    let teacher = &run.state.float.model;
    let accuracy = evaluate::test(teacher, run.shared, &run.context.device.device, None).accuracy;
    run.result(&metrics::FLOAT_TEST_ACCURACY, accuracy);
    run.result(&metrics::TEST_ACCURACY, accuracy);
    for metric in [
        &metrics::OSCILLATING_SHARE,
        &metrics::SWITCHES_PER_WEIGHT_STEP,
        &metrics::SCALE_DRIVEN_SHARE,
        &metrics::NEAR_BOUNDARY_SHARE,
        &metrics::FROZEN_SHARE,
    ] {
        run.result(metric, 0.0);
    }
}

/// Estimate from the settings alone. The rates were measured with `weightscope run` on two cores of a virtual machine.
pub(super) fn cost(config: &Config) -> Cost {
    /// Rows of the digits; other sets are not opened for an estimate.
    const DIGITS_ROWS: f64 = 1797.0;
    const INPUTS: u64 = 64;
    const CLASSES: u64 = 10;
    // What the program knows by name is known by its size too, whether it is on disk or not.
    let known = catalogue::entry(&config.dataset);
    let rows = known.map_or(DIGITS_ROWS, |entry| entry.rows as f64);
    let inputs = known.map_or(INPUTS, |entry| entry.image.values() as u64);
    let per_epoch = (rows * (1.0 - config.test_share) / config.batch_size.max(1) as f64).ceil();
    let quantized = config.quantizer != super::config::Quantizer::Float;
    let quantized_epochs = if quantized {
        config.epochs + if config.remedy == Remedy::Cga { config.cga_epochs } else { 0 }
    } else {
        0
    };
    let batch = config.batch_size as f64 / 64.0;
    let (parameters, float_ms, quantized_ms) = match config.network {
        Network::Mlp => {
            let mut widths = vec![inputs];
            widths.extend(&config.hidden_widths);
            widths.push(CLASSES);
            let parameters: u64 = widths
                .windows(2)
                .map(|pair| pair.iter().product::<u64>() + pair.last().copied().unwrap_or(0))
                .sum();
            let work = parameters as f64 / 6_000.0;
            (parameters, 0.05 + 0.1 * work * batch, 0.2 + 0.15 * work * batch)
        }
        Network::Vit => {
            let width = config.embedding;
            // Of patches and places: as many values as a patch has, and as many places as an image has patches.
            let pixels = known.map_or(INPUTS, |entry| (entry.image.height * entry.image.width) as u64);
            let area = (config.patch * config.patch).max(1);
            let (values, places) = (inputs / pixels.max(1) * area, pixels / area);
            let parameters = config.blocks * (4 + 2 * config.mlp_ratio) * width * width
                + width * (values + places + CLASSES + 16);
            let work = parameters as f64 / 17_000.0 * batch;
            (parameters, 3.5 * work, 5.5 * work)
        }
    };
    let float_steps = config.float_epochs as f64 * per_epoch;
    let quantized_steps = quantized_epochs as f64 * per_epoch;
    Cost {
        parameters: known.map(|_| parameters),
        steps: (float_steps + quantized_steps) as u64,
        memory_bytes: 60_000_000
            + parameters * 40
            + (config.traced_weights as f64 * quantized_steps * 22.0) as u64,
        seconds: (float_steps * float_ms + quantized_steps * quantized_ms) / 1000.0,
    }
}
