//! Singular values of matrices of weights: all of them through the Gram matrix of the smaller side, or the leading ones by random
//! projection; what noise and chance leave of them.
//!
//! - [`gram`]: `WᵀW` or `W·Wᵀ` in double precision from single-precision values that come in pieces
//! - [`eigen`]: its eigenvalues (faer), on a thread of its own that is abandoned when the caller says so
//! - [`leading`]: the largest singular values and vectors by seeded subspace iteration
//! - [`noise`]: what storing numbers leaves of a spectrum, and the rank above it
//! - [`random_matrix`]: the spectrum that a random matrix of the same shape would have (Marchenko and Pastur)
//!
//! Contract: sums run in one order, whatever the pieces are, and nothing is divided among threads: one machine gives the same bits each
//! time. Squares lose what lies below about `10⁻⁸ σ₁`; a rank counts from `10⁻⁶ σ₁` on. Every long step asks the caller whether to go
//! on, many times a second; what cannot be stopped from inside runs on a thread of its own that is left behind.

pub mod eigen;
pub mod gram;
pub mod leading;
pub mod noise;
mod panels;
mod product;
pub mod random_matrix;

use crate::error::MathError;
pub use eigen::{Pairs, eigenpairs, eigenvalues, leave};
pub use gram::Gram;
pub use leading::{Leading, Triplets, leading_singular_values, leading_triplets};
pub use noise::{difference_noise, rank_limit, rounding_noise};
pub use random_matrix::MarchenkoPastur;

/// Operations a second by which costs are predicted: fixed, so that what is computed within a budget depends on no clock.
pub const PREDICTED_OPERATIONS_PER_SECOND: f64 = 20e9;

/// Asked between steps; `false` stops the work with [`SpectrumError::Stopped`].
pub type GoOn<'a> = &'a mut dyn FnMut() -> bool;

/// Why there is no spectrum.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SpectrumError {
    /// The caller said so.
    #[error("the spectrum was stopped before it was complete; start it again for its values")]
    Stopped,
    /// The values have none.
    #[error(transparent)]
    Math(#[from] MathError),
}

/// Singular values of one matrix.
#[derive(Clone, Debug, PartialEq)]
pub struct Spectrum {
    /// Number of rows.
    pub rows: usize,
    /// Number of columns.
    pub columns: usize,
    /// Descending, none negative: all `min(rows, columns)`, or the leading ones where [`Spectrum::whole`] says so.
    pub singular_values: Vec<f64>,
    /// Whether these are all singular values, to rounding. The leading ones alone are lower bounds, close for those that stand apart.
    pub whole: bool,
    /// `‖W‖²_F`, from the values themselves.
    pub squared_norm: f64,
}

impl Spectrum {
    /// All singular values of a matrix in one piece, row-major `[rows, columns]`.
    ///
    /// # Errors
    /// As [`Gram::push`] and [`eigenvalues`].
    pub fn of(values: &[f32], rows: usize, columns: usize, go_on: GoOn<'_>) -> Result<Self, SpectrumError> {
        Gram::new(rows, columns)?.spectrum_of(values, go_on)
    }

    /// The leading singular values of a matrix in one piece, as [`leading_singular_values`].
    ///
    /// # Errors
    /// As [`leading_singular_values`].
    pub fn leading(
        values: &[f32],
        (rows, columns): (usize, usize),
        method: Leading,
        go_on: GoOn<'_>,
    ) -> Result<Self, SpectrumError> {
        let found = leading_singular_values(values, (rows, columns), method, go_on)?;
        let squared_norm = add_checked_squares(0.0, values, 0, go_on)?;
        Ok(Self { rows, columns, singular_values: found, whole: false, squared_norm })
    }

    /// `σ₁`; 0 without values.
    pub fn spectral_norm(&self) -> f64 {
        self.singular_values.first().copied().unwrap_or(0.0)
    }

    /// `‖W‖²_F / σ₁²`; `None` for a matrix of zeros.
    pub fn stable_rank(&self) -> Option<f64> {
        let square = self.spectral_norm().powi(2);
        (square > 0.0).then(|| self.squared_norm / square)
    }

    /// `exp H(p)` with `pᵢ = σᵢ² / Σσ²` and the entropy in nats; `None` for a matrix of zeros or if only the leading values are known.
    pub fn effective_rank(&self) -> Option<f64> {
        if !self.whole {
            return None;
        }
        let squares: Vec<f64> = self.singular_values.iter().map(|value| value * value).collect();
        super::rank::effective_rank(&squares)
    }

    /// How many singular values lie above a limit, such as that of [`rank_limit`]. A lower bound if only the leading ones are known.
    pub fn count_above(&self, limit: f64) -> usize {
        self.singular_values.iter().filter(|value| **value > limit).count()
    }

    /// The eigenvalues of the Gram matrix, `σ²`, ascending: what exponents are fitted to.
    pub fn eigenvalues(&self) -> Vec<f64> {
        self.singular_values.iter().rev().map(|value| value * value).collect()
    }
}

/// Predicted operations for all singular values of an m × n matrix: `2·m·n² + 9·n³` with n the smaller side.
pub fn predicted_operations(rows: usize, columns: usize) -> f64 {
    let (small, large) = (rows.min(columns) as f64, rows.max(columns) as f64);
    2.0 * large * small * small + 9.0 * small.powi(3)
}

/// [`predicted_operations`] in seconds at [`PREDICTED_OPERATIONS_PER_SECOND`].
pub fn predicted_seconds(rows: usize, columns: usize) -> f64 {
    predicted_operations(rows, columns) / PREDICTED_OPERATIONS_PER_SECOND
}

/// Refuses a matrix without values, and one that does not hold `rows · columns` of them.
fn check_shape(values: &[f32], rows: usize, columns: usize) -> Result<(), MathError> {
    let needed = rows.checked_mul(columns);
    if needed == Some(values.len()) && !values.is_empty() {
        return Ok(());
    }
    let needed = format!("{rows} × {columns} values, at least one");
    Err(MathError::Shape { what: "spectrum", needed, found: values.len().to_string() })
}

/// Values between two questions whether to go on.
const PIECE: usize = 1 << 18;

/// `sum + Σw²`, in order; refuses values that are not finite, which are counted from `before` on.
fn add_checked_squares(
    mut sum: f64,
    values: &[f32],
    before: usize,
    go_on: GoOn<'_>,
) -> Result<f64, SpectrumError> {
    for (index, piece) in values.chunks(PIECE).enumerate() {
        ask(go_on)?;
        if let Some(wrong) = piece.iter().position(|value| !value.is_finite()) {
            let index = before + index * PIECE + wrong;
            return Err(MathError::NotFinite { what: "spectrum", index }.into());
        }
        sum = piece.iter().fold(sum, |sum, value| sum + f64::from(*value).powi(2));
    }
    Ok(sum)
}

fn ask(go_on: GoOn<'_>) -> Result<(), SpectrumError> {
    if go_on() { Ok(()) } else { Err(SpectrumError::Stopped) }
}

#[cfg(test)]
mod tests;
