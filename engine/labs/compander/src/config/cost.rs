//! What a run will cost, from its settings alone; the rates were measured with `weightscope run` on two cores of a virtual machine.

use weightscope_frame::experiment::Cost;

use super::{Config, Network};

/// Sizes of the digits; other sets are not opened for an estimate.
const ROWS: f64 = 1797.0;
const INPUTS: u64 = 64;
const CLASSES: u64 = 10;

/// The estimate.
pub(crate) fn cost(config: &Config) -> Cost {
    let rows = if matches!(config.dataset.as_str(), "mnist" | "fashion-mnist") { 70_000.0 } else { ROWS };
    let per_epoch = (config.train_rows as f64 / config.batch_size.max(1) as f64).ceil();
    let steps = config.epochs as f64 * per_epoch;
    let networks = config.repeats as f64 * if config.has_twin() { 2.0 } else { 1.0 };
    let (parameters, step, judge) = match config.network {
        Network::Mlp => {
            let mut widths = vec![INPUTS];
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
            let parameters = config.blocks * (4 + 2 * config.mlp_ratio) * width * width
                + width * (INPUTS / 4 + CLASSES + 20);
            let work = parameters as f64 / 17_000.0;
            (parameters, 1.9e-4 * work * config.batch_size as f64, 1.0e-4 * work)
        }
    };
    // Curves and figures at the end judge the test rows about thirty times.
    let seconds = networks * (steps * step + 40.0 * (rows - config.train_rows as f64).max(0.0) * judge);
    Cost {
        parameters,
        steps: steps as u64 + config.repeats,
        memory_bytes: 40_000_000 + (rows * INPUTS as f64 * 16.0) as u64 + parameters * 8 * config.repeats,
        seconds,
    }
}
