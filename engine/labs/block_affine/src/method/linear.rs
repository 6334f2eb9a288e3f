//! Gradients of a linear layer `y = x·Wᵀ + bias` ([`weightscope_math::layers::linear`]), on which all adapters stand, and the inverse of
//! a square matrix.

use weightscope_math::MathError;
use weightscope_math::linalg::{Dense, svd};
use weightscope_math::real::Real;

/// `∂L/∂W = upstreamᵀ·x`, `[out, in]`, from `upstream = ∂L/∂y [n, out]` and the rows `x [n, in]`.
pub fn weight_gradient<R: Real>(upstream: &Dense<R>, x: &Dense<R>) -> Result<Dense<R>, MathError> {
    upstream.transposed_times(x)
}

/// `∂L/∂x = upstream·W`, `[n, in]`, from `upstream = ∂L/∂y [n, out]` and the weights `[out, in]` of the forward pass.
pub fn input_gradient<R: Real>(weight: &Dense<R>, upstream: &Dense<R>) -> Result<Dense<R>, MathError> {
    upstream.times(weight)
}

/// The inverse of a square matrix by its singular values; `None` where the smallest is below rounding beside the largest. Refused if it
/// is empty, not square or not finite.
pub fn inverse(matrix: &Dense<f64>) -> Result<Option<Dense<f64>>, MathError> {
    let (rows, columns) = matrix.shape();
    if rows != columns {
        let (needed, found) = ("a square matrix".into(), format!("{rows} × {columns}"));
        return Err(MathError::Shape { what: "inverse", needed, found });
    }
    let found = svd(&matrix.to_matrix())?;
    let largest = found.values.first().copied().unwrap_or_default();
    let least = found.values.last().copied().unwrap_or_default();
    if least <= largest * f64::EPSILON * rows as f64 {
        return Ok(None);
    }
    // A⁻¹ = V Σ⁻¹ Uᵀ.
    let mut right = Dense::<f64>::from_matrix(&found.right);
    for (row, value) in right.values_mut().chunks_exact_mut(columns).zip(&found.values) {
        row.iter_mut().for_each(|entry| *entry /= value);
    }
    Ok(Some(right.transposed_times(&Dense::from_matrix(&found.left.transposed()))?))
}
