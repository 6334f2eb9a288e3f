//! Eigenvalues and eigenvectors of symmetric matrices in double precision: Householder reduction to tridiagonal form, then
//! implicit QL with shifts (Golub and Van Loan, "Matrix Computations", 8.3). For matrices of up to a few hundred rows.

/// Most iterations for one eigenvalue; a symmetric matrix takes two or three.
const MOST_ITERATIONS: usize = 60;

/// Eigenvalues ascending with their vectors.
#[derive(Clone, Debug, PartialEq)]
pub struct Eigen {
    /// Ascending.
    pub values: Vec<f64>,
    /// `vectors[k]` has length one and belongs to `values[k]`.
    pub vectors: Vec<Vec<f64>>,
}

/// Decomposes a symmetric matrix, row-major `size × size`; only its lower triangle is read. `None` if the length does not fit
/// or a number is not finite.
pub fn eigen(matrix: &[f64], size: usize) -> Option<Eigen> {
    if Some(matrix.len()) != size.checked_mul(size) || matrix.iter().any(|value| !value.is_finite()) {
        return None;
    }
    let mut basis: Vec<Vec<f64>> = matrix.chunks(size.max(1)).map(<[f64]>::to_vec).collect();
    let (mut diagonal, mut off) = tridiagonal(&mut basis);
    implicit_ql(&mut diagonal, &mut off, &mut basis)?;
    Some(sorted(&diagonal, &basis))
}

/// Decomposes a symmetric tridiagonal matrix with this diagonal and the elements beside it, one fewer (more are left out). `None` if
/// there are too few or a number is not finite.
pub fn eigen_tridiagonal(diagonal: &[f64], beside: &[f64]) -> Option<Eigen> {
    let size = diagonal.len();
    if beside.len() + 1 < size || diagonal.iter().chain(beside).any(|value| !value.is_finite()) {
        return None;
    }
    let mut basis = vec![vec![0.0; size]; size];
    basis.iter_mut().enumerate().for_each(|(index, row)| row[index] = 1.0);
    let mut off = vec![0.0; size];
    off.iter_mut().skip(1).zip(beside).for_each(|(off, beside)| *off = *beside);
    let mut values = diagonal.to_vec();
    implicit_ql(&mut values, &mut off, &mut basis)?;
    Some(sorted(&values, &basis))
}

/// Eigenvalues alone of a symmetric tridiagonal matrix, ascending; `None` as for [`eigen_tridiagonal`].
pub fn eigenvalues_tridiagonal(diagonal: &[f64], beside: &[f64]) -> Option<Vec<f64>> {
    let size = diagonal.len();
    if beside.len() + 1 < size || diagonal.iter().chain(beside).any(|value| !value.is_finite()) {
        return None;
    }
    let mut off = vec![0.0; size];
    off.iter_mut().skip(1).zip(beside).for_each(|(off, beside)| *off = *beside);
    let mut values = diagonal.to_vec();
    implicit_ql(&mut values, &mut off, &mut [])?;
    values.sort_by(f64::total_cmp);
    Some(values)
}

fn sorted(values: &[f64], basis: &[Vec<f64>]) -> Eigen {
    let mut order: Vec<usize> = (0..values.len()).collect();
    order.sort_by(|a, b| values[*a].total_cmp(&values[*b]));
    let vectors = order.iter().map(|column| basis.iter().map(|row| row[*column]).collect()).collect();
    Eigen { values: order.iter().map(|index| values[*index]).collect(), vectors }
}

/// Reduces to tridiagonal form; the matrix becomes the orthogonal basis. Diagonal, and the elements left of it (the first is 0).
fn tridiagonal(a: &mut [Vec<f64>]) -> (Vec<f64>, Vec<f64>) {
    let size = a.len();
    let (mut diagonal, mut off) = (vec![0.0; size], vec![0.0; size]);
    for i in (1..size).rev() {
        let scale: f64 = a[i][..i].iter().map(|value| value.abs()).sum();
        if i == 1 || scale == 0.0 {
            off[i] = a[i][i - 1];
            continue;
        }
        let mut square = 0.0;
        for value in &mut a[i][..i] {
            *value /= scale;
            square += *value * *value;
        }
        let last = a[i][i - 1];
        let root = -square.sqrt().copysign(last);
        off[i] = scale * root;
        square -= last * root;
        a[i][i - 1] = last - root;
        reflect(a, i, square, &mut off);
        diagonal[i] = square;
    }
    accumulate(a, &mut diagonal);
    (diagonal, off)
}

/// Applies the reflection of row `i` from both sides to the leading part. `off` is scratch below `i`.
fn reflect(a: &mut [Vec<f64>], i: usize, square: f64, off: &mut [f64]) {
    let mut along = 0.0;
    for j in 0..i {
        a[j][i] = a[i][j] / square;
        let lower: f64 = (0..=j).map(|k| a[j][k] * a[i][k]).sum();
        let upper: f64 = (j + 1..i).map(|k| a[k][j] * a[i][k]).sum();
        off[j] = (lower + upper) / square;
        along += off[j] * a[i][j];
    }
    let half = along / (2.0 * square);
    for j in 0..i {
        let factor = a[i][j];
        off[j] -= half * factor;
        let other = off[j];
        for k in 0..=j {
            let change = factor * off[k] + other * a[i][k];
            a[j][k] -= change;
        }
    }
}

