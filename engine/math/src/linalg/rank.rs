//! How many directions a spectrum fills. Each function takes singular values in any order, none negative.

/// Effective rank: `exp H(p)` with `pᵢ = σᵢ / Σσ` and the entropy in nats (Roy and Vetterli, EUSIPCO 2007). `None` for a negative or
/// infinite value, or if all are 0.
pub fn effective_rank(singular_values: &[f64]) -> Option<f64> {
    crate::stats::inequality::entropy(singular_values).map(f64::exp)
}

/// Stable rank: `‖A‖²_F / ‖A‖²₂ = Σσ² / σ²_max` (Rudelson and Vershynin 2007). `None` as for [`effective_rank`].
pub fn stable_rank(singular_values: &[f64]) -> Option<f64> {
    let largest = largest(singular_values)?;
    Some(singular_values.iter().map(|value| (value / largest).powi(2)).sum())
}

/// Number of singular values above `tolerance · σ_max`; `max(m, n) · ε` is the usual tolerance. `None` for a negative or infinite value;
/// 0 if all are 0.
pub fn numerical_rank(singular_values: &[f64], tolerance: f64) -> Option<usize> {
    if singular_values.iter().any(|value| !(value.is_finite() && *value >= 0.0)) {
        return None;
    }
    let limit = tolerance * singular_values.iter().copied().fold(0.0, f64::max);
    Some(singular_values.iter().filter(|value| **value > limit).count())
}

fn largest(singular_values: &[f64]) -> Option<f64> {
    if singular_values.iter().any(|value| !(value.is_finite() && *value >= 0.0)) {
        return None;
    }
    Some(singular_values.iter().copied().fold(0.0, f64::max)).filter(|largest| *largest > 0.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_values_have_full_rank_and_one_value_has_rank_one() {
        let near = |found: Option<f64>, expected: f64| assert!((found.unwrap() - expected).abs() < 1e-12);
        near(effective_rank(&[2.0; 5]), 5.0);
        near(stable_rank(&[2.0; 5]), 5.0);
        near(effective_rank(&[3.0, 0.0]), 1.0);
        near(stable_rank(&[3.0, 0.0]), 1.0);
        // `numpy.exp(scipy.stats.entropy([4, 2, 1]))` (1.17.1); 21/16.
        near(effective_rank(&[4.0, 2.0, 1.0]), 2.6004900059896596);
        near(stable_rank(&[1.0, 4.0, 2.0]), 1.3125);
        assert_eq!(numerical_rank(&[1.0, 1e-3, 1e-17], 1e-15), Some(2));
    }

    #[test]
    fn a_spectrum_without_meaning_has_no_rank() {
        for values in [&[][..], &[0.0, 0.0], &[-1.0, 2.0], &[f64::NAN]] {
            assert_eq!((effective_rank(values), stable_rank(values)), (None, None));
        }
        assert_eq!((numerical_rank(&[0.0], 1e-15), numerical_rank(&[-1.0], 1e-15)), (Some(0), None));
    }

    proptest::proptest! {
        #[test]
        fn ranks_lie_between_one_and_the_number_of_values(values in proptest::collection::vec(0.01_f64..10.0, 1..20)) {
            for rank in [effective_rank(&values), stable_rank(&values)] {
                let rank = rank.unwrap();
                proptest::prop_assert!(rank > 1.0 - 1e-12 && rank < values.len() as f64 + 1e-9);
            }
        }
    }
}
