//! One forward and backward pass of a supernet on a batch: loss, gradients of the tensors and of the architecture weights, bytes kept.

use weightscope_compute::number::Number;
use weightscope_math::MathError;

use super::space::{Mixing, Pass, Space};
use super::tape::Tape;

/// Rows with their labels.
#[derive(Clone, Copy, Debug)]
pub struct Batch<'a, T> {
    /// Inputs, one after the other.
    pub rows: &'a [T],
    /// Class of each row.
    pub labels: &'a [usize],
}

/// How a pass runs.
#[derive(Clone, Copy, Debug)]
pub struct Way<'a> {
    /// How options meet.
    pub mixing: Mixing,
    /// Weights of each decision.
    pub weights: &'a [Vec<f64>],
    /// The option of each decision, for slices.
    pub picks: &'a [usize],
    /// Whether a slice is multiplied by its weight (GDAS).
    pub gated: bool,
}

/// What a pass gives.
#[derive(Clone, Debug)]
pub struct Outcome<T> {
    /// Mean cross-entropy, nats.
    pub loss: f64,
    /// Gradient of each tensor; empty if not asked for.
    pub tensors: Vec<Vec<T>>,
    /// Gradient of the weights of each decision; empty if not asked for.
    pub weights: Vec<Vec<f64>>,
    /// Bytes that the forward pass made and that lived until backward.
    pub kept_bytes: usize,
}

/// What gradients are asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Wanted {
    /// Those of the tensors.
    pub tensors: bool,
    /// Those of the architecture weights.
    pub weights: bool,
}

impl Wanted {
    /// Of the tensors only: a step of the weights.
    pub const TENSORS: Self = Self { tensors: true, weights: false };
    /// Of the architecture weights only: a step of the architecture.
    pub const WEIGHTS: Self = Self { tensors: false, weights: true };
    /// Both.
    pub const BOTH: Self = Self { tensors: true, weights: true };
}

/// Runs forward and backward. Refuses tensors and rows that do not fit the space.
pub fn pass<T: Number>(
    space: &dyn Space<T>,
    way: Way<'_>,
    tensors: &[Vec<T>],
    batch: Batch<'_, T>,
    wanted: Wanted,
) -> Result<Outcome<T>, MathError> {
    let forward = tracing::trace_span!("forward").entered();
    let mut tape = Tape::new();
    let shapes = space.tensors(way.mixing, way.picks);
    if shapes.len() != tensors.len() {
        return Err(super::tape::unfit("tensors of a network", shapes.len(), tensors.len()));
    }
    let mut leaves = Vec::with_capacity(tensors.len());
    for (shape, values) in shapes.iter().zip(tensors) {
        let values = values.clone();
        let leaf = if wanted.tensors {
            tape.variable(&shape.shape, values)
        } else {
            tape.constant(&shape.shape, values)
        };
        leaves.push(leaf?);
    }
    let mut decisions = Vec::with_capacity(way.weights.len());
    for row in way.weights {
        let values = row.iter().map(|weight| T::from_f64(*weight)).collect();
        let leaf = if wanted.weights {
            tape.variable(&[row.len()], values)
        } else {
            tape.constant(&[row.len()], values)
        };
        decisions.push(leaf?);
    }
    let shape: Vec<usize> =
        std::iter::once(batch.labels.len()).chain(space.input().iter().copied()).collect();
    let x = tape.constant(&shape, batch.rows.to_vec())?;
    let mut run = Pass::new(&mut tape, way.mixing, &decisions, way.picks, &leaves);
    run.gated = way.gated;
    let logits = space.forward(&mut run, x)?;
    let loss = tape.cross_entropy(logits, batch.labels)?;
    drop(forward);
    let _backward = tracing::trace_span!("backward").entered();
    let gradients = tape.backward(loss, &[T::ONE])?;
    let wide = |values: Vec<T>| values.into_iter().map(T::to_f64).collect();
    Ok(Outcome {
        loss: tape.values(loss).first().map_or(f64::NAN, |loss| loss.to_f64()),
        tensors: leaves.iter().filter(|_| wanted.tensors).map(|leaf| gradients.of(&tape, *leaf)).collect(),
        weights: decisions
            .iter()
            .filter(|_| wanted.weights)
            .map(|leaf| wide(gradients.of(&tape, *leaf)))
            .collect(),
        kept_bytes: tape.kept_bytes(),
    })
}
