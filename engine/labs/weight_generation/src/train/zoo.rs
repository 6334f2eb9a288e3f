//! The zoo: networks of the seen tasks, and one of each unseen task as the ceiling; trained here, or read from disk.

use weightscope_frame::lab::Running;
use weightscope_frame::run::{Jobs, News, RunError};
use weightscope_frame::store::{Codec, CodecError, Saved};
use weightscope_math::stream;

use super::bench::Bench;
use super::import::Imported;
use crate::channels as ch;
use crate::config::Config;

/// Networks as vectors.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Zoo {
    /// Networks of the seen tasks, task after task.
    pub(crate) networks: Vec<Vec<f32>>,
    /// Task of each.
    pub(crate) task_of: Vec<usize>,
    /// Test accuracy of each.
    pub(crate) accuracies: Vec<f64>,
    /// One network of each unseen task, trained from its start.
    pub(crate) scratch: Vec<Vec<f32>>,
    /// Test accuracy of each.
    pub(crate) scratch_accuracies: Vec<f64>,
    /// The common start, if there is one.
    pub(crate) start: Vec<f32>,
    /// Values of a network.
    pub(crate) length: usize,
}

impl Saved for Zoo {
    fn codec(&mut self, codec: &mut Codec<'_>) -> Result<(), CodecError> {
        let mut sizes = [self.networks.len(), self.scratch.len(), self.start.len(), self.length];
        codec.value("sizes.cbor", &mut sizes)?;
        codec.value("task_of.cbor", &mut self.task_of)?;
        codec.value("accuracies.cbor", &mut self.accuracies)?;
        codec.value("scratch_accuracies.cbor", &mut self.scratch_accuracies)?;
        let [networks, scratch, start, length] = sizes;
        self.length = length;
        all(codec, "networks", &mut self.networks, (networks, length))?;
        all(codec, "scratch", &mut self.scratch, (scratch, length))?;
        self.start.resize(start, 0.0);
        codec.tensor("start", &[start], &mut self.start)
    }
}

/// So many vectors of one length as one tensor.
pub(crate) fn all(
    codec: &mut Codec<'_>,
    name: &str,
    vectors: &mut Vec<Vec<f32>>,
    (count, length): (usize, usize),
) -> Result<(), CodecError> {
    let mut flat: Vec<f32> = vectors.concat();
    flat.resize(count * length, 0.0);
    codec.tensor(name, &[count, length], &mut flat)?;
    if codec.is_reading() {
        *vectors = flat.chunks_exact(length.max(1)).map(<[f32]>::to_vec).collect();
    }
    Ok(())
}

impl Zoo {
    /// Nothing trained yet, or what lies on disk.
    pub(crate) fn new(config: &Config, bench: &Bench, imported: Option<&Imported>, seed: u64) -> Self {
        let length = bench.shape.parameters();
        let own = bench.start(config, seed, "0");
        match imported {
            Some(found) => Self {
                networks: found.networks.clone(),
                task_of: found.task_of.clone(),
                start: found.start.clone().unwrap_or(own),
                length,
                ..Self::default()
            },
            None => Self { start: own, length, ..Self::default() },
        }
    }

    /// Networks of each task by their places, in the order of the tasks.
    pub(crate) fn groups(&self, tasks: usize) -> Vec<Vec<usize>> {
        let mut groups = vec![Vec::new(); tasks];
        for (place, task) in self.task_of.iter().enumerate() {
            if let Some(group) = groups.get_mut(*task) {
                group.push(place);
            }
        }
        groups
    }
}

/// Jobs of the whole zoo for so many seen and unseen tasks: those that train, and one that judges what was read.
pub(crate) fn jobs(config: &Config, seen: usize, unseen: usize) -> usize {
    if config.trains_zoo() { seen * config.models_per_task as usize + unseen } else { 1 + unseen }
}

/// Steps of the stage: the jobs of the part that is made.
pub(crate) fn steps(config: &Config, bench: &Bench) -> u64 {
    config.part().jobs(all_jobs(config, bench)).len() as u64
}

fn all_jobs(config: &Config, bench: &Bench) -> usize {
    jobs(config, bench.seen, bench.tasks.len() - bench.seen)
}

/// What a job brings: networks of one task.
pub(super) type Made = Vec<(Vec<f32>, f64)>;

