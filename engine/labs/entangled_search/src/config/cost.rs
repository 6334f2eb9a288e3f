//! What a run will cost, from its settings alone; the rates were measured with `weightscope run` on one core of a virtual machine.

use weightscope_data::catalogue;
use weightscope_frame::experiment::Cost;

use super::{Config, Finish, Shape, SpaceKind, Task};
use crate::method::space::{self, Mixing};

/// Seconds for one multiply-add of one row, forward and backward, about.
const WORK: f64 = 1.6e-9;
/// Seconds of one pass beside its arithmetic.
const PASS: f64 = 4e-4;

/// The estimate.
pub(crate) fn cost(config: &Config) -> Cost {
    if config.space == SpaceKind::Table {
        let searches = (config.searchers.len() as u64) * config.repeats;
        return Cost {
            parameters: Some(0),
            steps: searches,
            memory_bytes: 30_000_000,
            seconds: 2e-6 * searches as f64 * config.table_evaluations as f64,
        };
    }
    let known = catalogue::entry(&config.dataset);
    let shape = known.map_or(Shape::DIGITS, |entry| Shape {
        image: [entry.image.channels, entry.image.height, entry.image.width],
        classes: entry.class_names.len(),
    });
    let Ok(space) = config.space_of(shape) else { return Cost::default() };
    let largest = space::largest(&*space);
    let size = space.size(&largest);
    let pass = |share: f64| PASS + WORK * share * size.multiply_adds as f64 * config.batch_size as f64;
    let ways = match config.mixing() {
        Mixing::Output | Mixing::Separate => 3.0,
        Mixing::Slice | Mixing::Alone => 0.4,
        Mixing::Superposed => 1.0,
    };
    let all = if config.space == SpaceKind::Vit {
        config.table_architectures as usize
    } else {
        space::architectures(&*space).len()
    };
    let rows = (config.train_rows + config.architecture_rows) as usize;
    let (mut steps, mut seconds) = (0, 0.0);
    if config.computes_table() {
        let own = if config.parts().is_some() { 0 } else { config.part().jobs(all).len() };
        let trainings = own as u64 * config.table_seeds;
        steps += trainings;
        seconds += trainings as f64 * config.table_recipe().steps(rows) as f64 * pass(0.35);
    }
    if config.searches() {
        let rankings = (config.steps / config.rank_every.max(1) + 1) as f64 * all as f64;
        let scoring = pass(0.15) * config.architecture_rows as f64 / config.batch_size.max(1) as f64;
        steps += config.steps;
        seconds += config.steps as f64 * pass(ways) * if config.trains_supernet() { 2.0 } else { 1.0 }
            + rankings * scoring;
        if matches!(config.finish, Finish::FineTune | Finish::Retrain) {
            seconds +=
                2.0 * config.finish_epochs as f64 * rows as f64 / config.batch_size.max(1) as f64 * pass(1.0);
        }
    }
    if config.task == Task::Costs {
        seconds += 60.0 * pass(8.0);
    }
    Cost {
        parameters: known.map(|_| size.parameters as u64),
        steps,
        memory_bytes: 60_000_000 + rows as u64 * 64 * 16,
        seconds,
    }
}
