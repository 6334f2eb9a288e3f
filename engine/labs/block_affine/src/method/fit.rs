//! The adapter nearest to a given update, in closed form (own construction): how much of what full fine-tuning wants to say can a method
//! say with its parameters? All in double precision.

use weightscope_math::linalg::solve::Cholesky;
use weightscope_math::linalg::{Dense, Matrix, svd};

use super::bone::{Bone, Variant};
use super::error::{Result, check_rank};
use super::miss::Miss;

/// An update as near to a given one as an adapter comes.
#[derive(Clone, Debug, PartialEq)]
pub struct Fit {
    /// The adapter's update, `[out, in]`.
    pub update: Dense<f64>,
    /// Trainable parameters of the adapter.
    pub parameters: usize,
    /// `‖ΔW − update‖/‖ΔW‖` in Frobenius norm; 0 for an update of zeros.
    pub residual: f64,
}

impl Fit {
    fn of(delta: &Dense<f64>, update: Dense<f64>, parameters: usize) -> Result<Self> {
        let missing = delta.plus_scaled(-1.0, &update)?.norm();
        let residual = if missing == 0.0 { 0.0 } else { missing / delta.norm() };
        Ok(Self { update, parameters, residual })
    }
}

/// The nearest update of this rank: the singular value decomposition cut off (Eckart and Young).
pub fn lora(delta: &Dense<f64>, rank: usize) -> Result<Fit> {
    check_rank("LoRA", rank, delta.rows().min(delta.columns()), delta.shape())?;
    let update = svd(&delta.to_matrix())?.truncated(rank);
    Fit::of(delta, Dense::from_matrix(&update), rank * (delta.rows() + delta.columns()))
}

/// The nearest tiled slab: every entry is the mean of the entries of ΔW that it stands for.
pub fn miss(delta: &Dense<f64>, rank: usize) -> Result<Fit> {
    let adapter = Miss::new(rank, delta.rows(), delta.columns())?;
    let mut slab = adapter.gradient_of_weights(delta)?;
    for (k, row) in slab.values_mut().chunks_exact_mut(delta.rows().max(1)).enumerate() {
        let shared = delta.columns().saturating_sub(k).div_ceil(rank).max(1) as f64;
        row.iter_mut().for_each(|value| *value /= shared);
    }
    Fit::of(delta, adapter.delta(&slab)?, adapter.parameters())
}

/// The nearest weight-guided update: for every B the least squares of `(W[a, c] + I)·B = ΔW[a, c]` over the blocks that share it.
pub fn bone(weight: &Dense<f64>, delta: &Dense<f64>, variant: Variant, block: usize) -> Result<Fit> {
    let adapter = Bone::new(variant, block, weight.rows(), weight.columns())?;
    let right = adapter.gradient(weight, delta)?;
    let normal = adapter.normal(weight)?;
    let mut fitted = adapter.start();
    for index in 0..adapter.matrices() {
        let solved = solve(&adapter.matrix(&normal, index)?, &adapter.matrix(&right, index)?)?;
        fitted.set_part(index * block, 0, &solved)?;
    }
    Fit::of(delta, adapter.delta(weight, &fitted)?, adapter.parameters())
}

/// The X of `N·X = R` for a symmetric N without negative eigenvalues; the shortest one where N is singular to rounding.
fn solve(normal: &Dense<f64>, right: &Dense<f64>) -> Result<Dense<f64>> {
    let matrix = normal.to_matrix();
    let Ok(factor) = Cholesky::new(&matrix) else {
        return through_svd(&matrix, right);
    };
    let columns: Vec<Vec<f64>> =
        right.transposed().each_row().map(|column| factor.solve(column)).collect::<Result<_, _>>()?;
    Ok(Dense::new(right.columns(), right.rows(), columns.concat())?.transposed())
}

fn through_svd(matrix: &Matrix, right: &Dense<f64>) -> Result<Dense<f64>> {
    let found = svd(matrix)?;
    let least = found.values.first().copied().unwrap_or_default() * f64::EPSILON * matrix.rows() as f64;
    let mut turned = Dense::from_matrix(&found.left).transposed_times(right)?;
    for (row, value) in turned.values_mut().chunks_exact_mut(right.columns().max(1)).zip(&found.values) {
        let factor = if *value > least { 1.0 / value } else { 0.0 };
        row.iter_mut().for_each(|entry| *entry *= factor);
    }
    Ok(Dense::from_matrix(&found.right).transposed_times(&turned)?)
}

#[cfg(test)]
mod tests {
    use super::super::checks::random;
    use super::*;

    #[test]
    fn what_a_method_can_say_is_found_again() {
        let weight = random("weight", 6, 4);
        for variant in [Variant::Column, Variant::Row, Variant::Free] {
            let adapter = Bone::new(variant, 2, 6, 4).unwrap();
            let delta = adapter.delta(&weight, &random("bone", 2 * adapter.matrices(), 2)).unwrap();
            let found = bone(&weight, &delta, variant, 2).unwrap();
            assert!(found.residual < 1e-10 && found.parameters == adapter.parameters());
        }
        let slab = Miss::new(3, 6, 4).unwrap().delta(&random("slab", 3, 6)).unwrap();
        assert!(miss(&slab, 3).unwrap().residual < 1e-14);
        let low = random("b", 6, 2).times(&random("a", 2, 4)).unwrap();
        assert!(lora(&low, 2).unwrap().residual < 1e-12);
    }

    #[test]
    fn no_neighbour_is_nearer() {
        let (weight, delta) = (random("weight", 6, 4), random("delta", 6, 4));
        let adapter = Bone::new(Variant::Column, 2, 6, 4).unwrap();
        let best = bone(&weight, &delta, Variant::Column, 2).unwrap();
        for name in ["one", "two", "three"] {
            let nearby = adapter.delta(&weight, &random(name, 6, 2).scaled(1e-3)).unwrap();
            let moved = best.update.plus_scaled(1.0, &nearby).unwrap();
            assert!(delta.plus_scaled(-1.0, &moved).unwrap().norm() > best.residual * delta.norm());
        }
        let by_rank: Vec<f64> = (1..=4).map(|rank| lora(&delta, rank).unwrap().residual).collect();
        assert!(by_rank.is_sorted_by(|a, b| a > b) && by_rank[3] < 1e-12);
        assert!(lora(&delta, 5).is_err());
    }

    #[test]
    fn weights_that_cancel_the_identity_have_the_shortest_solution() {
        let weight = Dense::identity(2).scaled(-1.0);
        let found = bone(&weight, &random("delta", 2, 2), Variant::Free, 2).unwrap();
        assert_eq!((found.update.norm(), found.residual), (0.0, 1.0));
    }
}
