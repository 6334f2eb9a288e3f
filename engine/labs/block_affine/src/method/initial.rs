//! Starts of a low-rank adapter that read the weights or their gradient: PiSSA (arXiv 2404.02948), OLoRA (arXiv 2406.01775), LoRA-GA
//! (arXiv 2407.05000). Each subtracts `s·B·A` from the frozen weights, so that the layer is the same at step 0.
//!
//! Signs of singular vectors and of QR are a convention of this program; B·A and the frozen rest do not depend on them.

use weightscope_math::linalg::{Dense, orthonormal::qr, svd};
use weightscope_math::real::Real;

use super::error::{AdapterError, Result, check_rank};
use super::lora::Factors;

/// Factors to train, and the weights that are frozen beside them.
#[derive(Clone, Debug, PartialEq)]
pub struct Start<R> {
    /// A and B at step 0.
    pub factors: Factors<R>,
    /// `W − s·B·A`, `[out, in]`: the weights that stay frozen.
    pub base: Dense<R>,
    /// Singular values that the start was made of, descending: of W for PiSSA, of the gradient for LoRA-GA, none for OLoRA.
    pub singular_values: Vec<f64>,
}

/// LoRA-GA's γ: the start is `out^¼/√γ` times orthonormal vectors (established, "stable" scale).
pub const STABLE_GAMMA: f64 = 16.0;

/// PiSSA: the r largest singular directions of W are trained, `A = √(Σ/s)·Vᵀ`, `B = U·√(Σ/s)` (established). The paper takes `alpha = r`,
/// so s is 1. Refused unless `1 ≤ rank ≤ min(out, in)` and s is positive.
pub fn pissa<R: Real>(weight: &Dense<R>, rank: usize, scale: f64) -> Result<Start<R>> {
    check_rank("PiSSA", rank, weight.rows().min(weight.columns()), weight.shape())?;
    check_scale("PiSSA", scale)?;
    let found = svd(&weight.to_matrix())?;
    let lengths: Vec<f64> = found.values.iter().take(rank).map(|value| (value / scale).sqrt()).collect();
    let a = rows_scaled(&Dense::from_matrix(&found.right), 0, &lengths)?;
    let b = columns_scaled(&Dense::from_matrix(&found.left), 0, &lengths)?;
    finished(weight, a, b, scale, found.values)
}

/// OLoRA: the first r columns of Q and rows of R of `W = Q·R` are trained (established). Refused as [`pissa`].
pub fn olora<R: Real>(weight: &Dense<R>, rank: usize, scale: f64) -> Result<Start<R>> {
    check_rank("OLoRA", rank, weight.rows().min(weight.columns()), weight.shape())?;
    check_scale("OLoRA", scale)?;
    let found = qr(&weight.to_matrix())?;
    let ones = vec![1.0; rank];
    let a = rows_scaled(&Dense::from_matrix(&found.r), 0, &ones)?;
    let b = columns_scaled(&Dense::from_matrix(&found.q), 0, &ones)?;
    finished(weight, a, b, scale, Vec::new())
}

/// LoRA-GA: with the gradient `G = ∂L/∂W [out, in] = U·Σ·Vᵀ` of a few batches, A holds its first r right directions and B the left
/// directions r + 1 to 2r, both times `ζ = out^¼/√γ` (established: the authors' code, direction `ArB2r`, scale "stable"; the usual
/// library's port multiplies B by Σ, which is not followed). Refused unless `1 ≤ rank`, `2·rank ≤ min(out, in)`, and s is positive.
pub fn lora_ga<R: Real>(
    weight: &Dense<R>,
    gradient: &Dense<R>,
    rank: usize,
    scale: f64,
    gamma: f64,
) -> Result<Start<R>> {
    check_rank("LoRA-GA", rank, weight.rows().min(weight.columns()) / 2, weight.shape())?;
    check_scale("LoRA-GA", scale)?;
    check_scale("LoRA-GA's gamma", gamma)?;
    let found = svd(&gradient.to_matrix())?;
    let lengths = vec![stable_length(weight.rows(), gamma); rank];
    let a = rows_scaled(&Dense::from_matrix(&found.right), 0, &lengths)?;
    let b = columns_scaled(&Dense::from_matrix(&found.left), rank, &lengths)?;
    finished(weight, a, b, scale, found.values)
}

