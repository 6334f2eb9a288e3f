//! What a run will cost, from its settings alone; the rates were measured with `weightscope run` on two cores of a virtual machine.

use weightscope_frame::experiment::{Cost, Spread};

use super::{Config, Model, Task};
use crate::base::Architecture;

/// The passes are spread over the workers, as `quick` says: 12.8 s with one of them, 7.5 s with two.
pub(crate) const SPREAD: Spread = Spread { workers: 2, share: 0.83 };

/// The estimate.
pub(crate) fn cost(config: &Config) -> Cost {
    let parameters = Architecture::of(config).layout().len() as f64;
    let rows = config.batch_size as f64 * if config.is_language() { config.context as f64 } else { 1.0 };
    // Six operations for each parameter and row, and what is elementwise.
    let heavy = if config.model == Model::Rwkv { 1.6 } else { 1.0 };
    let step = 1e-4 + 1.7e-10 * heavy * parameters * rows;
    let base = if config.trains_base() { config.steps_of_base() } else { 0 };
    let adaptation = if config.task == Task::Pretrain { 0 } else { config.steps };
    let beside = if config.has_full_beside() { 2.0 } else { 1.0 };
    let repeats = if config.is_language() { 1.0 } else { config.repeats as f64 };
    let judged = 1.0 + 1.5 / config.record_every.max(1) as f64;
    let seconds = 0.3 + repeats * step * (base as f64 * judged + adaptation as f64 * beside * judged);
    Cost {
        parameters: Some(parameters as u64),
        steps: base + adaptation + 1,
        memory_bytes: 60_000_000 + (parameters * 60.0 + rows * 16_000.0) as u64,
        seconds,
    }
}
