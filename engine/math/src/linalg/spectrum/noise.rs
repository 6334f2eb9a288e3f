//! What the rounding of stored numbers leaves in a spectrum, and the rank above it.
//!
//! Rounding a weight w to a type of unit roundoff u adds an error that is near to uniform within `±u·2^⌊log₂ w⌋`. Over magnitudes that
//! fill a binary octave evenly, its root mean square is about `0.72·u·rms(W)/√3`. A matrix of such errors has the largest singular
//! value `ν = 0.72·u·rms(W)·(√rows + √columns)/√3`.

/// Singular values below this share of the largest are no rank: what a Gram matrix resolves is a hundredth of it.
pub const LEAST_SHARE: f64 = 1e-6;

/// `ν = 0.72·u·rms(W)·(√rows + √columns)/√3`: the largest singular value of the rounding errors of a stored matrix, for its unit
/// roundoff u and the root mean square of its values.
pub fn rounding_noise(unit_roundoff: f64, rms: f64, rows: usize, columns: usize) -> f64 {
    0.72 * unit_roundoff * rms * ((rows as f64).sqrt() + (columns as f64).sqrt()) / 3.0_f64.sqrt()
}

/// `√2·ν`: that of the difference of two stored matrices of about the same size. Take the coarser unit roundoff of the two.
pub fn difference_noise(unit_roundoff: f64, rms: f64, rows: usize, columns: usize) -> f64 {
    std::f64::consts::SQRT_2 * rounding_noise(unit_roundoff, rms, rows, columns)
}

/// `max(2ν, 10⁻⁶·σ₁)`: singular values above it make up the rank.
pub fn rank_limit(noise: f64, largest: f64) -> f64 {
    (2.0 * noise).max(LEAST_SHARE * largest)
}
