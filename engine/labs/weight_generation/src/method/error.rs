//! What the generator refuses, in a sentence.

use weightscope_math::MathError;

/// Why there is no result.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum GenerationError {
    /// A network or a list has another length than its description.
    #[error("{what} has {found} values, {needed} are needed")]
    Length {
        /// What was given.
        what: &'static str,
        /// Values that are needed.
        needed: usize,
        /// Values that were given.
        found: usize,
    },
    /// A setting is out of its range.
    #[error("{what} is {found}, but {needed}")]
    Range {
        /// Setting, as people read it.
        what: &'static str,
        /// What it must be.
        needed: String,
        /// What it is.
        found: String,
    },
    /// A sample holds a value that is not a number.
    #[error("value {index} of the sample is not a number at step {step}; the draw ends here")]
    NotANumber {
        /// Position in the sample.
        index: usize,
        /// Step of the reverse process.
        step: usize,
    },
    /// A computation refuses its numbers.
    #[error(transparent)]
    Math(#[from] MathError),
}

/// What the functions of the generator return.
pub type Result<T, E = GenerationError> = std::result::Result<T, E>;

/// Refuses another number of values.
pub(crate) fn check_length(what: &'static str, needed: usize, found: usize) -> Result<()> {
    if needed == found { Ok(()) } else { Err(GenerationError::Length { what, needed, found }) }
}
