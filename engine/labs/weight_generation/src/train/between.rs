//! Networks between and beyond two conditions, made by a stored run's generator for its view.

use std::path::Path;
use std::sync::Arc;

use weightscope_frame::run::{Control, RunError};
use weightscope_frame::store::{self, Codec, CodecError, Saved};
use weightscope_math::stream;
use weightscope_population::{Activation, Objective, Shape};

use super::bench::Bench;
use super::prepared::Prepared;
use super::zoo::Zoo;
use super::{defect, generator_sizes, product};
use crate::config::{Autoencoder, Config};
use crate::data::Material;
use crate::method::recipe::CONDITION_WIDTH;
use crate::network::generator::{Generator, Scaling};
use crate::network::trainer::Trainer;
use crate::network::{autoencoder, denoiser};

/// Range of the share of the second condition.
pub(crate) const LEAST: f64 = -0.5;
pub(crate) const MOST: f64 = 1.5;
/// Networks over the range.
const POINTS: usize = 21;

/// Accuracies over the share of the second condition.
pub(crate) struct Between {
    pub(crate) shares: Vec<f64>,
    /// On the data of the first task, and of the second.
    pub(crate) first: Vec<f64>,
    pub(crate) second: Vec<f64>,
    /// Both at the chosen share.
    pub(crate) chosen: (f64, f64),
}

/// The part of a checkpoint that is needed.
#[derive(Default)]
struct Parts {
    zoo: Zoo,
    autoencoder: Trainer,
    denoiser: Trainer,
    reached: u64,
}

impl Saved for Parts {
    fn codec(&mut self, codec: &mut Codec<'_>) -> Result<(), CodecError> {
        codec.part("zoo.", &mut self.zoo)?;
        codec.part("autoencoder.", &mut self.autoencoder)?;
        codec.part("denoiser.", &mut self.denoiser)?;
        codec.count("reached", &mut self.reached)
    }
}

impl Between {
    /// Makes networks with shares of two evaluated tasks' conditions (their places among the evaluated ones), all from the same noise.
    pub(crate) fn make(
        config: &Config,
        folder: &Path,
        (first, second): (usize, usize),
        share: f64,
        control: &Control,
    ) -> Result<Self, RunError> {
        let mut parts = Parts::default();
        store::restore(&mut parts, &product::newest(folder)?)?;
        let experiment = store::read_experiment(crate::OWN, folder)?;
        let material = Material::open(config)?;
        let (tasks, _) = super::tasks(config, &material)?;
        let sizes = super::sizes(config, &material, &tasks);
        let shape = Shape::new(&sizes, Activation::Relu, Objective::CrossEntropy)
            .map_err(|error| RunError::Defect(error.to_string()))?;
        let bench = Bench::new(config, &material, &tasks, shape)?;
        control.check()?;
        let generator = generator(config, &parts, &sizes, material.columns)?;
        let seen = bench.seen.min(config.evaluated_seen as usize);
        let task = |place: usize| if place < seen { place } else { bench.seen + place - seen };
        let (first, second) = (task(first), task(second));
        let condition = |task: usize| {
            let mut random = stream(experiment.seed, &format!("condition 0 {task}"));
            let classes = bench.tasks.get(task).map_or(&[][..], Vec::as_slice);
            material.condition(classes, config.images_per_class as usize, &mut random)
        };
        let ends = [condition(first), condition(second)];
        let embedded = generator.embed(&ends.iter().collect::<Vec<_>>());
        let (one, other) = embedded.split_at(embedded.len().min(CONDITION_WIDTH));
        let mut shares: Vec<f64> =
            (0..POINTS).map(|point| LEAST + (MOST - LEAST) * point as f64 / (POINTS - 1) as f64).collect();
        shares.push(share);
        let embeddings: Vec<f32> = shares
            .iter()
            .flat_map(|share| {
                let share = *share as f32;
                one.iter().zip(other).map(move |(one, other)| (1.0 - share) * one + share * other)
            })
            .collect();
        let mut random = stream(experiment.seed, "between");
        let mut noise = vec![0.0; generator.latent_length()];
        random.fill_normal(&mut noise);
        let drawn = generator.draw_from(config, &embeddings, noise.repeat(shares.len()), &mut random, |_| {});
        control.check()?;
        let latents: Vec<f32> = drawn.map_err(defect)?.into_iter().flat_map(|one| one.latent).collect();
        let networks = generator.decode(&latents).map_err(defect)?;
        let on = |task: usize| -> Result<Vec<f64>, RunError> {
            bench.accuracies(&networks.iter().map(|network| (task, network.as_slice())).collect::<Vec<_>>())
        };
        let (mut first, mut second) = (on(first)?, on(second)?);
        shares.pop();
        let chosen = (first.pop().unwrap_or(f64::NAN), second.pop().unwrap_or(f64::NAN));
        Ok(Self { shares, first, second, chosen })
    }
}

/// The generator of a stored run; refused before its denoiser is trained.
fn generator(config: &Config, parts: &Parts, sizes: &[usize], columns: usize) -> Result<Generator, RunError> {
    if parts.reached < 3 {
        return Err(RunError::setting(
            "view",
            "the denoiser is not trained yet; look again when the run is done",
        ));
    }
    let prepared = Prepared::new(config, sizes, &parts.zoo.networks, &parts.zoo.scratch).map_err(defect)?;
    let own = generator_sizes(config, &prepared);
    let mut latents = Scaling::none(own.latent);
    let autoencoder = if config.autoencoder == Autoencoder::None {
        None
    } else {
        let net = autoencoder::Net::new(own, config.images().as_ref());
        let places: Vec<u32> = (0..prepared.networks.len()).flat_map(|_| 0..own.rows as u32).collect();
        latents = Scaling::of(&net.encode(&parts.autoencoder.values, &prepared.rows, &places), own.latent);
        Some((net, parts.autoencoder.values.clone()))
    };
    let net = denoiser::Net::new(config, own, columns, sizes.last().copied().unwrap_or(0));
    let denoiser = Some((net, parts.denoiser.average.clone()));
    Ok(Generator { prepared: Arc::new(prepared), autoencoder, denoiser, latents })
}
