//! The experiment as stages: float training, quantized training, annealing.
//!
//! Contract: a step depends only on the settings, the seed and the state before it, so a run that goes on from a checkpoint
//! gives the numbers of an unbroken one. Nothing here looks at a clock but for `steps_per_second`.

mod evaluate;
mod float;
mod levels;
mod material;
mod model;
mod monitor;
mod pictures;
pub(super) mod product;
mod quantized;
mod state;
mod trace;

use std::time::Instant;

use super::config::{Config, Network, Remedy};
use crate::experiment::{Cost, Problem};
use crate::run::{Context, RunError};
use crate::store::State;

use material::{Material, Opened};
use model::Model;
use quantized::Quantized;

/// Stage names, in order.
const FLOAT: usize = 0;
const QUANTIZED: usize = 1;
const ANNEALING: usize = 2;

/// Carries the experiment out.
pub(super) fn run(config: &Config, context: &mut Context<'_>) -> Result<(), RunError> {
    let material = Material::load(config, context)?;
    let per_epoch = material.steps_per_epoch();
    let mut stages = vec![("float training", config.float_epochs * per_epoch)];
    if config.quantizer != super::config::Quantizer::Float {
        stages.push(("quantized training", config.epochs * per_epoch));
        if config.remedy == Remedy::Cga {
            stages.push(("annealing", config.cga_epochs * per_epoch));
        }
    }
    context.plan(&stages);
    declare(context);
    let resumed = context.take_resumed();
    let teacher = float_stage(config, context, &material, resumed.as_ref())?;
    let teacher_accuracy = evaluate::test(&teacher, &material, &context.device.device, None).accuracy;
    context.result("float_test_accuracy", teacher_accuracy);
    if stages.len() == 1 {
        return {
            float_results(context, teacher_accuracy);
            Ok(())
        };
    }
    let mut quantized = Quantized::new(config, context, &material, &teacher, teacher_accuracy)?;
    if let Some(state) = resumed.as_ref().filter(|state| state::stage(state) > FLOAT) {
        quantized.restore(state)?;
    }
    for stage in quantized.stage()..stages.len() {
        quantized.enter(stage);
        context.enter_stage(stage);
        let begun = Instant::now();
        let done = quantized.done();
        quantized.train(context, &teacher)?;
        let seconds = begun.elapsed().as_secs_f64();
        if stage == QUANTIZED && seconds > 0.0 {
            context.result("steps_per_second", (quantized.done() - done) as f64 / seconds);
        }
    }
    context.checkpoint(&quantized.save(&teacher))?;
    Ok(())
}

/// Why the data cannot be used; nothing if they can.
pub(super) fn data_problems(config: &Config) -> Vec<Problem> {
    // How many rows a part gets does not depend on the seed.
    let opened = Opened::open(config, 0);
    opened.err().map_or_else(Vec::new, |error| error.into_problems("dataset", "label_column"))
}

/// Trains the float network, or takes it from the checkpoint.
fn float_stage(
    config: &Config,
    context: &mut Context<'_>,
    material: &Material,
    resumed: Option<&State>,
) -> Result<Model, RunError> {
    let mut training = float::FloatTraining::new(config, context, material)?;
    if let Some(state) = resumed {
        training.restore(state)?;
    }
    if resumed.is_none_or(|state| state::stage(state) == FLOAT) {
        context.enter_stage(FLOAT);
        training.train(context, material)?;
    }
    Ok(training.into_model())
}

/// Without quantization nothing oscillates; the figures say so instead of being left out.
fn float_results(context: &mut Context<'_>, accuracy: f64) {
    context.result("test_accuracy", accuracy);
    for name in [
        "oscillating_share",
        "switches_per_weight_step",
        "scale_driven_share",
        "near_boundary_share",
        "frozen_share",
    ] {
        context.result(name, 0.0);
    }
    let seconds = context.seconds();
    let rate = if seconds > 0.0 { context.step() as f64 / seconds } else { 0.0 };
    context.result("steps_per_second", rate);
}

fn declare(context: &mut Context<'_>) {
    use super::channels as ch;
    let scalars = [
        (ch::LOSS_TRAIN, "train", "nat", "Mean training loss since the last recorded point."),
        (ch::LOSS_TEST, "test", "nat", "Cross-entropy to the labels on the test rows, after each epoch."),
        (
            ch::ACCURACY_TRAIN,
            "train",
            "",
            "Share of right answers in the training batches since the last recorded point.",
        ),
        (ch::ACCURACY_TEST, "test", "", "Share of right answers on the test rows, after each epoch."),
        (ch::ACCURACY_TEACHER, "float teacher, test", "", "Test accuracy of the float network."),
        (ch::LEARNING_RATE, "learning rate", "", "Learning rate of the weights."),
    ];
    for (id, label, unit, about) in scalars {
        context.declare_scalar(id, label, unit, about);
    }
}

/// Estimate from the settings alone. The rates were measured with `weightscope run` on two cores of a virtual machine.
pub(super) fn cost(config: &Config) -> Cost {
    /// Rows of the digits; other sets are not opened for an estimate.
    const DIGITS_ROWS: f64 = 1797.0;
    const INPUTS: u64 = 64;
    const CLASSES: u64 = 10;
    let rows =
        if config.dataset == "mnist" || config.dataset == "fashion-mnist" { 70_000.0 } else { DIGITS_ROWS };
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
            let mut widths = vec![INPUTS];
            widths.extend(&config.hidden_widths);
            widths.push(CLASSES);
            let parameters: u64 = widths
                .windows(2)
                .map(|pair| pair.iter().product::<u64>() + pair.last().copied().unwrap_or(0))
                .sum();
            let work = parameters as f64 / 6_000.0;
            (parameters, 0.15 + 0.1 * work * batch, 0.45 + 0.25 * work * batch)
        }
        Network::Vit => {
            let width = config.embedding;
            let parameters = config.blocks * (4 + 2 * config.mlp_ratio) * width * width
                + width * (INPUTS / 4 + CLASSES + 20);
            let work = parameters as f64 / 17_000.0 * batch;
            (parameters, 12.0 * work, 24.0 * work)
        }
    };
    let float_steps = config.float_epochs as f64 * per_epoch;
    let quantized_steps = quantized_epochs as f64 * per_epoch;
    Cost {
        parameters,
        steps: (float_steps + quantized_steps) as u64,
        memory_bytes: 60_000_000
            + parameters * 40
            + (config.traced_weights as f64 * quantized_steps * 22.0) as u64,
        seconds: (float_steps * float_ms + quantized_steps * quantized_ms) / 1000.0,
    }
}
