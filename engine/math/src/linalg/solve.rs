//! Linear equations: symmetric positive definite ones by Cholesky's factor (Golub and Van Loan, 4.2), least squares by QR, and with a
//! ridge by Cholesky.

use super::orthonormal::{Qr, qr};
use super::{Matrix, add_scaled, dot};
use crate::error::{MathError, check_finite, check_pairs};

/// The lower triangular factor L of `A = L Lᵀ`.
#[derive(Clone, Debug, PartialEq)]
pub struct Cholesky {
    factor: Matrix,
}

impl Cholesky {
    /// Factors a symmetric positive definite matrix `[n, n]`, of which only the lower triangle is read. Refused if it is empty, not
    /// square, not finite, or not positive definite to rounding.
    pub fn new(matrix: &Matrix) -> Result<Self, MathError> {
        const WHAT: &str = "Cholesky factor";
        let size = matrix.rows();
        if size != matrix.columns() {
            let found = format!("{size} × {}", matrix.columns());
            return Err(MathError::Shape { what: WHAT, needed: "a square matrix".into(), found });
        }
        matrix.check(WHAT)?;
        let mut factor = Matrix::zeros(size, size);
        for i in 0..size {
            for j in 0..i {
                let sum = dot(&factor.row(i)[..j], &factor.row(j)[..j]);
                factor.row_mut(i)[j] = (matrix.row(i)[j] - sum) / factor.row(j)[j];
            }
            let pivot = matrix.row(i)[i] - dot(&factor.row(i)[..i], &factor.row(i)[..i]);
            // What cancellation leaves of the diagonal is no pivot.
            if pivot.is_nan() || pivot <= matrix.row(i)[i].abs() * f64::EPSILON * size as f64 {
                return Err(MathError::NotPositive { what: WHAT, row: i });
            }
            factor.row_mut(i)[i] = pivot.sqrt();
        }
        Ok(Self { factor })
    }

    /// L, `[n, n]`.
    pub fn factor(&self) -> &Matrix {
        &self.factor
    }

    /// The x of `A x = b`; refused unless b has `n` values.
    pub fn solve(&self, b: &[f64]) -> Result<Vec<f64>, MathError> {
        check_pairs("symmetric equations", self.factor.rows(), b.len())?;
        let mut x = b.to_vec();
        for i in 0..x.len() {
            let row = self.factor.row(i);
            x[i] = (x[i] - dot(&row[..i], &x[..i])) / row[i];
        }
        for i in (0..x.len()).rev() {
            let row = self.factor.row(i);
            x[i] /= row[i];
            let value = x[i];
            add_scaled(&mut x[..i], -value, &row[..i]);
        }
        Ok(x)
    }

    /// `ln det A`.
    pub fn ln_determinant(&self) -> f64 {
        2.0 * (0..self.factor.rows()).map(|i| self.factor.row(i)[i].ln()).sum::<f64>()
    }
}

/// The w that makes `‖X w − y‖² + ridge ‖w‖²` least, for X `[n, d]` and y `[n]`; no intercept is added.
///
/// With a ridge the normal equations are solved, `d × d` or `n × n`, whichever is smaller; without, QR. Refused if lengths do not fit,
/// a value is not finite, the ridge is negative, or without a ridge if the columns depend on each other.
pub fn least_squares(x: &Matrix, y: &[f64], ridge: f64) -> Result<Vec<f64>, MathError> {
    const WHAT: &str = "least squares";
    check_pairs(WHAT, x.rows(), y.len())?;
    x.check(WHAT)?;
    check_finite(WHAT, y)?;
    if !(ridge.is_finite() && ridge >= 0.0) {
        return Err(MathError::Range { what: WHAT, needed: "a finite ridge of at least 0" });
    }
    let transposed = x.transposed();
    if ridge == 0.0 {
        return by_qr(x, y);
    }
    let tall = x.rows() >= x.columns();
    let mut products = if tall { transposed.row_products() } else { x.row_products() };
    let size = products.rows();
    products.values_mut().iter_mut().step_by(size + 1).for_each(|value| *value += ridge);
    let factor = Cholesky::new(&products)?;
    if tall { factor.solve(&transposed.times_vector(y)?) } else { transposed.times_vector(&factor.solve(y)?) }
}

