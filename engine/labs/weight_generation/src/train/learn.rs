//! Autoencoder and denoiser in training: one step each, what is recorded, and the early warning while the autoencoder learns.

use weightscope_frame::lab::{Running, Step};
use weightscope_frame::run::RunError;
use weightscope_math::{Stream, stream};
use weightscope_population::graph::Slopes;

use super::{Learned, defect};
use crate::channels as ch;
use crate::config::{Autoencoder, Config, Generator as Kind};
use crate::data::Condition;
use crate::method::diffusion::{average_decay, noised};
use crate::method::flow;
use crate::network::generator::{flow_step, schedule};
use crate::network::trainer::Move;
use crate::network::{autoencoder, denoiser};

/// Steps over which the learning rate of the denoiser rises.
const WARM_UP: f64 = 100.0;
/// Decoupled weight decay of denoiser and encoder, on all parameters.
const DECAY: f64 = 1e-4;
/// Adam's decays of the moments, and those of the published autoencoder (established: stage-1 configuration).
const BETAS: (f64, f64) = (0.9, 0.999);
const PUBLISHED_BETAS: (f64, f64) = (0.5, 0.9);
/// Steps at the end over which the final losses are means.
pub(crate) const LAST: u64 = 200;
/// Spread of the latents above which diffusion meets numbers that it was not made for.
pub(crate) const WIDE: f64 = 10.0;
/// Networks of the zoo that the early warning looks at, at most.
const WATCHED: usize = 100;

/// Losses since the last recorded point, and those of the last steps.
#[derive(Clone, Copy, Debug, Default, PartialEq, serde::Serialize, serde::Deserialize)]
pub(crate) struct Sums {
    pub(crate) steps: u64,
    pub(crate) loss: f64,
    pub(crate) square: f64,
    pub(crate) divergence: f64,
    pub(crate) last: f64,
    pub(crate) last_steps: u64,
}

impl Sums {
    fn add(&mut self, (loss, square, divergence): (f64, f64, f64), at: &Step<'_>) {
        self.steps += 1;
        self.loss += loss;
        self.square += square;
        self.divergence += divergence;
        if at.index + LAST >= at.count {
            self.last += loss;
            self.last_steps += 1;
        }
    }

    fn means(&self) -> (f64, f64, f64) {
        let steps = self.steps.max(1) as f64;
        (self.loss / steps, self.square / steps, self.divergence / steps)
    }

    fn begin_anew(&mut self) {
        *self = Self { last: self.last, last_steps: self.last_steps, ..Self::default() };
    }

    /// Mean of the last steps; not-a-number before them.
    pub(crate) fn last(&self) -> f64 {
        self.last / self.last_steps as f64
    }
}

fn cosine(at: &Step<'_>) -> f64 {
    0.5 * (1.0 + (std::f64::consts::PI * at.index as f64 / at.count.max(1) as f64).cos())
}

/// Rows of a batch with their places in the networks: `(row, place)` drawn with replacement.
fn batch(random: &mut Stream, size: usize, networks: usize, rows: usize) -> (Vec<usize>, Vec<u32>) {
    let chosen: Vec<usize> = (0..size).map(|_| random.below(networks * rows)).collect();
    let places = chosen.iter().map(|row| (row % rows.max(1)) as u32).collect();
    (chosen, places)
}

fn gathered(all: &[f32], rows: &[usize], width: usize) -> Vec<f32> {
    let mut values = Vec::with_capacity(rows.len() * width);
    for row in rows {
        values.extend_from_slice(all.get(row * width..(row + 1) * width).unwrap_or_default());
    }
    values
}

impl Learned {
    /// Latents of rows of a width, drawn around their means where diffusion is to learn such.
    fn drawn(&self, rows: &[usize], width: usize, random: &mut Stream) -> Vec<f32> {
        let mut latents = gathered(&self.latents, rows, width);
        if !self.deviations.is_empty() {
            let mut noise = vec![0.0; latents.len()];
            random.fill_normal(&mut noise);
            let deviations = gathered(&self.deviations, rows, width);
            for ((latent, deviation), noise) in latents.iter_mut().zip(deviations).zip(noise) {
                *latent += deviation * noise;
            }
        }
        latents
    }
}

/// The two halves of a list of rows of a width.
fn half<T>(all: &[T], which: usize, rows: usize, width: usize) -> &[T] {
    let middle = rows / 2 * width;
    let (one, other) = all.split_at(middle.min(all.len()));
    if which == 0 { one } else { other }
}

