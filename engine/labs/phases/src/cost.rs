//! What a grid will take, from the settings alone: networks, steps, bytes, seconds.
//!
//! The seconds of a pass were measured on two idle cores with 256-bit registers (a step of networks of width 4 to 128 with batches of
//! 4 to 256, training alone and seed comparisons alone); `pace` scales them to the machine at hand.

use super::config::{Config, HessianRows, Origin};
use super::pace;
use super::plan::Plan;
use weightscope_data::catalogue;
use weightscope_frame::experiment::{Cost, Spread};
use weightscope_population::Shape;

/// Of the digits; other sets that are not known by name are not opened for an estimate.
const INPUTS: usize = 64;
const CLASSES: usize = 10;
/// Seconds of a step, of a row in it, of a multiplication and addition of the three products of a row, and of the update of a
/// parameter.
const STEP: f64 = 1.3e-6;
const ROW: f64 = 3.4e-7;
const PRODUCT: f64 = 3.7e-11;
const UPDATE: f64 = 5.8e-10;
/// Passes over all rows in which a pair of seeds is judged along its curve, beside those in which the curve is found.
const JUDGED: f64 = 65.0;
/// Passes of the largest eigenvalue, beside those of the trace.
const EIGENVALUE: f64 = 25.0;

/// Seconds of a forward and a backward pass over so many rows.
fn pass(shape: &Shape, rows: usize) -> f64 {
    rows as f64 * (ROW + 3.0 * shape.products() as f64 * PRODUCT)
}

/// Seconds of a step over so many rows.
pub(super) fn step(shape: &Shape, rows: usize) -> f64 {
    STEP + pass(shape, rows) + shape.parameters() as f64 * UPDATE
}

/// Networks that are trained side by side on all cores.
fn at_once(plan: &Plan) -> usize {
    let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    cores.min(plan.networks().max(1))
}

/// Networks are trained side by side, as `quick` says: 13.8 s with one worker, 7.1 s with two.
pub(super) fn spread(config: &Config) -> Spread {
    Spread { workers: at_once(&Plan::new(config, &[])), share: 0.95 }
}

/// Estimate from the settings alone.
pub(super) fn cost(config: &Config) -> Cost {
    let plan = Plan::new(config, &[]);
    let entry = catalogue::entry(&config.dataset);
    let inputs = entry.map_or(INPUTS, |entry| entry.image.values());
    let rows = config.train_rows as usize;
    let seeds = plan.seeds as f64;
    // A part is trained and no more.
    let is_part = !config.part().is_whole();
    let pairs = if is_part { 0.0 } else { (plan.seeds * plan.seeds.saturating_sub(1) / 2) as f64 };
    let bends = if is_part || config.hessian == HessianRows::None {
        0.0
    } else {
        config.trace_samples as f64 + EIGENVALUE
    };
    let tuned = if config.downstream && !is_part { config.tuning_epochs as f64 } else { 0.0 };
    let (mut steps, mut seconds, mut parameters, mut kept) = (0.0, 0.0, 0, 0);
    for cell in &plan.cells {
        let Ok(shape) = cell.knobs.shape(config, inputs, CLASSES) else { continue };
        let share = ((cell.knobs.data_share * rows as f64) as usize).max(1);
        let protocol = cell.knobs.protocol(config, share);
        let count = (protocol.epochs * protocol.steps_per_epoch(share)) as f64;
        let whole = pass(&shape, share);
        let trained = if config.origin == Origin::Train && config.parts().is_none() { count } else { 0.0 };
        seconds += seeds * (trained * step(&shape, protocol.batch_for(share)) + (bends + tuned) * whole);
        seconds += pairs * (config.curve_epochs as f64 + JUDGED) * whole;
        steps += count * seeds;
        parameters = parameters.max(shape.parameters());
        kept += shape.parameters() * plan.seeds;
    }
    let at_once = at_once(&plan) as f64;
    Cost {
        parameters: (config.origin == Origin::Train).then_some(entry).flatten().map(|_| parameters as u64),
        steps: steps as u64,
        memory_bytes: 60_000_000 + kept as u64 * 12,
        seconds: seconds * pace::pace() / at_once,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn more_networks_and_wider_ones_take_longer() {
        let of = |widths: &[u64], seeds: u64| {
            cost(&Config { widths: widths.to_vec(), seeds, ..Config::default() }).seconds
        };
        let small = of(&[4, 8], 2);
        assert!(small > 0.0 && of(&[4, 8], 3) > small && of(&[4, 128], 2) > 2.0 * small, "{small}");
    }
}