/// Trains what is missing, in order, or takes it from the runs that made the parts.
pub(crate) fn train(run: &mut Running<'_, '_, Config>) -> Result<(), RunError> {
    let (config, shared, seed) = (run.settings, run.shared, run.context.seed);
    let bench = &shared.bench;
    let total = all_jobs(config, bench);
    let part = config.part().jobs(total);
    let done = run.state.zoo_done as usize;
    let unseen = bench.tasks.len() - bench.seen;
    let zoo = run.state.zoo.clone();
    run.jobs::<Made, ()>(
        &Jobs::new("network", part.len().saturating_sub(done)),
        |number, job| {
            let number = at(&part, done + number)?;
            job.check()?;
            if let Some(joined) = &shared.joined {
                return joined.made(number);
            }
            if number + unseen >= total {
                let place = number + unseen - total;
                return scratch(config, bench, &zoo, place, seed);
            }
            own(config, bench, &zoo, number, seed)
        },
        |run, news| {
            if let News::Next(number, made) = news {
                run.begin_step(1.0)?;
                take(run, made, at(&part, done + number)?, total - unseen);
                run.end_step()?;
            }
            Ok(())
        },
    )
}

/// The job at a place of a part.
fn at(part: &[usize], place: usize) -> Result<usize, RunError> {
    part.get(place).copied().ok_or_else(|| RunError::Defect("a network of the zoo is missing".to_owned()))
}

/// The networks of one job of the zoo.
fn own(config: &Config, bench: &Bench, zoo: &Zoo, number: usize, seed: u64) -> Result<Made, RunError> {
    if config.reads_zoo() {
        let pairs = zoo.networks.iter().zip(&zoo.task_of);
        let pairs: Vec<(usize, &[f32])> = pairs.map(|(network, task)| (*task, network.as_slice())).collect();
        let accuracies = bench.accuracies(&pairs)?;
        return Ok(zoo.networks.iter().cloned().zip(accuracies).collect());
    }
    if config.keeps_checkpoints() {
        return checkpoints(config, bench, &zoo.start, seed);
    }
    let task = number / (config.models_per_task as usize).max(1);
    let start = bench.start(config, seed, &number.to_string());
    let mut random = stream(seed, &format!("zoo {number}"));
    let network = bench.train(task, &start, config.zoo_steps, &mut random, |_, _| Ok(()), |_| false)?;
    let accuracy = bench.accuracy(task, &network)?;
    Ok(vec![(network, accuracy)])
}

/// One network of the only task, trained, then kept after each batch of one more pass over its rows, which are cut into as many batches.
fn checkpoints(config: &Config, bench: &Bench, start: &[f32], seed: u64) -> Result<Made, RunError> {
    let mut random = stream(seed, "zoo 0");
    let network = bench.train(0, start, config.zoo_steps, &mut random, |_, _| Ok(()), |_| false)?;
    let kept = bench.last_epoch(0, &network, config.models_per_task as usize, &mut random)?;
    let pairs: Vec<(usize, &[f32])> = kept.iter().map(|network| (0, network.as_slice())).collect();
    let accuracies = bench.accuracies(&pairs)?;
    Ok(kept.into_iter().zip(accuracies).collect())
}

/// A network of an unseen task, trained as those of the zoo.
fn scratch(config: &Config, bench: &Bench, zoo: &Zoo, place: usize, seed: u64) -> Result<Made, RunError> {
    let task = bench.seen + place;
    let start = match config.initialisation {
        crate::config::Initialisation::Common => zoo.start.clone(),
        crate::config::Initialisation::Independent => bench.start(config, seed, &format!("unseen {place}")),
    };
    let mut random = stream(seed, &format!("unseen {place}"));
    let network = bench.train(task, &start, config.zoo_steps, &mut random, |_, _| Ok(()), |_| false)?;
    let accuracy = bench.accuracy(task, &network)?;
    Ok(vec![(network, accuracy)])
}

/// Takes what a job brought; the first so many jobs are of seen tasks.
fn take(run: &mut Running<'_, '_, Config>, made: Made, number: usize, own: usize) {
    let zoo = &mut run.state.zoo;
    let is_scratch = number >= own;
    let mean = made.iter().map(|(_, accuracy)| accuracy).sum::<f64>() / made.len().max(1) as f64;
    if is_scratch {
        for (network, accuracy) in made {
            zoo.scratch.push(network);
            zoo.scratch_accuracies.push(accuracy);
        }
    } else if run.settings.reads_zoo() {
        zoo.accuracies = made.into_iter().map(|(_, accuracy)| accuracy).collect();
    } else {
        let each = (run.settings.models_per_task as usize).max(1);
        let task = if run.settings.keeps_checkpoints() { 0 } else { number / each };
        for (network, accuracy) in made {
            zoo.task_of.push(task);
            zoo.networks.push(network);
            zoo.accuracies.push(accuracy);
        }
    }
    run.state.zoo_done += 1;
    let channel = if is_scratch { &ch::SCRATCH_ACCURACY } else { &ch::ZOO_ACCURACY };
    run.context.scalar(channel, mean);
}