/// One step of the autoencoder.
pub(crate) fn compress(run: &mut Running<'_, '_, Config>, at: &Step<'_>) -> Result<(), RunError> {
    let (config, seed) = (run.settings, run.context.seed);
    let prepared = run.state.prepared()?;
    let net = run.state.autoencoder_net()?;
    let size = config.batch_size as usize;
    let mut random = stream(seed, &format!("autoencoder {}", at.index));
    let count = prepared.chunks.rows();
    let (chosen, places) = batch(&mut random, size, prepared.networks.len(), count);
    let (width, latent) = (prepared.chunks.width(), net.sizes.latent);
    let rows = gathered(&prepared.rows, &chosen, width);
    let mut noise = vec![0.0; size * latent];
    random.fill_normal(&mut noise);
    let loss = autoencoder::Loss {
        kind: config.reconstruction,
        kl_weight: config.kl_weight,
        factors: &prepared.factors,
    };
    let betas = if config.autoencoder == Autoencoder::Published { PUBLISHED_BETAS } else { BETAS };
    let rate = config.autoencoder_rate * cosine(at);
    let by = Move { learning_rate: rate, betas, weight_decay: 0.0, towards: 0.0 };
    let (one, other) = run.state.autoencoder.step(&net.plan, by, |which, weights| {
        let part = autoencoder::Half {
            rows: half(&rows, which, size, width),
            places: half(&places, which, size, 1),
            noise: half(&noise, which, size, latent),
            total: size,
        };
        net.learn(&part, &loss, weights)
    });
    let divergence = one.divergence + other.divergence;
    let total = one.reconstruction + other.reconstruction + config.kl_weight * divergence;
    run.context.finite("the loss of the autoencoder", total)?;
    run.state.autoencoder_sums.add((total, one.square + other.square, divergence), at);
    Ok(())
}

/// Records the losses of the autoencoder.
pub(crate) fn record_compress(run: &mut Running<'_, '_, Config>) -> Result<(), RunError> {
    let (loss, square, divergence) = run.state.autoencoder_sums.means();
    run.state.autoencoder_sums.begin_anew();
    run.context.scalar(&ch::AUTOENCODER_LOSS, loss);
    run.context.scalar(&ch::RECONSTRUCTION_ERROR, square);
    run.context.scalar(&ch::DIVERGENCE, divergence);
    Ok(())
}

/// Accuracy of reconstructed networks of the zoo, and of networks of unseen tasks: what predicts how good generation can become.
pub(crate) fn early_warning(run: &mut Running<'_, '_, Config>) -> Result<(), RunError> {
    let prepared = run.state.prepared()?;
    let net = run.state.autoencoder_net()?;
    let bench = &run.shared.bench;
    let weights = &run.state.autoencoder.values;
    let stride = prepared.networks.len().div_ceil(WATCHED).max(1);
    let (rows, width) = (prepared.chunks.rows(), prepared.chunks.width());
    let chosen: Vec<usize> = (0..prepared.networks.len()).step_by(stride).collect();
    let own = gathered(&prepared.rows, &chosen, rows * width);
    let tasks: Vec<usize> =
        chosen.iter().filter_map(|place| run.state.zoo.task_of.get(*place).copied()).collect();
    let places = |count: usize| (0..count).flat_map(|_| 0..rows as u32).collect::<Vec<u32>>();
    let rebuilt = |values: &[f32], count: usize| -> Result<(Vec<Vec<f32>>, f64), RunError> {
        let latents = net.encode(weights, values, &places(count));
        let squares: f64 = latents.iter().map(|value| f64::from(value.abs())).fold(0.0, f64::max);
        let decoded = net.decode(weights, &latents, &places(count));
        Ok((prepared.networks_of(&decoded).map_err(defect)?, squares))
    };
    let judged = |networks: &[Vec<f32>], tasks: &[usize]| -> Result<f64, RunError> {
        let pairs: Vec<(usize, &[f32])> =
            tasks.iter().copied().zip(networks.iter().map(Vec::as_slice)).collect();
        let all = bench.accuracies(&pairs)?;
        Ok(all.iter().sum::<f64>() / all.len().max(1) as f64)
    };
    let (networks, largest) = rebuilt(&own, chosen.len())?;
    let accuracy = judged(&networks, &tasks)?;
    let unseen: Vec<usize> = (bench.seen..bench.tasks.len()).collect();
    let held = if unseen.is_empty() {
        None
    } else {
        let (networks, _) = rebuilt(&prepared.scratch_rows, unseen.len())?;
        Some(judged(&networks, &unseen)?)
    };
    run.context.scalar(&ch::RECONSTRUCTED, accuracy);
    run.context.scalar(&ch::LARGEST_LATENT, largest);
    if let Some(held) = held {
        run.context.scalar(&ch::RECONSTRUCTED_UNSEEN, held);
    }
    Ok(())
}

