//! What makes networks: encoder and denoiser give latents from noise, the autoencoder gives rows of latents, scales give weights of rows.

use std::sync::Arc;

use weightscope_math::Stream;
use weightscope_math::linalg::Dense;
use weightscope_population::Lane;

use super::{autoencoder, denoiser};
use crate::config::{Config, Generator as Kind, Sampler, Schedule as Word, Visited};
use crate::data::Condition;
use crate::method::diffusion::{Visits, guided, implicit_places};
use crate::method::error::Result;
use crate::method::flow;
use crate::method::recipe::CONDITION_WIDTH;
use crate::method::sampler::{self, Draw, Progress};
use crate::method::schedule::{Betas, COSINE_OFFSET, Schedule};
use crate::train::prepared::Prepared;

/// Trained parts of the generator.
#[derive(Clone)]
pub(crate) struct Generator {
    pub(crate) prepared: Arc<Prepared>,
    /// Autoencoder with its weights; none where diffusion works on the rows themselves.
    pub(crate) autoencoder: Option<(autoencoder::Net, Vec<Lane>)>,
    /// Denoiser with its averaged weights; none for the replica.
    pub(crate) denoiser: Option<(denoiser::Net, Vec<Lane>)>,
    /// Mean and deviation by which latents were brought to 0 and 1.
    pub(crate) latents: Scaling,
}

/// How latents are scaled for diffusion.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Scaling {
    /// Mean of each number of a latent row.
    pub(crate) means: Vec<f32>,
    /// One deviation for all.
    pub(crate) deviation: f32,
}

impl Scaling {
    /// The scaling of latent rows `[rows, width]`: their mean, and the deviation of all their numbers.
    pub(crate) fn of(rows: &[f32], width: usize) -> Self {
        let count = (rows.len() / width.max(1)).max(1) as f64;
        let mut sums = vec![0.0_f64; width];
        for row in rows.chunks_exact(width.max(1)) {
            sums.iter_mut().zip(row).for_each(|(sum, value)| *sum += f64::from(*value));
        }
        let spread = weightscope_math::stats::moments::Moments::of(
            &rows.iter().map(|value| f64::from(*value)).collect::<Vec<f64>>(),
        );
        let deviation = spread.variance().map_or(0.0, f64::sqrt) as f32;
        let deviation = if deviation.is_finite() && deviation > 0.0 { deviation } else { 1.0 };
        Self { means: sums.into_iter().map(|sum| (sum / count) as f32).collect(), deviation }
    }

    /// No change.
    pub(crate) fn none(width: usize) -> Self {
        Self { means: vec![0.0; width], deviation: 1.0 }
    }

    /// Rows to mean 0 and deviation 1.
    pub(crate) fn apply(&self, rows: &mut [f32]) {
        for row in rows.chunks_exact_mut(self.means.len().max(1)) {
            row.iter_mut()
                .zip(&self.means)
                .for_each(|(value, mean)| *value = (*value - mean) / self.deviation);
        }
    }

    /// And back.
    pub(crate) fn undo(&self, rows: &mut [f32]) {
        for row in rows.chunks_exact_mut(self.means.len().max(1)) {
            row.iter_mut().zip(&self.means).for_each(|(value, mean)| *value = *value * self.deviation + mean);
        }
    }
}

/// A network as it was drawn.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Drawn {
    /// Its scaled latent, all rows one after the other.
    pub(crate) latent: Vec<f32>,
    /// Whether one of its rows stopped early or ended far outside what was learned.
    pub(crate) exploded: bool,
}

/// The noise schedule of the settings.
pub(crate) fn schedule(config: &Config) -> Result<Schedule> {
    let steps = config.noise_steps as usize;
    match config.schedule {
        Word::RootLinear => Schedule::rescaled(Betas::PUBLISHED, steps),
        Word::Linear => {
            // p-diff's 1e-4 to 0.02 over 1000 steps, scaled to the same noise at the end.
            let factor = 1000.0 / steps.max(1) as f64;
            Schedule::new(Betas::Linear { start: 1e-4 * factor, end: 0.02 * factor }, steps)
        }
        Word::Cosine => Schedule::new(Betas::Cosine { offset: COSINE_OFFSET }, steps),
    }
}

impl Generator {
    /// Rows of a network.
    pub(crate) fn rows(&self) -> usize {
        self.prepared.chunks.rows()
    }

    /// Numbers of a network's latent, all rows together.
    pub(crate) fn latent_length(&self) -> usize {
        self.latents.means.len() * self.rows()
    }

    fn places(&self, networks: usize) -> Vec<u32> {
        (0..networks).flat_map(|_| 0..self.rows() as u32).collect()
    }

    /// Scaled latents of rows of weights, `[networks, rows · latent]`.
    pub(crate) fn encode(&self, rows: &[f32]) -> Vec<f32> {
        let networks = rows.len() / (self.rows() * self.prepared.chunks.width()).max(1);
        let mut latents = match &self.autoencoder {
            Some((net, weights)) => net.encode(weights, rows, &self.places(networks)),
            None => rows.to_vec(),
        };
        self.latents.apply(&mut latents);
        latents
    }

