//! A batch in parts, which all workers of the run share.
//!
//! Contract: the number of parts depends on the batch alone; logits stand in the order of the rows, and gradients of parts are added in
//! the order of the parts.

use rayon::prelude::*;
use weightscope_compute::layout::Layout;
use weightscope_compute::pass::{Gradient, Pass, Pool};

/// Parts of a batch, at most: a constant, so that no sum depends on the number of workers.
const PARTS: usize = 4;
/// Multiplications that a part is worth: below it, waking another worker costs more than it helps.
const WORTH: usize = 1 << 19;

/// A network whose passes are written by hand.
pub trait HostNetwork: Sync {
    /// What the way back needs.
    type Tape: Send;

    /// Values of one row of features, and of one row of logits.
    fn sizes(&self) -> (usize, usize);

    /// Multiplications of a row's way forward, about.
    fn work(&self) -> usize;

    /// Logits of rows of features, and what the way back needs.
    fn forward(&self, pass: &mut Pass<'_, f32>, features: &[f32]) -> (Vec<f32>, Self::Tape);

    /// Adds the gradient for slopes by the logits to the pass.
    fn backward(&self, pass: &mut Pass<'_, f32>, tape: Self::Tape, slopes: &[f32]);

    /// Gives the memory of a tape back that is not needed.
    fn forget(&self, pass: &mut Pass<'_, f32>, tape: Self::Tape);
}

/// Memory of one part.
#[derive(Debug, Default)]
struct Part {
    pool: Pool<f32>,
    gradient: Vec<f32>,
}

/// Memory that steps work in, so that they do not ask the system for it again.
#[derive(Debug)]
pub struct Parts {
    memory: Vec<Part>,
    wanted: Vec<bool>,
    worth: usize,
}

impl Default for Parts {
    fn default() -> Self {
        Self::worth(WORTH)
    }
}

/// A batch whose logits are known and whose way back is open.
#[derive(Debug)]
pub struct Forward<T> {
    /// Logits, row after row.
    pub logits: Vec<f32>,
    tapes: Vec<T>,
    /// Rows of a part.
    rows: usize,
}

impl Parts {
    /// Memory for parts that are worth so many multiplications each.
    pub fn worth(multiplications: usize) -> Self {
        Self { memory: Vec::new(), wanted: Vec::new(), worth: multiplications.max(1) }
    }

    /// Rows of a part of so many.
    fn rows_of(&self, network: &impl HostNetwork, rows: usize) -> usize {
        let parts = (rows * network.work() / self.worth).clamp(1, PARTS);
        rows.div_ceil(parts).max(1)
    }

    /// Logits of rows of features by weights in this layout, and the way back.
    pub fn forward<N: HostNetwork>(
        &mut self,
        network: &N,
        (layout, weights): (&Layout, &[f32]),
        features: &[f32],
    ) -> Forward<N::Tape> {
        let values = network.sizes().0.max(1);
        let rows = self.rows_of(network, features.len() / values);
        let pieces: Vec<&[f32]> = features.chunks(rows * values).collect();
        while self.memory.len() < pieces.len() {
            self.memory.push(Part::default());
        }
        let one = |(part, features): (&mut Part, &&[f32])| {
            let mut pass = Pass { layout, weights, gradient: None, dropped: None, pool: &mut part.pool };
            network.forward(&mut pass, features)
        };
        // A single part is done here: nobody is woken for it.
        let done: Vec<_> = if pieces.len() == 1 {
            self.memory.iter_mut().zip(&pieces).map(one).collect()
        } else {
            self.memory.par_iter_mut().zip(&pieces).map(one).collect()
        };
        let mut logits = Vec::with_capacity(done.iter().map(|(logits, _)| logits.len()).sum());
        let mut tapes = Vec::with_capacity(done.len());
        for (part, (own, tape)) in self.memory.iter_mut().zip(done) {
            logits.extend_from_slice(&own);
            part.pool.give(own);
            tapes.push(tape);
        }
        Forward { logits, tapes, rows }
    }

    /// The gradient for slopes by the logits, in the layout of the weights.
    pub fn backward<N: HostNetwork>(
        &mut self,
        network: &N,
        (layout, weights): (&Layout, &[f32]),
        forward: Forward<N::Tape>,
        slopes: &[f32],
    ) -> Vec<f32> {
        let Forward { tapes, rows, .. } = forward;
        let length = rows * network.sizes().1.max(1);
        self.wanted.resize(layout.0.len(), true);
        let wanted = &self.wanted;
        let count = tapes.len();
        let one = |part: &mut Part, tape: N::Tape, slopes: &[f32]| {
            part.gradient.clear();
            part.gradient.resize(weights.len(), 0.0);
            let gradient = Some(Gradient { values: &mut part.gradient, wanted });
            let mut pass = Pass { layout, weights, gradient, dropped: None, pool: &mut part.pool };
            network.backward(&mut pass, tape, slopes);
        };
        if count == 1 {
            let Some(part) = self.memory.first_mut() else { return Vec::new() };
            tapes.into_iter().for_each(|tape| one(part, tape, slopes));
            return part.gradient.clone();
        }
        let work = self.memory.par_iter_mut().zip(tapes).zip(slopes.par_chunks(length));
        work.for_each(|((part, tape), slopes)| one(part, tape, slopes));
        let mut total = vec![0.0; weights.len()];
        let parts = self.memory.get(..count).unwrap_or_default();
        // Cut where it suits the caches: each sum still runs over the parts in their order.
        total.par_chunks_mut(1 << 14).enumerate().for_each(|(chunk, total)| {
            for part in parts {
                let own = part.gradient.get(chunk << 14..).unwrap_or_default();
                total.iter_mut().zip(own).for_each(|(sum, own)| *sum += *own);
            }
        });
        total
    }

    /// Logits alone.
    pub fn logits<N: HostNetwork>(
        &mut self,
        network: &N,
        (layout, weights): (&Layout, &[f32]),
        features: &[f32],
    ) -> Vec<f32> {
        let Forward { logits, tapes, .. } = self.forward(network, (layout, weights), features);
        for (part, tape) in self.memory.iter_mut().zip(tapes) {
            let mut pass = Pass { layout, weights, gradient: None, dropped: None, pool: &mut part.pool };
            network.forget(&mut pass, tape);
        }
        logits
    }
}
