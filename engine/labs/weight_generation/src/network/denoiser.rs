//! The denoiser with the encoder of conditions, which learn together; the same network predicts noise for diffusion and velocity for flow
//! matching.

use weightscope_math::linalg::Dense as Host;
use weightscope_population::Lane;
use weightscope_population::graph::{Dense, Id, Norm, Plan, Slopes, Tape};

use super::{PIECE, encoder, in_pieces, one_hot, panels, part};
use crate::config::{Alignment, Config};
use crate::data::Condition;
use crate::method::alignment::{info_nce, published};
use crate::method::diffusion::step_embedding;
use crate::method::error::Result;
use crate::method::recipe::{BLOCKS, CONDITION_WIDTH, STEP_PERIOD, STEP_WIDTH, Sizes};

/// Temperatures of the alignment losses: the published one, and ours for rows of length 1.
const PUBLISHED_TEMPERATURE: f64 = 1.0;
const TEMPERATURE: f64 = 0.1;

#[derive(Clone, Copy, Debug)]
struct Block {
    norm: Norm,
    layers: [Dense; 2],
    step: Dense,
}

/// The network.
#[derive(Clone, Debug)]
pub(crate) struct Net {
    pub(crate) plan: Plan,
    pub(crate) sizes: Sizes,
    encoder: encoder::Net,
    /// From the embedding of a condition to the latents of a network, for the alignment of the encoder.
    head: Option<Dense>,
    step: [Dense; 2],
    input: Dense,
    blocks: Vec<Block>,
    output: Dense,
    /// Embeddings of the steps of the noise process, one after another.
    steps: Vec<f32>,
    /// Parameters of the encoder alone.
    pub(crate) encoder_parameters: usize,
}

/// Half a batch.
pub(crate) struct Half<'a> {
    /// Noisy latents `[rows, latent]`.
    pub(crate) x: &'a [f32],
    /// What is predicted.
    pub(crate) target: &'a [f32],
    /// Step of each row.
    pub(crate) steps: &'a [f64],
    /// Index of each row in its network.
    pub(crate) places: &'a [u32],
    pub(crate) conditions: &'a [&'a Condition],
    /// 0 for a row whose condition is left out, else 1; empty if none is.
    pub(crate) kept: &'a [f32],
    /// Rows of the whole batch.
    pub(crate) total: usize,
}

impl Net {
    /// The network for these sizes, reading conditions of `columns` features and `classes` classes.
    pub(crate) fn new(config: &Config, sizes: Sizes, columns: usize, classes: usize) -> Self {
        let mut plan = Plan::default();
        let encoder = encoder::Net::new(&mut plan, config, columns, classes);
        let Sizes { rows, latent, width, .. } = sizes;
        let head = (config.alignment != Alignment::None)
            .then(|| plan.dense("condition.head", &[CONDITION_WIDTH], rows * latent));
        let encoder_parameters = plan.parameters();
        let step = [plan.dense("step.0", &[STEP_WIDTH], width), plan.dense("step.1", &[width], width)];
        let mut inputs = vec![latent, CONDITION_WIDTH];
        if rows > 1 {
            inputs.push(rows);
        }
        let input = plan.dense("input", &inputs, width);
        let blocks = (0..BLOCKS)
            .map(|block| Block {
                norm: plan.norm(&format!("block.{block}.norm"), width),
                layers: [0, 1].map(|layer| plan.dense(&format!("block.{block}.{layer}"), &[width], width)),
                step: plan.dense(&format!("block.{block}.step"), &[width], width),
            })
            .collect();
        let output = plan.dense("output", &[width], latent);
        let known = (0..config.noise_steps)
            .flat_map(|t| step_embedding::<f32>(t as f64, STEP_WIDTH, STEP_PERIOD))
            .collect();
        Self { plan, sizes, encoder, head, step, input, blocks, output, steps: known, encoder_parameters }
    }

    /// Embeddings of conditions, `[conditions, 128]`.
    pub(crate) fn embed(&self, weights: &[Lane], conditions: &[&Condition]) -> Vec<f32> {
        if conditions.is_empty() {
            return Vec::new();
        }
        let mut tape = Tape::new(&self.plan, weights);
        let embedding = self.encoder.forward(&mut tape, conditions);
        tape.take(embedding).to_rows()
    }

