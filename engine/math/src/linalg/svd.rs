//! The thin singular value decomposition `A = U Σ Vᵀ` (Golub and Van Loan, "Matrix Computations", 8.6).
//!
//! Householder bidiagonalisation and implicit QR sweeps; the result is taken only if it rebuilds the matrix and its vectors are
//! orthonormal, both to rounding. Otherwise one-sided Jacobi rotations are tried and checked in the same way.

use super::{Matrix, bidiagonal, dot, svd_jacobi};
use crate::error::MathError;

/// Factors of a matrix `[m, n]`, with `k = min(m, n)`.
#[derive(Clone, Debug, PartialEq)]
pub struct Svd {
    /// U, `[m, k]`: orthonormal columns.
    pub left: Matrix,
    /// Diagonal of Σ, `[k]`, descending, none negative.
    pub values: Vec<f64>,
    /// Vᵀ, `[k, n]`: orthonormal rows. The entry of largest magnitude in each row is positive (the first among equals).
    pub right: Matrix,
}

/// Decomposes a matrix. Refused if it is empty or holds a value that is not finite.
pub fn svd(matrix: &Matrix) -> Result<Svd, MathError> {
    let (scaled, factor) = normalized(matrix)?;
    let found = bidiagonal::decompose(&scaled).filter(|found| is_accurate(&scaled, found));
    let found = found.or_else(|| jacobi(&scaled)).ok_or(MathError::NoConvergence { what: "svd" })?;
    Ok(finished(found, factor))
}

/// Decomposes by one-sided Jacobi rotations alone: slower, and exact to rounding also for badly scaled columns.
pub fn svd_by_jacobi(matrix: &Matrix) -> Result<Svd, MathError> {
    let (scaled, factor) = normalized(matrix)?;
    let found = jacobi(&scaled).ok_or(MathError::NoConvergence { what: "svd" })?;
    Ok(finished(found, factor))
}

/// Singular values alone, descending; `min(m, n)` of them. Refused as by [`svd`].
///
/// Taken only if their squares sum to the squared norm of the matrix, to rounding.
pub fn singular_values(matrix: &Matrix) -> Result<Vec<f64>, MathError> {
    let (scaled, factor) = normalized(matrix)?;
    let found = bidiagonal::values(&scaled).filter(|values| {
        let norm = scaled.norm();
        let length = dot(values, values).sqrt();
        values.iter().all(|value| *value >= 0.0) && (length - norm).abs() <= tolerance(&scaled) * norm
    });
    let found = found.or_else(|| jacobi(&scaled).map(|svd| svd.values));
    let mut values = found.ok_or(MathError::NoConvergence { what: "singular values" })?;
    values.iter_mut().for_each(|value| *value /= factor);
    Ok(values)
}

impl Svd {
    /// `‖A − U Σ Vᵀ‖ / ‖A‖` in Frobenius norm; 0 for a matrix of zeros. Infinite if the shapes do not fit.
    pub fn residual(&self, matrix: &Matrix) -> f64 {
        let rebuilt = self.truncated(self.values.len());
        if (rebuilt.rows(), rebuilt.columns()) != (matrix.rows(), matrix.columns()) {
            return f64::INFINITY;
        }
        let difference = matrix.values().iter().zip(rebuilt.values()).map(|(a, b)| a - b).collect();
        let difference = Matrix::new(matrix.rows(), matrix.columns(), difference).unwrap_or_default();
        let (error, norm) = (difference.norm(), matrix.norm());
        if error == 0.0 { 0.0 } else { error / norm }
    }

    /// The nearest matrix of rank `rank` or less (Eckart and Young), `[m, n]`: the sum of the first `rank` parts.
    #[must_use]
    pub fn truncated(&self, rank: usize) -> Matrix {
        let mut sum = Matrix::zeros(self.left.rows(), self.right.columns());
        for row in 0..sum.rows() {
            let target = sum.row_mut(row);
            for ((u, sigma), v) in
                self.left.row(row).iter().zip(&self.values).zip(self.right.each_row()).take(rank)
            {
                super::add_scaled(target, u * sigma, v);
            }
        }
        sum
    }
}

