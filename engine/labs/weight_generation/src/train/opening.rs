//! What is opened before the first step: the data, the zoo from disk, the tasks of both; what is wrong with them is said here.

use weightscope_data::Read;
use weightscope_frame::experiment::Problem;
use weightscope_frame::run::RunError;
use weightscope_math::stream;

use super::defect;
use super::import::Imported;
use crate::config::{Autoencoder, ClassOrder, Config};
use crate::data::Material;
use crate::method::tasks::{Order, Tasks};

/// Most tasks that are listed to draw from.
const MOST_TASKS: u64 = 2_000_000;

/// What is read from the files that the settings name, or why they cannot be used.
pub(crate) fn read_data(config: &Config) -> Result<Vec<Read>, Vec<Problem>> {
    let problems = |error: RunError, key: &str| error.into_problems(key, "label_column");
    let material = Material::open(config).map_err(|error| problems(error, "dataset"))?;
    let (tasks, _) = tasks(config, &material).map_err(|error| problems(error, "zoo"))?;
    let sizes = sizes(config, &material, &tasks);
    whole_latent(config, &sizes).map_err(|error| problems(error, "latent"))?;
    let mut reads = vec![material.read().clone()];
    let joined = super::parts::open(config, material.read(), &tasks, &sizes)
        .map_err(|error| problems(error, "parts"))?;
    reads.extend(joined.map(|joined| joined.read));
    if config.has_target() {
        let outputs = sizes.last().copied().unwrap_or(0);
        let target = Material::open_target(config, material.columns, outputs)
            .map_err(|error| error.into_problems("target_data", "target_label_column"))?;
        reads.push(target.read().clone());
    }
    Ok(reads)
}

/// A latent that is no shorter than what it stands for compresses nothing.
pub(super) fn whole_latent(config: &Config, sizes: &[usize]) -> Result<(), RunError> {
    let length = crate::method::vectors::Layout::of_sizes(sizes).length();
    let latent = config.latent_width(length);
    if config.autoencoder != Autoencoder::None && latent > length {
        let text = format!("{latent} numbers for a network of {length} weights");
        let problem = Problem::error(config.latent_key(), text).allowing(config.latents(length));
        return Err(RunError::Problems(vec![problem]));
    }
    Ok(())
}

/// Inputs, hidden widths, outputs.
pub(super) fn sizes(config: &Config, material: &Material, tasks: &Tasks) -> Vec<usize> {
    let outputs = tasks.seen.first().map_or(config.classes_per_task as usize, Vec::len);
    let mut sizes = vec![material.columns];
    sizes.extend(config.hidden_widths.iter().map(|width| *width as usize));
    sizes.push(outputs);
    sizes
}

/// The tasks, and the zoo from disk if it lies there.
pub(super) fn tasks(config: &Config, material: &Material) -> Result<(Tasks, Option<Imported>), RunError> {
    let classes = material.classes();
    let size = config.classes_per_task as usize;
    let order = match config.class_order {
        ClassOrder::Sorted => Order::Sorted,
        ClassOrder::Shuffled => Order::Shuffled,
    };
    let refuse = |key: &str, text: String, allowed: String| {
        RunError::Problems(vec![Problem::error(key, text).allowing(allowed)])
    };
    if size > classes {
        let text = format!("{size} classes of {classes}: {}", config.dataset);
        return Err(refuse("classes_per_task", text, format!("2 to {classes}")));
    }
    if config.reads_zoo() {
        let found = Imported::open(config, material)?;
        let tasks = found.tasks(config, classes, order);
        return Ok((tasks, Some(found)));
    }
    let mut random = stream(config.task_seed, "tasks");
    if config.keeps_checkpoints() {
        let tasks = Tasks::draw_one(classes, size, order, &mut random);
        return Ok((tasks, None));
    }
    let all = crate::method::tasks::count(classes, size);
    if all > MOST_TASKS {
        let text = format!("{size} of {classes} classes make {all} tasks, more than can be drawn from");
        return Err(refuse("classes_per_task", text, "fewer classes".to_owned()));
    }
    let wanted = config.seen_tasks.saturating_add(config.unseen_tasks);
    if wanted > all {
        let text = format!(
            "{} seen and {} unseen tasks, but {size} of {classes} classes make {all}",
            config.seen_tasks, config.unseen_tasks
        );
        let most = all.saturating_sub(config.unseen_tasks);
        return Err(refuse("seen_tasks", text, format!("2 to {most}, or fewer unseen tasks")));
    }
    let counts = (config.seen_tasks as usize, config.unseen_tasks as usize);
    Ok((Tasks::draw(classes, size, counts, order, &mut random).map_err(defect)?, None))
}
