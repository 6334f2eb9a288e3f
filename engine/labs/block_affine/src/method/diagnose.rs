//! What an update looks like: its size, spectrum, direction, how much of it goes through the old weights, and how well it can be undone.

use weightscope_math::linalg::rank::{effective_rank, stable_rank};
use weightscope_math::linalg::{Dense, singular_values};
use weightscope_math::real::Real;

use super::bone::Bone;
use super::error::Result;

/// Singular values of an update, and ranks that follow from them.
#[derive(Clone, Debug, PartialEq)]
pub struct Spectrum {
    /// Descending.
    pub singular_values: Vec<f64>,
    /// `‖ΔW‖²_F/σ₁²`; `None` for an update of zeros.
    pub stable_rank: Option<f64>,
    /// e to the entropy of the singular values' shares; `None` for an update of zeros.
    pub effective_rank: Option<f64>,
}

/// The spectrum of a matrix; refused if it is empty or holds a value that is not finite.
pub fn spectrum<R: Real>(matrix: &Dense<R>) -> Result<Spectrum> {
    let values = singular_values(&matrix.to_matrix())?;
    let (stable_rank, effective_rank) = (stable_rank(&values), effective_rank(&values));
    Ok(Spectrum { singular_values: values, stable_rank, effective_rank })
}

/// `‖ΔW‖/‖W‖` in Frobenius norm; not-a-number for weights of zeros.
pub fn relative_size<R: Real>(delta: &Dense<R>, weight: &Dense<R>) -> f64 {
    let norm = weight.norm();
    if norm > 0.0 { delta.norm() / norm } else { f64::NAN }
}

/// Cosine of two matrices taken as vectors; `None` where one of them is zero. Refused unless the shapes agree.
pub fn cosine<R: Real>(a: &Dense<R>, b: &Dense<R>) -> Result<Option<f64>> {
    let (a, b) = (Dense::<f64>::from_matrix(&a.to_matrix()), Dense::<f64>::from_matrix(&b.to_matrix()));
    a.plus_scaled(1.0, &b)?;
    let (first, second) = (a.norm(), b.norm());
    let product: f64 = a.values().iter().zip(b.values()).map(|(a, b)| a * b).sum();
    Ok((first > 0.0 && second > 0.0).then(|| product / first / second))
}

/// Share of an update that goes through the old weights: `‖W·B‖/(‖W·B‖ + ‖B‖)` with both parts as matrices `[out, in]`; `None` while all
/// B are zero.
pub fn guide_share<R: Real>(adapter: Bone, weight: &Dense<R>, bone: &Dense<R>) -> Result<Option<f64>> {
    let (guided, plain) = (adapter.guided(weight, bone)?.norm(), adapter.plain(bone)?.norm());
    Ok((guided + plain > 0.0).then(|| guided / (guided + plain)))
}

/// Condition number `σ₁/σ_b` of `I + B` for every matrix: what unmerging multiplies errors by. Infinite where one is singular.
pub fn conditions<R: Real>(adapter: Bone, bone: &Dense<R>) -> Result<Vec<f64>> {
    let condition = |index| {
        let shifted = adapter.matrix(bone, index)?.plus_scaled(R::ONE, &Dense::identity(adapter.block()))?;
        let values = singular_values(&shifted.to_matrix())?;
        let (largest, least) = (values.first().copied(), values.last().copied());
        Ok(largest.zip(least).map_or(
            f64::NAN,
            |(largest, least)| {
                if least > 0.0 { largest / least } else { f64::INFINITY }
            },
        ))
    };
    (0..adapter.matrices()).map(condition).collect()
}

/// Largest `|a − b|` of two matrices of one shape: the error of outputs after merging, or of weights after taking apart. Not-a-number
/// stays; refused unless the shapes agree.
pub fn largest_difference<R: Real>(a: &Dense<R>, b: &Dense<R>) -> Result<f64> {
    let difference = a.plus_scaled(-R::ONE, b)?;
    let larger = |most: f64, value: &R| {
        let value = value.to_f64().abs();
        if value.is_nan() || value > most { value } else { most }
    };
    Ok(difference
        .values()
        .iter()
        .fold(0.0, |most, value| if most.is_nan() { most } else { larger(most, value) }))
}

/// Square root of the sum of squares of all gradients of a step: the gradient norm at the start.
pub fn gradient_norm<'a, R: Real>(gradients: impl IntoIterator<Item = &'a Dense<R>>) -> f64 {
    gradients.into_iter().map(|gradient| gradient.norm().powi(2)).sum::<f64>().sqrt()
}

#[cfg(test)]
mod tests {
    use super::super::bone::Variant;
    use super::super::checks::random;
    use super::*;

    #[test]
    fn an_update_of_zeros_has_no_ranks_and_no_direction() {
        let zero = Dense::<f64>::zeros(3, 2);
        let found = spectrum(&zero).unwrap();
        assert_eq!((found.stable_rank, found.effective_rank), (None, None));
        assert_eq!(cosine(&zero, &random("a", 3, 2)).unwrap(), None);
        assert!(relative_size(&random("a", 3, 2), &zero).is_nan());
        assert!(cosine(&zero, &Dense::zeros(2, 3)).is_err());
        let identity = spectrum(&Dense::<f32>::identity(4)).unwrap();
        assert!((identity.stable_rank.unwrap() - 4.0).abs() < 1e-12);
        assert!((identity.effective_rank.unwrap() - 4.0).abs() < 1e-12);
    }

    #[test]
    fn weights_of_the_identity_guide_half() {
        let adapter = Bone::new(Variant::Column, 2, 2, 2).unwrap();
        let (identity, bone) = (Dense::identity(2), random("bone", 2, 2));
        assert!((guide_share(adapter, &identity, &bone).unwrap().unwrap() - 0.5).abs() < 1e-12);
        assert_eq!(guide_share(adapter, &identity, &Dense::zeros(2, 2)).unwrap(), None);
        assert_eq!(conditions(adapter, &Dense::<f64>::zeros(2, 2)).unwrap(), [1.0]);
        assert_eq!(conditions(adapter, &identity.scaled(-1.0)).unwrap(), [f64::INFINITY]);
    }

    #[test]
    fn differences_and_norms_are_those_of_all_entries() {
        let (a, b) = (random("a", 3, 2), random("b", 3, 2));
        assert_eq!(largest_difference(&a, &a).unwrap(), 0.0);
        let mut wrong = a.clone();
        wrong.values_mut()[3] = f64::NAN;
        assert!(largest_difference(&a, &wrong).unwrap().is_nan());
        let squares: f64 = a.values().iter().chain(b.values()).map(|value| value * value).sum();
        assert!((gradient_norm([&a, &b]) - squares.sqrt()).abs() < 1e-12);
        assert!((cosine(&a, &a.scaled(-3.0)).unwrap().unwrap() + 1.0).abs() < 1e-12);
    }
}