fn by_qr(x: &Matrix, y: &[f64]) -> Result<Vec<f64>, MathError> {
    const WHAT: &str = "least squares without a ridge";
    let size = x.columns();
    if x.rows() < size {
        let needed = format!("at least {size} rows, or a ridge");
        return Err(MathError::Shape { what: WHAT, needed, found: x.rows().to_string() });
    }
    let Qr { q, r } = qr(x)?;
    let largest = (0..size).map(|i| r.row(i)[i]).fold(0.0, f64::max);
    let limit = largest * f64::EPSILON * x.rows() as f64;
    let mut w = q.transposed().times_vector(y)?;
    for i in (0..size).rev() {
        let row = r.row(i);
        if row[i] <= limit {
            return Err(MathError::NotPositive { what: WHAT, row: i });
        }
        w[i] = (w[i] - dot(&row[i + 1..], &w[i + 1..])) / row[i];
    }
    Ok(w)
}

#[cfg(test)]
mod tests {
    use super::super::matrix::tests::random;
    use super::*;

    #[test]
    fn a_known_matrix_has_its_known_factor() {
        let a = Matrix::new(3, 3, vec![4.0, 12.0, -16.0, 12.0, 37.0, -43.0, -16.0, -43.0, 98.0]).unwrap();
        let found = Cholesky::new(&a).unwrap();
        assert_eq!(found.factor().values(), [2.0, 0.0, 0.0, 6.0, 1.0, 0.0, -8.0, 5.0, 3.0]);
        assert!((found.ln_determinant() - 36.0_f64.ln()).abs() < 1e-14);
        let x = found.solve(&[1.0, 2.0, 3.0]).unwrap();
        let back = a.times_vector(&x).unwrap();
        assert!(back.iter().zip([1.0, 2.0, 3.0]).all(|(a, b)| (a - b).abs() < 1e-11), "{back:?}");
    }

    #[test]
    fn what_has_no_solution_is_refused_in_a_sentence() {
        let singular = Matrix::new(2, 2, vec![1.0, 2.0, 2.0, 4.0]).unwrap();
        let error = Cholesky::new(&singular).unwrap_err().to_string();
        assert!(error.contains("not positive definite in row 1"), "{error}");
        assert!(Cholesky::new(&random("wide", 2, 3)).is_err());
        assert!(least_squares(&singular, &[1.0, 2.0], 0.0).is_err());
        assert!(least_squares(&singular, &[1.0, 2.0], 1e-3).is_ok());
        assert!(least_squares(&random("wide", 2, 3), &[1.0, 2.0], 0.0).is_err());
        assert!(least_squares(&singular, &[1.0, f64::NAN], 1.0).is_err());
        assert!(least_squares(&singular, &[1.0, 2.0], -1.0).is_err());
        assert!(least_squares(&singular, &[1.0], 1.0).is_err());
    }

    /// `numpy.linalg.lstsq(x, y)` and `numpy.linalg.solve(x.T @ x + 0.5 * numpy.eye(2), x.T @ y)` (2.4.6).
    #[test]
    fn least_squares_agree_with_another_implementation() {
        let x = Matrix::new(4, 2, vec![1.0, 0.5, 1.0, -1.0, 1.0, 2.0, 1.0, 3.5]).unwrap();
        let y = [1.0, 0.0, 2.5, 3.0];
        let near = |found: Vec<f64>, expected: [f64; 2]| {
            assert!(found.iter().zip(expected).all(|(a, b)| (a - b).abs() < 1e-13), "{found:?}");
        };
        near(least_squares(&x, &y, 0.0).unwrap(), [0.75, 0.7]);
        near(least_squares(&x, &y, 0.5).unwrap(), [0.6607142857142854, 0.7053571428571429]);
    }

    #[test]
    fn tall_and_wide_ridges_leave_no_gradient() {
        for (n, d) in [(9, 4), (4, 9), (5, 5)] {
            let x = random("ridge", n, d);
            let y: Vec<f64> = random("target", n, 1).values().to_vec();
            let w = least_squares(&x, &y, 0.3).unwrap();
            let residual: Vec<f64> =
                x.times_vector(&w).unwrap().iter().zip(&y).map(|(fit, y)| fit - y).collect();
            let gradient = x.transposed().times_vector(&residual).unwrap();
            assert!(gradient.iter().zip(&w).all(|(g, w)| (g + 0.3 * w).abs() < 1e-12));
        }
    }
}