    fn forward(&self, tape: &mut Tape<'_>, x: Id, steps: &[f64], condition: Id, places: &[u32]) -> Id {
        let mut embedded = Vec::with_capacity(steps.len() * STEP_WIDTH);
        for t in steps {
            let place = *t as usize * STEP_WIDTH;
            match self.steps.get(place..place + STEP_WIDTH).filter(|_| t.fract() == 0.0) {
                Some(known) => embedded.extend_from_slice(known),
                None => embedded.extend(step_embedding::<f32>(*t, STEP_WIDTH, STEP_PERIOD)),
            }
        }
        let step = tape.input(panels(&embedded, STEP_WIDTH));
        let step = tape.dense(self.step[0], &[step]);
        let step = tape.silu(step);
        let step = tape.dense(self.step[1], &[step]);
        let mut inputs = vec![x, condition];
        if self.sizes.rows > 1 {
            inputs.push(tape.input(one_hot(places, self.sizes.rows)));
        }
        let mut rows = tape.dense(self.input, &inputs);
        for block in &self.blocks {
            let shift = tape.dense(block.step, &[step]);
            let shifted = tape.sum(rows, shift);
            let normed = tape.norm(block.norm, shifted);
            let hidden = tape.dense(block.layers[0], &[normed]);
            let hidden = tape.silu(hidden);
            let more = tape.dense(block.layers[1], &[hidden]);
            rows = tape.sum(rows, more);
        }
        tape.dense(self.output, &[rows])
    }

    /// What the network predicts for latents at one step, `[rows, latent]`; `embeddings` has a row of 128 for each of them.
    pub(crate) fn predict(
        &self,
        weights: &[Lane],
        x: &[f32],
        step: f64,
        embeddings: &[f32],
        places: &[u32],
    ) -> Vec<f32> {
        in_pieces((places.len(), PIECE), |piece| {
            let mut tape = Tape::new(&self.plan, weights);
            let input = tape.input(panels(part(x, &piece, self.sizes.latent), self.sizes.latent));
            let condition = tape.input(panels(part(embeddings, &piece, CONDITION_WIDTH), CONDITION_WIDTH));
            let steps = vec![step; piece.len()];
            let output = self.forward(&mut tape, input, &steps, condition, part(places, &piece, 1));
            tape.take(output).to_rows()
        })
    }

    /// The alignment loss, with its slopes, of conditions and the latents of the networks that were trained on their tasks,
    /// `[networks, rows · latent]`. Only the encoder and its head learn.
    pub(crate) fn align(
        &self,
        kind: Alignment,
        conditions: &[&Condition],
        latents: &[f32],
        weights: &[Lane],
    ) -> Result<(f64, Slopes)> {
        let Some(head) = self.head else { return Ok((f64::NAN, Slopes::default())) };
        let mut tape = Tape::new(&self.plan, weights);
        let embedding = self.encoder.forward(&mut tape, conditions);
        let output = tape.dense(head, &[embedding]);
        let width = self.sizes.rows * self.sizes.latent;
        let own = Host::new(conditions.len(), width, latents.to_vec())?;
        let data = Host::new(conditions.len(), width, tape.value(output).to_rows())?;
        let found = match kind {
            Alignment::Published => published(&own, &data, PUBLISHED_TEMPERATURE)?,
            _ => info_nce(&own, &data, TEMPERATURE)?,
        };
        let slopes = tape.backward([(output, panels(found.data_gradient.values(), width))]);
        Ok((found.loss, slopes))
    }

    /// The share of half a batch of the mean squared error, and its slopes.
    pub(crate) fn learn(&self, half: &Half<'_>, weights: &[Lane]) -> (f64, Slopes) {
        let mut tape = Tape::new(&self.plan, weights);
        let mut condition = self.encoder.forward(&mut tape, half.conditions);
        if !half.kept.is_empty() {
            condition = tape.masked(condition, half.kept.to_vec());
        }
        let x = tape.input(panels(half.x, self.sizes.latent));
        let output = self.forward(&mut tape, x, half.steps, condition, half.places);
        let difference = tape.value(output).minus(&panels(half.target, self.sizes.latent));
        let count = (half.total * self.sizes.latent) as f64;
        let loss = difference.squares() / count;
        let slope = difference.scaled((2.0 / count) as f32);
        (loss, tape.backward([(output, slope)]))
    }
}
