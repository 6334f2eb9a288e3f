//! How unevenly a total is spread over parts.

/// Gini coefficient `Σᵢ (2i − n − 1) x₍ᵢ₎ / (n Σx)` of parts that are not negative: 0 if all are equal, `1 − 1/n` if one has all. `None`
/// without parts, for a negative or infinite one, or if all are 0.
pub fn gini(parts: &[f64]) -> Option<f64> {
    let total = total(parts)?;
    let count = parts.len() as f64;
    let sorted = super::ascending(parts);
    let sum: f64 = (1..).zip(&sorted).map(|(rank, part)| (2.0 * f64::from(rank) - count - 1.0) * part).sum();
    Some(sum / (count * total))
}

/// Participation ratio `(Σx)² / Σx²` of parts that are not negative: how many equal parts are spread as evenly. `None` as for [`gini`].
pub fn participation_ratio(parts: &[f64]) -> Option<f64> {
    let total = total(parts)?;
    Some(1.0 / parts.iter().map(|part| (part / total).powi(2)).sum::<f64>())
}

/// Shannon entropy `−Σ p ln p` in nats of the shares `p = x / Σx` of parts that are not negative; a part of 0 adds nothing. `None` as
/// for [`gini`].
pub fn entropy(parts: &[f64]) -> Option<f64> {
    let total = total(parts)?;
    let shares = parts.iter().map(|part| part / total).filter(|share| *share > 0.0);
    Some(-shares.map(|share| share * share.ln()).sum::<f64>())
}

/// The sum of parts that are finite and not negative, if it is finite and positive.
fn total(parts: &[f64]) -> Option<f64> {
    if parts.iter().any(|part| !(part.is_finite() && *part >= 0.0)) {
        return None;
    }
    Some(parts.iter().sum::<f64>()).filter(|total| *total > 0.0 && total.is_finite())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// The Gini coefficient as the mean difference of all pairs over twice the mean; `scipy.stats.entropy([1, 2, 3, 4])` (1.17.1).
    #[test]
    fn known_parts_have_their_known_measures() {
        let near = |found: Option<f64>, expected: f64| assert!((found.unwrap() - expected).abs() < 1e-14);
        near(gini(&[4.0, 1.0, 10.0, 2.0, 3.0]), 0.4);
        near(gini(&[0.0, 0.0, 0.0, 5.0]), 0.75);
        near(participation_ratio(&[0.0, 3.0, 3.0]), 2.0);
        near(entropy(&[1.0, 2.0, 3.0, 4.0]), 1.2798542258336676);
        near(entropy(&[0.0, 7.0]), 0.0);
    }

    #[test]
    fn parts_without_meaning_have_no_measure() {
        for parts in [&[][..], &[0.0; 3], &[1.0, -1.0], &[f64::NAN, 1.0], &[f64::INFINITY]] {
            assert_eq!((gini(parts), participation_ratio(parts), entropy(parts)), (None, None, None));
        }
    }

    proptest! {
        #[test]
        fn measures_keep_their_bounds_and_the_scale_does_not_count(
            parts in prop::collection::vec(1e-3_f64..1e3, 1..30),
            scale in 1e-3_f64..1e3,
        ) {
            let count = parts.len() as f64;
            let scaled: Vec<f64> = parts.iter().map(|part| part * scale).collect();
            let (coefficient, ratio) = (gini(&parts).unwrap(), participation_ratio(&parts).unwrap());
            prop_assert!((-1e-12..1.0).contains(&coefficient));
            prop_assert!(ratio > 1.0 - 1e-12 && ratio < count + 1e-9);
            prop_assert!(entropy(&parts).unwrap() < count.ln() + 1e-12);
            prop_assert!((gini(&scaled).unwrap() - coefficient).abs() < 1e-12);
            prop_assert!((participation_ratio(&scaled).unwrap() / ratio - 1.0).abs() < 1e-12);
        }
    }
}
