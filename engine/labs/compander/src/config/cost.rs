//! What a run will cost, from its settings alone; the rates were measured with `weightscope run` on two cores of a virtual machine.

use weightscope_data::catalogue;
use weightscope_frame::experiment::Cost;

use super::{Config, Network};

/// Sizes of the digits; other sets are not opened for an estimate.
const ROWS: f64 = 1797.0;
const INPUTS: u64 = 64;
const CLASSES: u64 = 10;

/// The estimate.
pub(crate) fn cost(config: &Config) -> Cost {
    // What the program knows by name is known by its size too, whether it is on disk or not.
    let known = catalogue::entry(&config.dataset);
    let rows = known.map_or(ROWS, |entry| entry.rows as f64);
    let inputs = known.map_or(INPUTS, |entry| entry.image.values() as u64);
    let per_epoch = (config.train_rows as f64 / config.batch_size.max(1) as f64).ceil();
    let steps = config.epochs as f64 * per_epoch;
    let networks = config.repeats as f64 * if config.has_twin() { 2.0 } else { 1.0 };
    let (parameters, step, judge) = match config.network {
        Network::Mlp => {
            let mut widths = vec![inputs];
            widths.extend(&config.hidden_widths);
            widths.push(CLASSES);
            let pairs = widths.windows(2);
            let parameters: u64 =
                pairs.map(|pair| pair.iter().product::<u64>() + pair.last().copied().unwrap_or(0)).sum();
            let work = parameters as f64 / 9_000.0;
            (parameters, 25e-6 + 2.5e-6 * work * config.batch_size as f64, 1.1e-6 * work)
        }
        Network::Vit => {
            let width = config.embedding;
            let pixels = known.map_or(INPUTS, |entry| (entry.image.height * entry.image.width) as u64);
            let area = (config.patch * config.patch).max(1);
            let (values, places) = (inputs / pixels.max(1) * area, pixels / area);
            let parameters = config.blocks * (4 + 2 * config.mlp_ratio) * width * width
                + width * (values + places + CLASSES + 16);
            let work = parameters as f64 / 17_000.0;
            (parameters, 1.9e-4 * work * config.batch_size as f64, 1.0e-4 * work)
        }
    };
    // Curves and figures at the end judge the test rows about forty times, and four times so while the first repeat trains.
    let judged = 40.0 * (rows - config.train_rows as f64).max(0.0) * judge;
    let live = 4.0 * networks / config.repeats.max(1) as f64;
    let seconds = networks * (steps * step + judged) + live * judged;
    Cost {
        parameters: known.map(|_| parameters),
        steps: steps as u64 + config.repeats,
        memory_bytes: 40_000_000 + (rows * inputs as f64 * 16.0) as u64 + parameters * 8 * config.repeats,
        seconds,
    }
}
