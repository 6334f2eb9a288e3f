//! The adapter of rank r that explains a change best (Eckart and Young, Psychometrika 1, 1936), and the directions that are new.

use weightscope_math::linalg::spectrum::{GoOn, SpectrumError, leading_triplets};

/// Factors of a low-rank change, `ΔW ≈ B·A`, each with the root of the singular values.
#[derive(Clone, Debug, PartialEq)]
pub struct Factors {
    /// Columns of B and rows of A: the rank asked for, or fewer for a smaller matrix.
    pub rank: usize,
    /// A, row-major `[rank, columns]`.
    pub a: Vec<f32>,
    /// B, row-major `[rows, rank]`.
    pub b: Vec<f32>,
    /// Share of `‖ΔW‖²_F` that `B·A` explains, from the leading singular values; 0 for a change of zeros.
    pub explained: f64,
}

/// The best factors of a change, row-major `[rows, columns]`. Exact for a smaller side up to 1,024; beyond, subspace iteration with
/// the seed, exact for changes of low rank.
///
/// # Errors
/// If the shape does not fit, a value is not finite, or the caller stops.
pub fn best_factors(
    change: &[f32],
    (rows, columns): (usize, usize),
    rank: usize,
    seed: u64,
    go_on: GoOn<'_>,
) -> Result<Factors, SpectrumError> {
    let found = leading_triplets(change, (rows, columns), rank, seed, go_on)?;
    let rank = found.values.len();
    let roots: Vec<f64> = found.values.iter().map(|value| value.sqrt()).collect();
    let mut a = Vec::with_capacity(rank * columns);
    for (right, root) in found.right.iter().zip(&roots) {
        a.extend(right.iter().map(|entry| (entry * root) as f32));
    }
    let mut b = vec![0.0; rows * rank];
    for (place, (left, root)) in found.left.iter().zip(&roots).enumerate() {
        for (row, entry) in left.iter().enumerate() {
            if let Some(target) = b.get_mut(row * rank + place) {
                *target = (entry * root) as f32;
            }
        }
    }
    let energy: f64 = change.iter().map(|value| f64::from(*value).powi(2)).sum();
    let kept: f64 = found.values.iter().map(|value| value * value).sum();
    let explained = if energy > 0.0 { (kept / energy).min(1.0) } else { 0.0 };
    Ok(Factors { rank, a, b, explained })
}

/// One leading direction of a changed matrix.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Direction {
    /// Its singular value.
    pub singular_value: f64,
    /// The largest `|uᵢ·u'ⱼ|` of its left vector with the leading left vectors of the matrix before: near 1 for a direction that was
    /// there, near 0 for an intruder (Shuttleworth et al., arXiv 2410.21228).
    pub overlap: f64,
}

/// The `count` leading directions after a change, compared with the `among` leading ones before; both row-major `[rows, columns]`.
/// A direction that came from beyond those counts as new.
///
/// # Errors
/// As [`best_factors`].
pub fn directions(
    (before, after): (&[f32], &[f32]),
    shape: (usize, usize),
    (count, among): (usize, usize),
    seed: u64,
    go_on: GoOn<'_>,
) -> Result<Vec<Direction>, SpectrumError> {
    let known = leading_triplets(before, shape, among, seed, go_on)?;
    let found = leading_triplets(after, shape, count, seed, go_on)?;
    let overlap = |vector: &Vec<f64>| {
        let inner = |other: &Vec<f64>| vector.iter().zip(other).map(|(a, b)| a * b).sum::<f64>().abs();
        known.left.iter().map(inner).fold(0.0, f64::max)
    };
    let pairs = found.values.iter().zip(&found.left);
    Ok(pairs.map(|(value, left)| Direction { singular_value: *value, overlap: overlap(left) }).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use weightscope_math::stream;

    fn random(name: &str, count: usize) -> Vec<f32> {
        let mut values = vec![0.0; count];
        stream(8, name).fill_normal(&mut values);
        values
    }

    fn product(b: &[f32], a: &[f32], rows: usize, columns: usize) -> Vec<f32> {
        let rank = b.len() / rows;
        (0..rows * columns)
            .map(|index| {
                let (row, column) = (index / columns, index % columns);
                (0..rank)
                    .map(|k| f64::from(b[row * rank + k]) * f64::from(a[k * columns + column]))
                    .sum::<f64>() as f32
            })
            .collect()
    }

    #[test]
    fn factors_of_a_low_rank_change_rebuild_it() {
        let (rows, columns) = (60, 45);
        let change = product(&random("b", rows * 3), &random("a", 3 * columns), rows, columns);
        let found = best_factors(&change, (rows, columns), 3, 1, &mut || true).unwrap();
        assert_eq!((found.rank, found.a.len(), found.b.len()), (3, 3 * columns, 3 * rows));
        assert!(found.explained > 1.0 - 1e-10);
        for (x, y) in product(&found.b, &found.a, rows, columns).iter().zip(&change) {
            assert!((x - y).abs() < 1e-5);
        }
        let one = best_factors(&change, (rows, columns), 1, 1, &mut || true).unwrap();
        assert!(one.explained > 0.3 && one.explained < 0.9);
        let none = best_factors(&[0.0; 6], (2, 3), 4, 1, &mut || true).unwrap();
        assert_eq!((none.rank, none.explained), (2, 0.0));
        assert!(none.a.iter().chain(&none.b).all(|value| *value == 0.0));
    }

    #[test]
    fn a_direction_that_was_added_is_new() {
        let (rows, columns) = (80, 50);
        let before = random("before", rows * columns);
        let added = product(&random("u", rows), &random("v", columns), rows, columns);
        let after: Vec<f32> = before.iter().zip(&added).map(|(a, b)| a + b).collect();
        let found = directions((&before, &after), (rows, columns), (3, 50), 1, &mut || true).unwrap();
        assert!(
            found[0].singular_value > 2.0 * found[1].singular_value && found[0].overlap < 0.6,
            "{found:?}"
        );
        let same = directions((&before, &before), (rows, columns), (3, 50), 1, &mut || true).unwrap();
        assert!(same.iter().all(|direction| direction.overlap > 0.999_999));
    }
}