    /// Networks of scaled latents `[networks, rows · latent]`.
    pub(crate) fn decode(&self, latents: &[f32]) -> Result<Vec<Vec<f32>>> {
        let networks = latents.len() / self.latent_length().max(1);
        let mut latents = latents.to_vec();
        self.latents.undo(&mut latents);
        let rows = match &self.autoencoder {
            Some((net, weights)) => net.decode(weights, &latents, &self.places(networks)),
            None => latents,
        };
        self.prepared.networks_of(&rows)
    }

    /// Embeddings of conditions, one after another.
    pub(crate) fn embed(&self, conditions: &[&Condition]) -> Vec<f32> {
        match &self.denoiser {
            Some((net, weights)) => net.embed(weights, conditions),
            None => Vec::new(),
        }
    }

    /// Draws a network for every embedding, `[networks, 128]`, from noise; `watch` sees every step with the scaled latents of all rows.
    pub(crate) fn draw(
        &self,
        config: &Config,
        embeddings: &[f32],
        random: &mut Stream,
        watch: impl FnMut(Progress<'_, f32>),
    ) -> Result<Vec<Drawn>> {
        let mut noise = vec![0.0_f32; embeddings.len() / CONDITION_WIDTH * self.latent_length()];
        random.fill_normal(&mut noise);
        self.draw_from(config, embeddings, noise, random, watch)
    }

    /// The same from given noise, `[networks, rows · latent]`.
    pub(crate) fn draw_from(
        &self,
        config: &Config,
        embeddings: &[f32],
        noise: Vec<f32>,
        random: &mut Stream,
        mut watch: impl FnMut(Progress<'_, f32>),
    ) -> Result<Vec<Drawn>> {
        let Some((net, weights)) = &self.denoiser else { return Ok(Vec::new()) };
        let (rows, latent) = (self.rows(), self.latents.means.len());
        let networks = embeddings.len() / CONDITION_WIDTH;
        let places = self.places(networks);
        let repeated: Vec<f32> = embeddings
            .chunks_exact(CONDITION_WIDTH)
            .flat_map(|one| std::iter::repeat_n(one, rows).flatten().copied())
            .collect();
        let without = vec![0.0; repeated.len()];
        let start = Dense::new(networks * rows, latent, noise)?;
        let ask = |x: &Dense<f32>, step: f64| -> Result<Dense<f32>> {
            let mut predicted = net.predict(weights, x.values(), step, &repeated, &places);
            if config.guidance != 1.0 {
                let alone = net.predict(weights, x.values(), step, &without, &places);
                predicted = guided(&alone, &predicted, config.guidance);
            }
            Ok(Dense::new(x.rows(), x.columns(), predicted)?)
        };
        let fill = |row: &mut [f32]| random.fill_normal(row);
        let draws = match (config.generator, config.sampler) {
            (Kind::Flow, _) => walk_flow(start, config, ask, &mut watch)?,
            (_, Sampler::Ddim) => {
                let visits = match config.visits {
                    Visited::Even => Visits::Even,
                    Visited::Published => Visits::Published,
                };
                let places = implicit_places(&schedule(config)?, config.sampling_steps as usize, visits)?;
                sampler::implicit(&places, start, 0.0, |x, t| ask(x, t as f64), fill, watch)?
            }
            (_, Sampler::Ancestral) => {
                sampler::all_steps(&schedule(config)?, start, |x, t| ask(x, t as f64), fill, watch)?
            }
        };
        Ok(draws.chunks(rows.max(1)).map(joined).collect())
    }
}

/// The rows of one network as one.
fn joined(rows: &[Draw<f32>]) -> Drawn {
    Drawn {
        latent: rows.iter().flat_map(|row| row.sample.iter().copied()).collect(),
        exploded: rows.iter().any(Draw::exploded),
    }
}

/// Time of the flow as a step of the denoiser's embedding: from 0 to the number of noise steps.
pub(crate) fn flow_step(config: &Config, time: f64) -> f64 {
    time * config.noise_steps as f64
}

fn walk_flow(
    start: Dense<f32>,
    config: &Config,
    ask: impl Fn(&Dense<f32>, f64) -> Result<Dense<f32>>,
    watch: &mut impl FnMut(Progress<'_, f32>),
) -> Result<Vec<Draw<f32>>> {
    let steps = config.sampling_steps as usize;
    let mut last = start.clone();
    let end = flow::walk(start, steps, |x, time| {
        let velocity = ask(x, flow_step(config, time))?;
        let mut estimates = x.clone();
        for row in 0..x.rows() {
            let estimate = flow::estimate(x.row(row), velocity.row(row), time);
            estimates.row_mut(row).copy_from_slice(&estimate);
            // The last finite estimate of a row stands for it if the walk leaves the numbers.
            if estimate.iter().all(|value| value.is_finite()) {
                last.row_mut(row).copy_from_slice(&estimate);
            }
        }
        let t = ((1.0 - time) * steps as f64).round_ties_even() as usize;
        watch(Progress { t, x, estimates: &estimates });
        Ok(velocity)
    })?;
    let draw = |row: usize| {
        let finite = end.row(row).iter().all(|value| value.is_finite());
        let sample = if finite { end.row(row) } else { last.row(row) }.to_vec();
        let largest = sample.iter().map(|value| f64::from(value.abs())).fold(0.0, f64::max);
        Draw { sample, stopped: (!finite).then_some(0), largest }
    };
    Ok((0..end.rows()).map(draw).collect())
}