/// The matrix times a power of two that brings its largest magnitude to 1 to 2, and that power.
fn normalized(matrix: &Matrix) -> Result<(Matrix, f64), MathError> {
    matrix.check("svd")?;
    let largest = matrix.largest();
    let exponent = if largest > 0.0 { largest.log2().floor().clamp(-1000.0, 1000.0) } else { 0.0 };
    let factor = 2.0_f64.powi(-exponent as i32);
    let mut scaled = matrix.clone();
    scaled.values_mut().iter_mut().for_each(|value| *value *= factor);
    Ok((scaled, factor))
}

/// Signs fixed, scale undone.
fn finished(mut svd: Svd, factor: f64) -> Svd {
    for part in 0..svd.values.len() {
        let peak = super::pca::peak(svd.right.row(part));
        if peak < 0.0 {
            svd.right.row_mut(part).iter_mut().for_each(|value| *value = -*value);
            for row in 0..svd.left.rows() {
                if let Some(value) = svd.left.row_mut(row).get_mut(part) {
                    *value = -*value;
                }
            }
        }
    }
    svd.values.iter_mut().for_each(|value| *value /= factor);
    svd
}

fn jacobi(matrix: &Matrix) -> Option<Svd> {
    svd_jacobi::decompose(matrix).filter(|found| is_accurate(matrix, found))
}

/// Relative error that counts as rounding.
fn tolerance(matrix: &Matrix) -> f64 {
    1e-13 + 8.0 * f64::EPSILON * matrix.rows().max(matrix.columns()) as f64
}

fn is_accurate(matrix: &Matrix, svd: &Svd) -> bool {
    let tolerance = tolerance(matrix);
    let descends = svd.values.windows(2).all(|pair| pair[0] >= pair[1]);
    let positive = svd.values.last().is_none_or(|least| *least >= 0.0);
    descends
        && positive
        && svd.residual(matrix) <= tolerance
        && is_orthonormal(&svd.left.transposed(), tolerance)
        && is_orthonormal(&svd.right, tolerance)
}

fn is_orthonormal(rows: &Matrix, tolerance: f64) -> bool {
    (0..rows.rows()).all(|i| {
        (0..=i).all(|j| {
            let expected = f64::from(u8::from(i == j));
            (dot(rows.row(i), rows.row(j)) - expected).abs() <= tolerance
        })
    })
}

#[cfg(test)]
mod tests {
    use super::super::matrix::tests::random;
    use super::*;

    fn assert_decomposes(matrix: &Matrix, svd: &Svd) {
        let (scaled, _) = normalized(matrix).unwrap();
        let fast = bidiagonal::decompose(&scaled).unwrap();
        assert!(is_accurate(&scaled, &fast), "the fast way needs no help: {fast:?}");
        assert!(is_accurate(matrix, svd), "residual {}", svd.residual(matrix));
        assert!(svd.right.each_row().all(|row| super::super::pca::peak(row) > 0.0), "signs are fixed");
    }

    /// `numpy.linalg.svd` (2.4.6), signs apart.
    #[test]
    fn a_known_matrix_has_its_known_factors() {
        let a =
            Matrix::new(4, 3, vec![1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0, 10.0, 2.0, -1.0, 0.5]).unwrap();
        let values = [17.42766498004916, 2.255992751187161, 0.6610522292215529];
        let right = [
            [0.4686836736025134, 0.5503718001496799, 0.6909605601613256],
            [0.7951701535222978, -0.6035456329914062, -0.05862675024532332],
            [-0.3847597185852198, -0.5769086153776897, 0.7205112132765313],
        ];
        for found in [svd(&a).unwrap(), svd_by_jacobi(&a).unwrap()] {
            assert_decomposes(&a, &found);
            assert!(found.values.iter().zip(values).all(|(a, b)| (a - b).abs() < 1e-13), "{found:?}");
            let rows = found.right.values().iter().zip(right.as_flattened());
            assert!(rows.into_iter().all(|(a, b)| (a - b).abs() < 1e-13), "{found:?}");
        }
    }

