//! A base model whatever its kind: its loss and gradient on a batch, in parts on all workers of the run.

use std::sync::Arc;

use rayon::prelude::*;
use weightscope_math::Stream;

use super::gpt::Gpt;
use super::layout::Layout;
use super::llama::Llama;
use super::mlp::Mlp;
use super::number::Number;
use super::pass::{Dropped, Gradient, Pass, Pool};
use super::rwkv::Rwkv;

/// Parts of a batch of rows of tokens: a constant, so that no sum depends on the number of workers.
const PARTS: usize = 4;
/// Parameters above which a gradient for each part would cost too much memory.
const LARGE: usize = 4_000_000;
/// Rows of tokens that are judged at once.
const JUDGED_AT_ONCE: usize = 8;

/// The kinds of base models.
#[derive(Clone, Debug)]
pub(crate) enum Net<T> {
    /// LLaMA-like.
    Llama(Llama<T>),
    /// RWKV-6-like.
    Rwkv(Rwkv),
    /// GPT-like.
    Gpt(Gpt),
    /// Perceptron.
    Mlp(Mlp),
}

/// A base model: kind and layout, without weights.
#[derive(Clone, Debug)]
pub(crate) struct Model<T> {
    /// Where tensors lie.
    pub(crate) layout: Arc<Layout>,
    /// The kind.
    pub(crate) net: Net<T>,
}

/// What a model learns from at once.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Batch<'a, T> {
    /// Rows of `times` tokens, and the tokens that come next.
    Tokens {
        /// The tokens, row after row.
        tokens: &'a [u32],
        /// For each token the next one.
        targets: &'a [u32],
        /// Tokens of a row.
        times: usize,
    },
    /// Rows of features with their classes: mean cross-entropy.
    Classes {
        /// Features, row after row.
        x: &'a [T],
        /// A class for each row.
        classes: &'a [u32],
    },
    /// Rows of features with their values: mean squared error.
    Values {
        /// Features, row after row.
        x: &'a [T],
        /// Values, row after row.
        values: &'a [T],
        /// Rows.
        rows: usize,
    },
}

/// How entries of the inputs of updates are dropped.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Dropping<'a, T> {
    /// The updates, in the layout of the weights; the weights are then those without them.
    pub(crate) delta: &'a [T],
    /// Which tensors have one.
    pub(crate) adapted: &'a [bool],
    /// Share of entries that are dropped.
    pub(crate) rate: f32,
    /// Seed of this step.
    pub(crate) seed: u64,
}

/// Memory of one part.
#[derive(Debug)]
struct Part<T> {
    pool: Pool<T>,
    gradient: Vec<T>,
}

/// Memory of a model at work.
#[derive(Debug)]
pub(crate) struct Memory<T> {
    parts: Vec<Part<T>>,
}