/// `ζ = out^¼/√γ`, the length of LoRA-GA's starting vectors.
pub fn stable_length(outputs: usize, gamma: f64) -> f64 {
    (outputs as f64).powf(0.25) / gamma.sqrt()
}

fn check_scale(method: &'static str, scale: f64) -> Result<()> {
    if scale.is_finite() && scale > 0.0 {
        return Ok(());
    }
    Err(AdapterError::Scale { method, scale: scale.to_string() })
}

/// As many rows as lengths, from row `first`, each times its length.
fn rows_scaled(matrix: &Dense<f64>, first: usize, lengths: &[f64]) -> Result<Dense<f64>> {
    let mut part = matrix.part(first, 0, lengths.len(), matrix.columns())?;
    let columns = part.columns().max(1);
    for (row, length) in part.values_mut().chunks_exact_mut(columns).zip(lengths) {
        row.iter_mut().for_each(|value| *value *= length);
    }
    Ok(part)
}

/// As many columns as lengths, from column `first`, each times its length.
fn columns_scaled(matrix: &Dense<f64>, first: usize, lengths: &[f64]) -> Result<Dense<f64>> {
    Ok(rows_scaled(&matrix.transposed(), first, lengths)?.transposed())
}

/// Factors in the weights' precision, and what they leave of the weights.
fn finished<R: Real>(
    weight: &Dense<R>,
    a: Dense<f64>,
    b: Dense<f64>,
    scale: f64,
    singular_values: Vec<f64>,
) -> Result<Start<R>> {
    let single = |matrix: Dense<f64>| Dense::<R>::from_matrix(&matrix.to_matrix());
    let factors = Factors { a: single(a), b: single(b) };
    let product = factors.b.times(&factors.a)?;
    let base = weight.plus_scaled(-R::from_f64(scale), &product)?;
    Ok(Start { factors, base, singular_values })
}

#[cfg(test)]
mod tests {
    use super::super::checks::random;
    use super::*;

    #[test]
    fn the_layer_stays_the_same() {
        let (weight, gradient) = (random("weight", 6, 5), random("gradient", 6, 5));
        for scale in [1.0, 2.0] {
            let starts = [
                pissa(&weight, 2, scale).unwrap(),
                olora(&weight, 2, scale).unwrap(),
                lora_ga(&weight, &gradient, 2, scale, STABLE_GAMMA).unwrap(),
            ];
            for start in starts {
                let product = start.factors.b.times(&start.factors.a).unwrap();
                let whole = start.base.plus_scaled(scale, &product).unwrap();
                assert!(whole.plus_scaled(-1.0, &weight).unwrap().norm() < 1e-12);
            }
        }
    }

    #[test]
    fn a_full_rank_start_leaves_nothing_frozen() {
        let weight = random("weight", 4, 4);
        assert!(pissa(&weight, 4, 1.0).unwrap().base.norm() < 1e-12);
        assert!(olora(&weight, 4, 1.0).unwrap().base.norm() < 1e-12);
    }

    #[test]
    fn impossible_starts_are_refused() {
        let weight = random("weight", 6, 5);
        assert!(pissa(&weight, 6, 1.0).is_err() && pissa(&weight, 2, 0.0).is_err());
        let refused = lora_ga(&weight, &weight, 3, 1.0, STABLE_GAMMA).unwrap_err();
        assert!(refused.to_string().contains("from 1 to 2"), "{refused}");
    }
}
