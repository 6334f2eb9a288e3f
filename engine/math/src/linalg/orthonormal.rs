//! Orthonormal bases: the thin QR decomposition by Householder reflections (Golub and Van Loan, 5.2) and bases of spans by
//! Gram–Schmidt with the largest remaining vector first, each orthogonalised twice.

use super::{Matrix, add_scaled, dot};
use crate::error::MathError;

/// `A = Q R` of a matrix `[m, n]`, with `k = min(m, n)`.
#[derive(Clone, Debug, PartialEq)]
pub struct Qr {
    /// Q, `[m, k]`: orthonormal columns.
    pub q: Matrix,
    /// R, `[k, n]`: upper triangular, none of its diagonal negative.
    pub r: Matrix,
}

/// Decomposes a matrix. Refused if it is empty or holds a value that is not finite.
pub fn qr(matrix: &Matrix) -> Result<Qr, MathError> {
    matrix.check("QR")?;
    let (m, n) = (matrix.rows(), matrix.columns());
    let k = m.min(n);
    // Columns of A as rows: each reflection reads and writes them in one piece.
    let mut columns = matrix.transposed();
    let mut reflections: Vec<Option<Vec<f64>>> = Vec::with_capacity(k);
    for j in 0..k {
        let reflection = mirror(&columns.row(j)[j..]);
        if let Some(reflection) = &reflection {
            (j..n).for_each(|column| reflect(&mut columns.row_mut(column)[j..], reflection));
        }
        reflections.push(reflection);
    }
    let mut q = Matrix::zeros(k, m);
    for (column, row) in (0..k).map(|column| (column, column)) {
        q.row_mut(row)[column] = 1.0;
        for (j, reflection) in reflections.iter().enumerate().rev() {
            if let Some(reflection) = reflection {
                reflect(&mut q.row_mut(row)[j..], reflection);
            }
        }
    }
    let mut r = Matrix::zeros(k, n);
    for i in 0..k {
        let sign = if columns.row(i)[i] < 0.0 { -1.0 } else { 1.0 };
        q.row_mut(i).iter_mut().for_each(|value| *value *= sign);
        for column in i..n {
            r.row_mut(i)[column] = sign * columns.row(column)[i];
        }
    }
    Ok(Qr { q: q.transposed(), r })
}

/// The unit vector whose reflection turns `x` onto its first axis; `None` if nothing is below the first entry.
pub(super) fn mirror(x: &[f64]) -> Option<Vec<f64>> {
    let largest = x.iter().fold(0.0_f64, |largest, value| value.abs().max(largest));
    if x.iter().skip(1).all(|value| *value == 0.0) {
        return None;
    }
    let mut v: Vec<f64> = x.iter().map(|value| value / largest).collect();
    let length = dot(&v, &v).sqrt();
    let first = v.first_mut()?;
    *first += length.copysign(*first);
    let length = dot(&v, &v).sqrt();
    v.iter_mut().for_each(|value| *value /= length);
    Some(v)
}

fn reflect(x: &mut [f64], v: &[f64]) {
    let along = dot(x, v);
    add_scaled(x, -2.0 * along, v);
}

/// An orthonormal basis of the span of the rows, one vector a row, `[rank, columns]`: the row that has most left comes next; rows with
/// less than `tolerance` of the longest row left count as nothing (1e-10 is usual). Refused as by [`qr`].
pub fn basis_of_rows(matrix: &Matrix, tolerance: f64) -> Result<Matrix, MathError> {
    matrix.check("basis")?;
    let scale = matrix.largest();
    let mut rest: Vec<Vec<f64>> = matrix
        .each_row()
        .map(|row| row.iter().map(|value| value / scale.max(f64::MIN_POSITIVE)).collect())
        .collect();
    let mut basis: Vec<Vec<f64>> = Vec::new();
    let mut longest = None;
    while basis.len() < matrix.columns() {
        let lengths = rest.iter().map(|row| dot(row, row).sqrt()).enumerate();
        let Some((index, length)) = lengths.reduce(|a, b| if b.1 > a.1 { b } else { a }) else { break };
        let limit = tolerance * *longest.get_or_insert(length);
        if length == 0.0 || length <= limit {
            break;
        }
        let mut next = rest.swap_remove(index);
        let Some(()) = orthonormalize(&mut next, &basis, 0.5 * limit) else { continue };
        for row in &mut rest {
            let along = dot(row, &next);
            add_scaled(row, -along, &next);
        }
        basis.push(next);
    }
    Ok(Matrix::stack(matrix.columns(), &basis))
}

