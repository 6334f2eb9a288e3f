//! What a computation refuses, in a sentence.

/// Why there is no result.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MathError {
    /// Lengths or shapes do not fit.
    #[error("{what}: {needed} needed, {found} given")]
    Shape {
        /// Computation.
        what: &'static str,
        /// What it takes.
        needed: String,
        /// What it got.
        found: String,
    },
    /// A number is infinite or not a number.
    #[error("{what}: value {index} is not finite; leave such values out first")]
    NotFinite {
        /// Computation.
        what: &'static str,
        /// Position of the first such value.
        index: usize,
    },
    /// There are not enough values.
    #[error("{what}: at least {needed} values needed, {found} given")]
    TooFew {
        /// Computation.
        what: &'static str,
        /// Least number.
        needed: usize,
        /// Number of values.
        found: usize,
    },
    /// A setting is out of its range.
    #[error("{what}: {needed} needed; choose another value")]
    Range {
        /// Computation.
        what: &'static str,
        /// The range.
        needed: &'static str,
    },
    /// A matrix that must be positive definite is not.
    #[error(
        "{what}: the matrix is not positive definite in row {row}; add a ridge, or leave out columns that depend on others"
    )]
    NotPositive {
        /// Computation.
        what: &'static str,
        /// Row of the first pivot that is not positive.
        row: usize,
    },
    /// An iteration ended without a result that is good enough.
    #[error(
        "{what}: no result of the needed accuracy; scale the values, or leave out constant rows and columns"
    )]
    NoConvergence {
        /// Computation.
        what: &'static str,
    },
}

/// Refuses values that are not finite.
pub(crate) fn check_finite(what: &'static str, values: &[f64]) -> Result<(), MathError> {
    match values.iter().position(|value| !value.is_finite()) {
        Some(index) => Err(MathError::NotFinite { what, index }),
        None => Ok(()),
    }
}

/// Refuses fewer than `needed` values.
pub(crate) fn check_count(what: &'static str, needed: usize, found: usize) -> Result<(), MathError> {
    if found < needed { Err(MathError::TooFew { what, needed, found }) } else { Ok(()) }
}

/// Refuses two lists of different lengths.
pub(crate) fn check_pairs(what: &'static str, first: usize, second: usize) -> Result<(), MathError> {
    if first == second {
        return Ok(());
    }
    Err(MathError::Shape {
        what,
        needed: "two lists of one length".into(),
        found: format!("{first} and {second} values"),
    })
}
