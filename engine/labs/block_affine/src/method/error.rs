//! What an adapter refuses, in a sentence.

use weightscope_math::MathError;

/// Why there is no adapter or no result.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AdapterError {
    /// A block does not divide a side of the weight matrix.
    #[error(
        "a block of {block} does not divide a layer of {outputs} outputs and {inputs} inputs; choose a divisor of both"
    )]
    Divides {
        /// Side of a block.
        block: usize,
        /// Outputs of the layer.
        outputs: usize,
        /// Inputs of the layer.
        inputs: usize,
    },
    /// A rank is 0 or larger than the layer allows.
    #[error(
        "{method} takes a rank from 1 to {most} for a layer of {outputs} outputs and {inputs} inputs, not {rank}"
    )]
    Rank {
        /// Method, as people read it.
        method: &'static str,
        /// Rank that was asked for.
        rank: usize,
        /// Largest rank.
        most: usize,
        /// Outputs of the layer.
        outputs: usize,
        /// Inputs of the layer.
        inputs: usize,
    },
    /// The narrow slab of MiSS-mini does not tile the outputs.
    #[error("a slab of {width} columns does not tile {outputs} outputs; choose a divisor")]
    Slab {
        /// Columns of the slab.
        width: usize,
        /// Outputs of the layer.
        outputs: usize,
    },
    /// The inverse of `I + B` does not exist.
    #[error(
        "I + B of block {block} is singular, so the merged weights cannot be taken apart; keep the base weights instead"
    )]
    Singular {
        /// Block, counted from 0.
        block: usize,
    },
    /// A row of the weights is zero, so that it has no direction.
    #[error("row {row} of the weights is zero and has no direction; adapt this layer by another method")]
    NoDirection {
        /// Row, counted from 0.
        row: usize,
    },
    /// A scale of the factors is zero, negative or not finite.
    #[error("{method} needs a positive scale, not {scale}; choose a positive alpha")]
    Scale {
        /// Method, as people read it.
        method: &'static str,
        /// The scale in words.
        scale: String,
    },
    /// A model's settings or tensors do not fit together.
    #[error("{0}")]
    Model(String),
    /// A tensor of the model is missing.
    #[error(transparent)]
    Missing(#[from] weightscope_compute::layout::MissingTensor),
    /// A computation refuses its numbers.
    #[error(transparent)]
    Math(#[from] MathError),
}

/// What adapters return.
pub type Result<T, E = AdapterError> = std::result::Result<T, E>;

/// Refuses a rank of 0 or above `most`.
pub(crate) fn check_rank(
    method: &'static str,
    rank: usize,
    most: usize,
    (outputs, inputs): (usize, usize),
) -> Result<()> {
    if (1..=most).contains(&rank) {
        return Ok(());
    }
    Err(AdapterError::Rank { method, rank, most, outputs, inputs })
}

/// Refuses a matrix of another shape.
pub(crate) fn check_shape(what: &'static str, needed: (usize, usize), found: (usize, usize)) -> Result<()> {
    if needed == found {
        return Ok(());
    }
    let (needed, found) = (format!("{} × {}", needed.0, needed.1), format!("{} × {}", found.0, found.1));
    Err(MathError::Shape { what, needed, found }.into())
}