/// Takes the parts along an orthonormal basis away, twice, and makes the rest a unit vector; `None` if no more than `least` is left.
fn orthonormalize(vector: &mut [f64], basis: &[Vec<f64>], least: f64) -> Option<()> {
    for _ in 0..2 {
        for other in basis {
            let along = dot(vector, other);
            add_scaled(vector, -along, other);
        }
    }
    let length = dot(vector, vector).sqrt();
    if length <= least || length == 0.0 {
        return None;
    }
    vector.iter_mut().for_each(|value| *value /= length);
    Some(())
}

/// Adds unit vectors at right angles until the basis has `count` vectors of `length` entries (`count ≤ length`).
pub(super) fn complete(basis: &mut Vec<Vec<f64>>, length: usize, count: usize) {
    // Of all axes at least one keeps 1/√length of itself beside an incomplete basis; half of that leaves room for rounding.
    let least = 0.5 / (length.max(1) as f64).sqrt();
    for axis in 0..length {
        if basis.len() >= count {
            break;
        }
        let mut next = vec![0.0; length];
        next[axis] = 1.0;
        if orthonormalize(&mut next, basis, least).is_some() {
            basis.push(next);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::matrix::tests::random;
    use super::*;

    fn assert_orthonormal_rows(rows: &Matrix) {
        for i in 0..rows.rows() {
            for j in 0..=i {
                let expected = f64::from(u8::from(i == j));
                assert!((dot(rows.row(i), rows.row(j)) - expected).abs() < 1e-13, "{i}, {j}");
            }
        }
    }

    /// Signs apart, `numpy.linalg.qr([[1, 2], [3, 4], [5, 6]])` (2.4.6).
    #[test]
    fn a_known_matrix_is_decomposed() {
        let found = qr(&Matrix::new(3, 2, vec![1.0, 2.0, 3.0, 4.0, 5.0, 6.0]).unwrap()).unwrap();
        let r = [5.916079783099616, 7.437357441610944, 0.0, 0.828078671210825];
        for (a, b) in found.r.values().iter().zip(r) {
            assert!((a - b).abs() < 1e-13, "{:?}", found.r);
        }
    }

    #[test]
    fn factors_rebuild_the_matrix() {
        for (rows, columns) in [(1, 1), (5, 3), (3, 5), (20, 20), (1, 7)] {
            let a = random("qr", rows, columns);
            let Qr { q, r } = qr(&a).unwrap();
            assert_orthonormal_rows(&q.transposed());
            let rebuilt = q.times(&r).unwrap();
            for (x, y) in rebuilt.values().iter().zip(a.values()) {
                assert!((x - y).abs() < 1e-13);
            }
            for i in 0..r.rows() {
                assert!(r.row(i)[..i].iter().all(|value| *value == 0.0) && r.row(i)[i] >= 0.0);
            }
        }
        let zeros = qr(&Matrix::zeros(3, 2)).unwrap();
        assert_orthonormal_rows(&zeros.q.transposed());
        assert!(qr(&Matrix::new(1, 1, vec![f64::NAN]).unwrap()).is_err());
    }

    #[test]
    fn a_basis_has_as_many_vectors_as_the_rank() {
        let (tall, wide) = (random("tall", 9, 3), random("wide", 3, 7));
        let product = tall.times(&wide).unwrap();
        let basis = basis_of_rows(&product, 1e-10).unwrap();
        assert_eq!((basis.rows(), basis.columns()), (3, 7));
        assert_orthonormal_rows(&basis);
        for row in wide.each_row() {
            let mut rest = row.to_vec();
            basis.each_row().for_each(|b| {
                let along = dot(&rest, b);
                add_scaled(&mut rest, -along, b);
            });
            assert!(dot(&rest, &rest).sqrt() < 1e-12, "the span holds the factors");
        }
        assert_eq!(basis_of_rows(&Matrix::zeros(2, 4), 1e-10).unwrap().rows(), 0);
    }

    #[test]
    fn a_basis_is_completed() {
        let mut basis = vec![vec![0.6, 0.8, 0.0, 0.0]];
        complete(&mut basis, 4, 4);
        assert_eq!(basis.len(), 4);
        assert_orthonormal_rows(&Matrix::stack(4, &basis));
    }
}
