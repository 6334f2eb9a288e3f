//! Linear algebra in double precision on dense, row-major matrices.
//!
//! Contract: matrices are [`Matrix`] or a slice with its shape; vectors are slices. Sums run in a fixed order. Two solvers of the
//! symmetric eigenproblem stand side by side because results of earlier runs hang on their bits: [`symmetric`] is the one to use,
//! [`components`] keeps the Jacobi rotations of the factor regression.

pub mod assignment;
mod bidiagonal;
pub mod cka;
pub mod components;
pub mod dense;
pub mod lanczos;
pub mod matrix;
pub mod orthonormal;
pub mod pca;
pub mod rank;
pub mod solve;
pub mod spectrum;
pub mod svd;
mod svd_jacobi;
pub mod symmetric;

pub use dense::Dense;
pub use matrix::Matrix;
pub use pca::Pca;
pub use svd::{Svd, singular_values, svd};

/// `Σ aᵢ bᵢ`, in order.
pub(crate) fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

/// `target += factor · values`.
pub(crate) fn add_scaled(target: &mut [f64], factor: f64, values: &[f64]) {
    target.iter_mut().zip(values).for_each(|(target, value)| *target += factor * value);
}