    /// `numpy.linalg.svd` of the Hilbert matrix of six rows (2.4.6): the last value keeps its digits.
    #[test]
    fn small_values_keep_their_digits() {
        let values = (0..36).map(|index| 1.0 / f64::from(index / 6 + index % 6 + 1)).collect();
        let hilbert = Matrix::new(6, 6, values).unwrap();
        for found in [singular_values(&hilbert).unwrap(), svd_by_jacobi(&hilbert).unwrap().values] {
            assert!((found[0] - 1.6188998589243393).abs() < 1e-14);
            assert!((found[5] - 1.0827994844117582e-7).abs() < 1e-15, "{found:?}");
        }
    }

    #[test]
    fn both_ways_agree_on_every_shape() {
        for (rows, columns) in [(1, 1), (1, 6), (6, 1), (9, 4), (4, 9), (30, 30), (60, 25)] {
            let matrix = random("svd", rows, columns);
            let (fast, slow) = (svd(&matrix).unwrap(), svd_by_jacobi(&matrix).unwrap());
            assert_decomposes(&matrix, &fast);
            assert_decomposes(&matrix, &slow);
            let alone = singular_values(&matrix).unwrap();
            for ((a, b), c) in fast.values.iter().zip(&slow.values).zip(&alone) {
                assert!((a - b).abs() < 1e-12 && (a - c).abs() < 1e-12, "{rows} × {columns}");
            }
        }
    }

    #[test]
    fn matrices_without_full_rank_have_full_bases() {
        let low = random("tall", 12, 2).times(&random("wide", 2, 7)).unwrap();
        let mut repeated = Matrix::zeros(5, 5);
        (0..5).for_each(|row| repeated.row_mut(row).fill(1.0));
        for matrix in [low.clone(), low.transposed(), repeated, Matrix::zeros(4, 3), Matrix::identity(5)] {
            for found in [svd(&matrix).unwrap(), svd_by_jacobi(&matrix).unwrap()] {
                assert_decomposes(&matrix, &found);
            }
        }
        let found = svd(&low).unwrap();
        assert!(found.values[2] < 1e-13 * found.values[0]);
        let two = found.truncated(2);
        assert!(two.values().iter().zip(low.values()).all(|(a, b)| (a - b).abs() < 1e-12));
    }

    #[test]
    fn very_large_and_very_small_numbers_neither_overflow_nor_vanish() {
        let plain = random("scale", 6, 4);
        let exact = svd(&plain).unwrap();
        for factor in [2.0_f64.powi(900), 2.0_f64.powi(-900)] {
            let mut matrix = plain.clone();
            matrix.values_mut().iter_mut().for_each(|value| *value *= factor);
            let found = svd(&matrix).unwrap();
            assert_eq!(found.left, exact.left);
            assert!(found.values.iter().zip(&exact.values).all(|(a, b)| *a == b * factor));
        }
    }

    #[test]
    fn what_cannot_be_decomposed_is_refused_in_a_sentence() {
        let error = svd(&Matrix::new(1, 2, vec![0.0, f64::INFINITY]).unwrap()).unwrap_err().to_string();
        assert_eq!(error, "svd: value 1 is not finite; leave such values out first");
        assert!(singular_values(&Matrix::zeros(0, 3)).is_err());
        assert!(svd_by_jacobi(&Matrix::new(1, 1, vec![f64::NAN]).unwrap()).is_err());
        assert_eq!(svd(&random("a", 2, 2)).unwrap().residual(&random("b", 3, 2)), f64::INFINITY);
    }

    proptest::proptest! {
        #![proptest_config(proptest::prelude::ProptestConfig::with_cases(64))]
        #[test]
        fn any_matrix_is_rebuilt(
            rows in 1_usize..9,
            columns in 1_usize..9,
            values in proptest::collection::vec(-1e3_f64..1e3, 64),
            zeroed in proptest::collection::vec(proptest::bool::ANY, 64),
        ) {
            let values = values.iter().zip(zeroed).map(|(value, zero)| if zero { 0.0 } else { *value });
            let matrix = Matrix::new(rows, columns, values.take(rows * columns).collect()).unwrap();
            assert_decomposes(&matrix, &svd(&matrix).unwrap());
            assert_decomposes(&matrix, &svd_by_jacobi(&matrix).unwrap());
            let square: f64 = singular_values(&matrix).unwrap().iter().map(|value| value * value).sum();
            proptest::prop_assert!((square.sqrt() - matrix.norm()).abs() <= 1e-10 * matrix.norm());
        }
    }
}
