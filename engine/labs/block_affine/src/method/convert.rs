//! One adapter as another: what leaves the program as an ordinary LoRA.
//!
//! Factors of this file have the scale 1: `ΔW = B·A`.

use weightscope_math::linalg::{Dense, svd};
use weightscope_math::real::Real;

use super::error::{AdapterError, Result};
use super::lora::Factors;
use super::miss::Miss;

/// MiSS as a LoRA whose A is fixed; exact (established: the usual library's conversion). The rank is that of the slab.
pub fn miss_as_lora<R: Real>(miss: Miss, slab: &Dense<R>) -> Result<Factors<R>> {
    Ok(Factors { a: miss.fixed_factor(), b: miss.expanded(slab)?.transposed() })
}

/// An update as a LoRA of some rank, and what is lost.
#[derive(Clone, Debug, PartialEq)]
pub struct Nearest<R> {
    /// `A = √Σ·Vᵀ`, `B = U·√Σ`.
    pub factors: Factors<R>,
    /// `‖ΔW − B·A‖/‖ΔW‖` in Frobenius norm; 0 for an update of zeros.
    pub error: f64,
}

/// The smallest rank whose singular values hold a share of the energy: the least k with `Σ σ² over the first k ≥ share·Σ σ²`; at least 1.
pub fn rank_of_share(singular_values: &[f64], share: f64) -> usize {
    let energy: f64 = singular_values.iter().map(|value| value * value).sum();
    let mut sum = 0.0;
    let reached = singular_values.iter().position(|value| {
        sum += value * value;
        sum >= share * energy
    });
    reached.map_or(singular_values.len(), |last| last + 1).max(1)
}

/// Any update `[out, in]` as the nearest LoRA whose energy share is at least `share`, 0 to 1 (Bone-col has no exact form). Refused for a
/// share outside, and for values that are not finite.
pub fn nearest_lora<R: Real>(delta: &Dense<R>, share: f64) -> Result<Nearest<R>> {
    if !(0.0..=1.0).contains(&share) {
        return Err(AdapterError::Scale {
            method: "a conversion to LoRA",
            scale: format!("a share of {share}"),
        });
    }
    let matrix = delta.to_matrix();
    let found = svd(&matrix)?;
    let rank = rank_of_share(&found.values, share);
    let mut a = Dense::<f64>::from_matrix(&found.right).part(0, 0, rank, delta.columns())?;
    let mut b = Dense::<f64>::from_matrix(&found.left.transposed()).part(0, 0, rank, delta.rows())?;
    for (factor, width) in [(&mut a, delta.columns()), (&mut b, delta.rows())] {
        for (row, value) in factor.values_mut().chunks_exact_mut(width.max(1)).zip(&found.values) {
            row.iter_mut().for_each(|entry| *entry *= value.sqrt());
        }
    }
    let energy = |values: &[f64]| values.iter().map(|value| value * value).sum::<f64>();
    let (lost, all) = (energy(found.values.get(rank..).unwrap_or_default()), energy(&found.values));
    let single = |matrix: &Dense<f64>| Dense::from_matrix(&matrix.to_matrix());
    let factors = Factors { a: single(&a), b: single(&b.transposed()) };
    Ok(Nearest { factors, error: if lost == 0.0 { 0.0 } else { (lost / all).sqrt() } })
}

/// What training made of a start that was cut out of the weights, as a LoRA of twice the rank beside the *original* weights; exact:
/// `s·(B·A − B₀·A₀) = [s·B, −s·B₀]·[A; A₀]` (PiSSA, OLoRA, LoRA-GA; the weights that were frozen in training are not needed).
pub fn difference_as_lora<R: Real>(
    start: &Factors<R>,
    trained: &Factors<R>,
    scale: f64,
) -> Result<Factors<R>> {
    let scale = R::from_f64(scale);
    let (rank, inputs) = trained.a.shape();
    let mut a = Dense::zeros(rank + start.a.rows(), inputs);
    a.set_part(0, 0, &trained.a)?;
    a.set_part(rank, 0, &start.a)?;
    let mut b = Dense::zeros(trained.b.rows(), rank + start.b.columns());
    b.set_part(0, 0, &trained.b.scaled(scale))?;
    b.set_part(0, rank, &start.b.scaled(-scale))?;
    Ok(Factors { a, b })
}

#[cfg(test)]
mod tests {
    use super::super::checks::random;
    use super::super::initial::pissa;
    use super::*;

    #[test]
    fn a_slab_is_a_lora_without_loss() {
        for miss in [Miss::new(3, 6, 7).unwrap(), Miss::mini(3, 2, 6, 7).unwrap()] {
            let slab = random("slab", 3, miss.parameters() / 3);
            let factors = miss_as_lora(miss, &slab).unwrap();
            assert_eq!(factors.b.times(&factors.a).unwrap(), miss.delta(&slab).unwrap());
        }
    }

    #[test]
    fn the_error_is_what_is_missing() {
        let delta = random("delta", 6, 5);
        for share in [0.3, 0.8, 0.99, 1.0] {
            let found = nearest_lora(&delta, share).unwrap();
            let product = found.factors.b.times(&found.factors.a).unwrap();
            let missing = product.plus_scaled(-1.0, &delta).unwrap().norm() / delta.norm();
            assert!((missing - found.error).abs() < 1e-12);
            assert!(missing.powi(2) <= 1.0 - share + 1e-12, "{share}: {missing}");
        }
        assert!(nearest_lora(&delta, 1.5).is_err());
        assert_eq!(nearest_lora(&Dense::<f64>::zeros(3, 2), 0.9).unwrap().error, 0.0);
        assert_eq!(rank_of_share(&[2.0, 1.0, 0.0], 0.81), 2);
        assert_eq!(rank_of_share(&[2.0, 1.0, 0.0], 0.8), 1);
    }

    #[test]
    fn a_trained_start_is_a_lora_beside_the_original_weights() {
        let weight = random("weight", 6, 5);
        let start = pissa(&weight, 2, 1.0).unwrap();
        let trained = Factors { a: random("a", 2, 5), b: random("b", 6, 2) };
        let layer = start.base.plus_scaled(1.0, &trained.b.times(&trained.a).unwrap()).unwrap();
        let lora = difference_as_lora(&start.factors, &trained, 1.0).unwrap();
        assert_eq!(lora.a.shape(), (4, 5));
        let same = weight.plus_scaled(1.0, &lora.b.times(&lora.a).unwrap()).unwrap();
        assert!(same.plus_scaled(-1.0, &layer).unwrap().norm() < 1e-12);
    }
}