/// One step of the alignment of the encoder: all of the batch at once, since its rows are compared with each other.
pub(crate) fn align(run: &mut Running<'_, '_, Config>, at: &Step<'_>) -> Result<(), RunError> {
    let (config, seed) = (run.settings, run.context.seed);
    let learned = run.state.learned()?;
    let net = run.state.denoiser_net()?;
    let width = net.sizes.rows * net.sizes.latent;
    let networks = learned.latents.len() / width.max(1);
    let mut random = stream(seed, &format!("alignment {}", at.index));
    let size = (config.batch_size as usize).min(networks);
    let mut chosen = random.permutation(networks);
    chosen.truncate(size);
    let draws = config.condition_draws as usize;
    let view = random.below(draws);
    let latents = learned.drawn(&chosen, width, &mut random);
    let conditions: Vec<&Condition> =
        chosen.iter().filter_map(|network| learned.bank.get(network * draws + view)).collect();
    let rate = config.diffusion_rate * cosine(at);
    let by = Move { learning_rate: rate, betas: BETAS, weight_decay: 0.0, towards: 0.0 };
    let (loss, _) = run.state.denoiser.step(&net.plan, by, |which, weights| {
        let found = match which {
            0 => net.align(config.alignment, &conditions, &latents, weights),
            _ => Ok((0.0, Slopes::default())),
        };
        match found {
            Ok((loss, slopes)) => (Ok(loss), slopes),
            Err(error) => (Err(error), Slopes::default()),
        }
    });
    let loss = loss.map_err(defect)?;
    run.context.finite("the loss of the alignment", loss)?;
    run.state.alignment_sums.add((loss, 0.0, 0.0), at);
    Ok(())
}

/// Records the loss of the alignment.
pub(crate) fn record_align(run: &mut Running<'_, '_, Config>) -> Result<(), RunError> {
    let (loss, ..) = run.state.alignment_sums.means();
    run.state.alignment_sums.begin_anew();
    run.context.scalar(&ch::ALIGNMENT_LOSS, loss);
    Ok(())
}

/// One step of the denoiser with its encoder.
pub(crate) fn diffuse(run: &mut Running<'_, '_, Config>, at: &Step<'_>) -> Result<(), RunError> {
    let (config, seed) = (run.settings, run.context.seed);
    let learned = run.state.learned()?;
    let net = run.state.denoiser_net()?;
    let size = config.batch_size as usize;
    let (rows, latent) = (net.sizes.rows, net.sizes.latent);
    let networks = learned.latents.len() / (rows * latent).max(1);
    let mut random = stream(seed, &format!("denoiser {}", at.index));
    let (chosen, places) = batch(&mut random, size, networks, rows);
    let view = random.below(config.condition_draws as usize);
    let clean = learned.drawn(&chosen, latent, &mut random);
    let mut noise = vec![0.0; size * latent];
    random.fill_normal(&mut noise);
    let (x, target, steps) = corrupted(config, &clean, &noise, latent, &mut random)?;
    let conditions: Vec<&Condition> = chosen
        .iter()
        .filter_map(|row| learned.bank.get(row / rows.max(1) * config.condition_draws as usize + view))
        .collect();
    let kept: Vec<f32> = if config.condition_dropout > 0.0 {
        (0..size).map(|_| f32::from(u8::from(random.unit_f64() >= config.condition_dropout))).collect()
    } else {
        Vec::new()
    };
    let warm = ((at.index + 1) as f64 / WARM_UP).min(1.0);
    let by = Move {
        learning_rate: config.diffusion_rate * warm * cosine(at),
        betas: BETAS,
        weight_decay: DECAY,
        towards: 1.0 - average_decay(config.average, at.index + 1),
    };
    let (one, other) = run.state.denoiser.step(&net.plan, by, |which, weights| {
        let part = denoiser::Half {
            x: half(&x, which, size, latent),
            target: half(&target, which, size, latent),
            steps: half(&steps, which, size, 1),
            places: half(&places, which, size, 1),
            conditions: half(&conditions, which, size, 1),
            kept: half(&kept, which, size, 1),
            total: size,
        };
        net.learn(&part, weights)
    });
    let loss = one + other;
    run.context.finite("the loss of the denoiser", loss)?;
    run.state.denoiser_sums.add((loss, 0.0, 0.0), at);
    Ok(())
}

/// Noisy latents, what is predicted of them, and the step of each row.
type Corrupted = (Vec<f32>, Vec<f32>, Vec<f64>);

/// Adds noise to latents.
fn corrupted(
    config: &Config,
    clean: &[f32],
    noise: &[f32],
    latent: usize,
    random: &mut Stream,
) -> Result<Corrupted, RunError> {
    let pairs = clean.chunks_exact(latent.max(1)).zip(noise.chunks_exact(latent.max(1)));
    let (mut x, mut target, mut steps) = (Vec::new(), Vec::new(), Vec::new());
    if config.generator == Kind::Flow {
        for (clean, noise) in pairs {
            let time = random.unit_f64();
            x.extend(flow::place(clean, noise, time));
            target.extend(flow::velocity(clean, noise));
            steps.push(flow_step(config, time));
        }
        return Ok((x, target, steps));
    }
    let schedule = schedule(config).map_err(defect)?;
    for (clean, noise) in pairs {
        let t = random.below(schedule.count());
        x.extend(noised(schedule.step(t).map_err(defect)?, clean, noise));
        steps.push(t as f64);
    }
    target.extend_from_slice(noise);
    Ok((x, target, steps))
}

/// Records the loss of the denoiser.
pub(crate) fn record_diffuse(run: &mut Running<'_, '_, Config>) -> Result<(), RunError> {
    let (loss, ..) = run.state.denoiser_sums.means();
    run.state.denoiser_sums.begin_anew();
    run.context.scalar(&ch::DIFFUSION_LOSS, loss);
    Ok(())
}