/// A part with the piece that it works on, numbered.
type Numbered<'p, 'b, T> = (usize, (&'p mut Part<T>, &'p (Batch<'b, T>, T)));

impl<T> Default for Memory<T> {
    fn default() -> Self {
        Self { parts: Vec::new() }
    }
}

impl<T: Number> Memory<T> {
    fn parts(&mut self, count: usize) -> &mut [Part<T>] {
        while self.parts.len() < count {
            self.parts.push(Part { pool: Pool::default(), gradient: Vec::new() });
        }
        &mut self.parts[..count]
    }

    /// Bytes that passes were given so far.
    pub(crate) fn bytes(&self) -> usize {
        let part = |part: &Part<T>| part.pool.bytes() + part.gradient.capacity() * size_of::<T>();
        self.parts.iter().map(part).sum()
    }
}

impl<T: Number> Model<T> {
    /// Runs rows of tokens; see the kinds.
    fn run_tokens(
        &self,
        pass: &mut Pass<'_, T>,
        tokens: &[u32],
        times: usize,
        slopes: &mut dyn FnMut(&mut [T]) -> bool,
    ) {
        match &self.net {
            Net::Llama(net) => net.run(pass, tokens, times, slopes),
            Net::Rwkv(net) => net.run(pass, tokens, times, slopes),
            Net::Gpt(net) => net.run(pass, tokens, times, slopes),
            Net::Mlp(_) => {}
        }
    }

    /// Mean loss of a batch with these weights, and its gradient by the wanted tensors; what stood in `gradient` there is replaced.
    pub(crate) fn gradient(
        &self,
        weights: &[T],
        batch: Batch<'_, T>,
        wanted: &[bool],
        dropping: Option<Dropping<'_, T>>,
        gradient: &mut [T],
        memory: &mut Memory<T>,
    ) -> f64 {
        let pieces = self.pieces(batch);
        let count = pieces.len();
        let parts = memory.parts(count);
        let losses: Vec<f64> = if count == 1 {
            parts
                .iter_mut()
                .zip(&pieces)
                .map(|(part, piece)| self.one(weights, *piece, wanted, dropping, 0, part))
                .collect()
        } else {
            let numbered = parts.par_iter_mut().zip(&pieces).enumerate();
            let one = |(number, (part, piece)): Numbered<'_, '_, T>| {
                self.one(weights, *piece, wanted, dropping, number, part)
            };
            numbered.map(one).collect()
        };
        for place in self.layout.0.iter().zip(wanted).filter(|(_, wanted)| **wanted).map(|(place, _)| place) {
            let sums = &mut gradient[place.range.clone()];
            sums.fill(T::ZERO);
            for part in parts.iter() {
                sums.iter_mut().zip(&part.gradient[place.range.clone()]).for_each(|(sum, own)| *sum += *own);
            }
        }
        losses.iter().sum()
    }

    /// Tokens of one part of a batch of so many, in rows of `times`.
    pub(crate) fn part_length(&self, tokens: usize, times: usize) -> usize {
        let rows = tokens / times.max(1);
        let parts = if self.layout.len() > LARGE { 2 } else { PARTS };
        rows.div_ceil(parts).max(1) * times
    }

    /// A batch in pieces, each with its share of a mean: 1/(number of targets).
    fn pieces<'b>(&self, batch: Batch<'b, T>) -> Vec<(Batch<'b, T>, T)> {
        let share = |count: usize| T::from_f64(1.0 / count.max(1) as f64);
        match batch {
            Batch::Tokens { tokens, targets, times } => {
                let rows = tokens.len() / times.max(1);
                let length = self.part_length(tokens.len(), times);
                let pieces = tokens.chunks(length).zip(targets.chunks(length));
                pieces
                    .map(|(tokens, targets)| (Batch::Tokens { tokens, targets, times }, share(rows * times)))
                    .collect()
            }
            Batch::Classes { classes, .. } => vec![(batch, share(classes.len()))],
            Batch::Values { values, .. } => vec![(batch, share(values.len()))],
        }
    }

    fn one(
        &self,
        weights: &[T],
        (batch, share): (Batch<'_, T>, T),
        wanted: &[bool],
        dropping: Option<Dropping<'_, T>>,
        number: usize,
        part: &mut Part<T>,
    ) -> f64 {
        part.gradient.resize(weights.len(), T::ZERO);
        for place in self.layout.0.iter().zip(wanted).filter(|(_, wanted)| **wanted).map(|(place, _)| place) {
            part.gradient[place.range.clone()].fill(T::ZERO);
        }
        let dropped = dropping.map(|dropping| self.dropped(dropping, number));
        let mut pass = Pass {
            layout: &self.layout,
            weights,
            gradient: Some(Gradient { values: &mut part.gradient, wanted }),
            dropped,
            pool: &mut part.pool,
        };
        self.loss_of(&mut pass, batch, share, true)
    }

    /// `share` times the summed loss of a batch; the pass goes back if asked for.
    fn loss_of(&self, pass: &mut Pass<'_, T>, batch: Batch<'_, T>, share: T, back: bool) -> f64 {
        let mut loss = f64::NAN;
        // The span in force: forward until there is a loss, then backward.
        let mut at = Some(tracing::trace_span!("forward").entered());
        let mut turn = || {
            at.take();
            at = Some(tracing::trace_span!("backward").entered());
        };
        match batch {
            Batch::Tokens { tokens, targets, times } => {
                self.run_tokens(pass, tokens, times, &mut |logits| {
                    loss = share.to_f64() * T::cross_entropy(logits, targets, share);
                    turn();
                    back
                });
            }
            Batch::Classes { x, classes } => {
                let Net::Mlp(net) = &self.net else { return loss };
                net.run(pass, x, classes.len(), &mut |logits| {
                    loss = share.to_f64() * T::cross_entropy(logits, classes, share);
                    turn();
                    back
                });
            }
            Batch::Values { x, values, rows } => {
                let Net::Mlp(net) = &self.net else { return loss };
                net.run(pass, x, rows, &mut |outputs| {
                    let mut sum = 0.0;
                    for (output, value) in outputs.iter_mut().zip(values) {
                        let difference = *output - *value;
                        sum += difference.to_f64().powi(2);
                        *output = (difference + difference) * share;
                    }
                    loss = share.to_f64() * sum;
                    back
                });
            }
        }
        loss
    }

    /// Mean loss of a batch, without a gradient, in one piece.
    pub(crate) fn loss(&self, weights: &[T], batch: Batch<'_, T>, memory: &mut Memory<T>) -> f64 {
        let share = match batch {
            Batch::Tokens { tokens, .. } => 1.0 / tokens.len().max(1) as f64,
            Batch::Classes { classes, .. } => 1.0 / classes.len().max(1) as f64,
            Batch::Values { values, .. } => 1.0 / values.len().max(1) as f64,
        };
        let Some(part) = memory.parts(1).first_mut() else { return f64::NAN };
        let mut pass =
            Pass { layout: &self.layout, weights, gradient: None, dropped: None, pool: &mut part.pool };
        self.loss_of(&mut pass, batch, T::from_f64(share), false)
    }

    /// Mean loss of each row of `times` tokens.
    pub(crate) fn row_losses(
        &self,
        weights: &[T],
        tokens: &[u32],
        targets: &[u32],
        times: usize,
        memory: &mut Memory<T>,
    ) -> Vec<f64> {
        let length = JUDGED_AT_ONCE * times;
        let pieces: Vec<(&[u32], &[u32])> = tokens.chunks(length).zip(targets.chunks(length)).collect();
        let parts = memory.parts(pieces.len());
        let one = |(part, (tokens, targets)): (&mut Part<T>, &(&[u32], &[u32]))| {
            let pool = &mut part.pool;
            let mut pass = Pass { layout: &self.layout, weights, gradient: None, dropped: None, pool };
            let mut losses = Vec::new();
            self.run_tokens(&mut pass, tokens, times, &mut |logits| {
                let width = logits.len() / tokens.len().max(1);
                let rows = logits.chunks_mut(width * times).zip(targets.chunks(times));
                let mean = |(logits, targets): (&mut [T], &[u32])| {
                    T::cross_entropy(logits, targets, T::ZERO) / targets.len() as f64
                };
                losses = rows.map(mean).collect();
                false
            });
            losses
        };
        let all: Vec<Vec<f64>> = parts.par_iter_mut().zip(&pieces).map(one).collect();
        all.concat()
    }

    /// Outputs of a whole batch, with updates beside the weights if they are given.
    pub(crate) fn outputs_of(
        &self,
        weights: &[T],
        batch: Batch<'_, T>,
        beside: Option<Dropping<'_, T>>,
        memory: &mut Memory<T>,
    ) -> Vec<T> {
        let Some(part) = memory.parts(1).first_mut() else { return Vec::new() };
        let dropped = beside.map(|beside| self.dropped(beside, 0));
        let mut pass = Pass { layout: &self.layout, weights, gradient: None, dropped, pool: &mut part.pool };
        let mut found = Vec::new();
        let mut keep = |outputs: &mut [T]| {
            found = outputs.to_vec();
            false
        };
        match (batch, &self.net) {
            (Batch::Tokens { tokens, times, .. }, _) => self.run_tokens(&mut pass, tokens, times, &mut keep),
            (Batch::Classes { x, classes }, Net::Mlp(net)) => net.run(&mut pass, x, classes.len(), &mut keep),
            (Batch::Values { x, rows, .. }, Net::Mlp(net)) => net.run(&mut pass, x, rows, &mut keep),
            _ => {}
        }
        found
    }

    fn dropped<'d>(&self, dropping: Dropping<'d, T>, number: usize) -> Dropped<'d, T> {
        Dropped {
            delta: dropping.delta,
            adapted: dropping.adapted,
            rate: dropping.rate,
            random: weightscope_math::stream(dropping.seed, &format!("dropout of part {number}")),
            kept: self.layout.0.iter().map(|_| None).collect(),
        }
    }

    /// Outputs of rows of features, or logits of one row of tokens.
    pub(crate) fn outputs(&self, weights: &[T], input: Input<'_, T>, memory: &mut Memory<T>) -> Vec<T> {
        let Some(part) = memory.parts(1).first_mut() else { return Vec::new() };
        let mut pass =
            Pass { layout: &self.layout, weights, gradient: None, dropped: None, pool: &mut part.pool };
        let mut found = Vec::new();
        let mut keep = |outputs: &mut [T]| {
            found = outputs.to_vec();
            false
        };
        match (input, &self.net) {
            (Input::Tokens(tokens), _) => self.run_tokens(&mut pass, tokens, tokens.len(), &mut keep),
            (Input::Rows(x, rows), Net::Mlp(net)) => net.run(&mut pass, x, rows, &mut keep),
            (Input::Rows(..), _) => {}
        }
        found
    }
}

/// What outputs are asked for.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Input<'a, T> {
    /// One row of tokens.
    Tokens(&'a [u32]),
    /// So many rows of features.
    Rows(&'a [T], usize),
}

/// Values drawn for a linear layer as PyTorch draws them: uniform within 1/√inputs.
pub(crate) fn draw_linear(values: &mut [f32], inputs: usize, random: &mut Stream) {
    let bound = 1.0 / (inputs.max(1) as f32).sqrt();
    random.fill_uniform(values, -bound, bound);
}

#[cfg(test)]
pub(crate) mod tests;
