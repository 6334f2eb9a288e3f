//! What a run will cost, from its settings alone; the rates were measured with `weightscope run` on two cores of a virtual machine.

use weightscope_data::catalogue;
use weightscope_frame::experiment::Cost;

use super::{Autoencoder, Config, Generator};
use crate::method::recipe::Sizes;
use crate::method::vectors::{Chunks, Layout};
use crate::network::autoencoder;

/// Inputs of the digits; other sets are not opened for an estimate.
const INPUTS: usize = 64;
/// Seconds of one core for a parameter and a row of a training step, forward and back.
const PASS: f64 = 1.6e-10;
/// Bytes for a number that a pass forward remembers, its slope included while it is needed.
const REMEMBERED: f64 = 5.0;
/// Seconds of one core for a parameter's optimizer step.
const MOVE: f64 = 2.0e-9;

/// The estimate.
pub(crate) fn cost(config: &Config) -> Cost {
    let known = catalogue::entry(&config.dataset);
    let mut sizes = vec![known.map_or(INPUTS, |entry| entry.image.values())];
    sizes.extend(config.hidden_widths.iter().map(|width| *width as usize));
    sizes.push(config.classes_per_task as usize);
    let length = Layout::of_sizes(&sizes).length();
    let rows = Chunks::new(length, config.chunk as usize).map_or(1, Chunks::rows);
    let row = if config.chunk == 0 { length } else { config.chunk as usize };
    let sizes = Sizes { row, rows, latent: config.latent_width(row), width: config.width as usize };
    let tasks = if config.keeps_checkpoints() { 1 } else { config.seen_tasks };
    let networks = (tasks * config.models_per_task) as f64;
    let net = autoencoder::Net::new(sizes, config.images().as_ref());
    let (encoder, denoiser) = (net.plan.parameters() as f64, sizes.denoiser_parameters() as f64);
    let batch = config.batch_size as f64;
    let step = |parameters: f64, products: f64| batch * products * PASS + parameters * MOVE;
    let own = if config.parts().is_some() { 0.0 } else { config.part().share() };
    let zoo = own * networks * config.zoo_steps as f64 * length as f64 * config.zoo_batch as f64 * PASS;
    let compress = match config.autoencoder {
        Autoencoder::None => 0.0,
        _ => config.autoencoder_steps as f64 * step(encoder, net.work().products as f64),
    };
    let diffuse = match config.generator {
        Generator::Replica => 0.0,
        _ => config.diffusion_steps as f64 * step(denoiser, denoiser),
    };
    if !config.part().is_whole() {
        return Cost {
            parameters: None,
            steps: (own * (networks + config.unseen_tasks as f64)).ceil() as u64,
            memory_bytes: 60_000_000 + (own * networks * length as f64 * 12.0) as u64,
            seconds: zoo + 1.0,
        };
    }
    Cost {
        parameters: known.map(|_| (encoder + denoiser) as u64),
        steps: networks as u64
            + config.unseen_tasks
            + config.autoencoder_steps
            + config.diffusion_steps
            + crate::train::EVALUATION_STEPS,
        memory_bytes: 60_000_000
            + (networks * length as f64 * 12.0
                + 24.0 * (encoder + denoiser)
                + REMEMBERED * batch * net.work().numbers as f64) as u64,
        seconds: zoo + compress + diffuse + 2.0,
    }
}