/// Multiplies the reflections into a basis.
#[expect(clippy::needless_range_loop, reason = "rows and columns of one matrix, as in the book")]
fn accumulate(a: &mut [Vec<f64>], diagonal: &mut [f64]) {
    let size = a.len();
    for i in 0..size {
        if i > 0 && diagonal[i] != 0.0 {
            for j in 0..i {
                let along: f64 = (0..i).map(|k| a[i][k] * a[k][j]).sum();
                for k in 0..i {
                    let change = along * a[k][i];
                    a[k][j] -= change;
                }
            }
        }
        diagonal[i] = a[i][i];
        a[i][i] = 1.0;
        for j in 0..i {
            a[j][i] = 0.0;
            a[i][j] = 0.0;
        }
    }
}

/// Turns the tridiagonal form diagonal, and the basis with it.
fn implicit_ql(diagonal: &mut [f64], off: &mut [f64], basis: &mut [Vec<f64>]) -> Option<()> {
    let size = diagonal.len();
    if size == 0 {
        return Some(());
    }
    off.rotate_left(1);
    off[size - 1] = 0.0;
    for low in 0..size {
        let mut rounds = 0;
        loop {
            let split = (low..size - 1).find(|m| {
                let around = diagonal[*m].abs() + diagonal[*m + 1].abs();
                off[*m].abs() <= f64::EPSILON * around
            });
            let split = split.unwrap_or(size - 1);
            if split == low {
                break;
            }
            rounds += 1;
            if rounds > MOST_ITERATIONS {
                return None;
            }
            chase(diagonal, off, basis, low, split);
        }
    }
    Some(())
}

/// One QL sweep from `high` down to `low`.
fn chase(diagonal: &mut [f64], off: &mut [f64], basis: &mut [Vec<f64>], low: usize, high: usize) {
    let slope = (diagonal[low + 1] - diagonal[low]) / (2.0 * off[low]);
    let length = slope.hypot(1.0);
    let mut g = diagonal[high] - diagonal[low] + off[low] / (slope + length.copysign(slope));
    let (mut sine, mut cosine, mut shift) = (1.0, 1.0, 0.0);
    for i in (low..high).rev() {
        let f = sine * off[i];
        let b = cosine * off[i];
        let r = f.hypot(g);
        off[i + 1] = r;
        if r == 0.0 {
            diagonal[i + 1] -= shift;
            off[high] = 0.0;
            return;
        }
        sine = f / r;
        cosine = g / r;
        let rest = diagonal[i + 1] - shift;
        let turn = (diagonal[i] - rest) * sine + 2.0 * cosine * b;
        shift = sine * turn;
        diagonal[i + 1] = rest + shift;
        g = cosine * turn - b;
        for row in basis.iter_mut() {
            let upper = row[i + 1];
            row[i + 1] = sine * row[i] + cosine * upper;
            row[i] = cosine * row[i] - sine * upper;
        }
    }
    diagonal[low] -= shift;
    off[low] = g;
    off[high] = 0.0;
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stream;

    #[test]
    fn vectors_are_orthonormal_and_rebuild_the_matrix() {
        let mut random = stream(1, "matrix");
        for size in [1, 2, 3, 7, 40] {
            let mut matrix = vec![0.0; size * size];
            for i in 0..size {
                for j in 0..=i {
                    let value = f64::from(random.normal());
                    matrix[i * size + j] = value;
                    matrix[j * size + i] = value;
                }
            }
            let Eigen { values, vectors } = eigen(&matrix, size).unwrap();
            assert!(values.windows(2).all(|pair| pair[0] <= pair[1]), "ascending");
            for i in 0..size {
                for j in 0..size {
                    let rebuilt: f64 = (0..size).map(|k| values[k] * vectors[k][i] * vectors[k][j]).sum();
                    assert!((rebuilt - matrix[i * size + j]).abs() < 1e-12 * size as f64, "{size}: {i}, {j}");
                    let inner: f64 = (0..size).map(|k| vectors[i][k] * vectors[j][k]).sum();
                    assert!((inner - f64::from(u8::from(i == j))).abs() < 1e-13 * size as f64);
                }
            }
        }
    }

    #[test]
    fn a_tridiagonal_matrix_and_its_full_form_agree() {
        let (diagonal, beside) = ([1.0, -2.0, 0.5, 3.0], [0.3, 0.0, -1.2]);
        let mut full = vec![0.0; 16];
        for i in 0..4 {
            full[i * 5] = diagonal[i];
            if i < 3 {
                full[i * 4 + i + 1] = beside[i];
                full[(i + 1) * 4 + i] = beside[i];
            }
        }
        let (a, b) = (eigen_tridiagonal(&diagonal, &beside).unwrap(), eigen(&full, 4).unwrap());
        for (x, y) in a.values.iter().zip(&b.values) {
            assert!((x - y).abs() < 1e-13);
        }
        assert_eq!(eigenvalues_tridiagonal(&diagonal, &beside), Some(a.values));
        assert_eq!(eigenvalues_tridiagonal(&diagonal, &[f64::NAN; 3]), None);
        assert_eq!(eigen(&[f64::NAN], 1), None);
        assert_eq!(eigen(&[], 0).unwrap().values, Vec::<f64>::new());
    }

    /// The second differences `tridiag(−1, 2, −1)` have the eigenvalues `2 − 2 cos(kπ/(n + 1))`.
    #[test]
    fn second_differences_have_their_known_eigenvalues() {
        let size = 50;
        let found = eigenvalues_tridiagonal(&vec![2.0; size], &vec![-1.0; size - 1]).unwrap();
        for (index, value) in found.iter().enumerate() {
            let angle = (index + 1) as f64 * std::f64::consts::PI / (size + 1) as f64;
            assert!((value - (2.0 - 2.0 * angle.cos())).abs() < 1e-13);
        }
    }
}
