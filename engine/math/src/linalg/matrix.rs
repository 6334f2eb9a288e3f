//! A dense matrix of double-precision numbers, row after row.

use super::{add_scaled, dot};
use crate::error::{MathError, check_finite};

/// A matrix `[rows, columns]`, row-major.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Matrix {
    rows: usize,
    columns: usize,
    values: Vec<f64>,
}

impl Matrix {
    /// A matrix of these values, row after row; refused unless there are `rows · columns`.
    pub fn new(rows: usize, columns: usize, values: Vec<f64>) -> Result<Self, MathError> {
        if rows.checked_mul(columns) == Some(values.len()) {
            return Ok(Self { rows, columns, values });
        }
        let needed = format!("{rows} × {columns} values");
        Err(MathError::Shape { what: "matrix", needed, found: values.len().to_string() })
    }

    /// The same from single precision.
    pub fn from_singles(rows: usize, columns: usize, values: &[f32]) -> Result<Self, MathError> {
        Self::new(rows, columns, values.iter().map(|value| f64::from(*value)).collect())
    }

    /// All zero.
    pub fn zeros(rows: usize, columns: usize) -> Self {
        Self { rows, columns, values: vec![0.0; rows * columns] }
    }

    /// Ones on the diagonal, zero elsewhere.
    pub fn identity(size: usize) -> Self {
        let mut identity = Self::zeros(size, size);
        identity.values.iter_mut().step_by(size + 1).for_each(|value| *value = 1.0);
        identity
    }

    /// Rows of one length under each other.
    pub(crate) fn stack(columns: usize, rows: &[Vec<f64>]) -> Self {
        Self { rows: rows.len(), columns, values: rows.concat() }
    }

    /// Number of rows.
    pub fn rows(&self) -> usize {
        self.rows
    }

    /// Number of columns.
    pub fn columns(&self) -> usize {
        self.columns
    }

    /// All values, row after row.
    pub fn values(&self) -> &[f64] {
        &self.values
    }

    /// All values, row after row, for writing.
    pub fn values_mut(&mut self) -> &mut [f64] {
        &mut self.values
    }

    /// One row; panics beyond the last, as a slice does.
    pub fn row(&self, row: usize) -> &[f64] {
        &self.values[row * self.columns..(row + 1) * self.columns]
    }

    /// One row for writing; panics beyond the last, as a slice does.
    pub fn row_mut(&mut self, row: usize) -> &mut [f64] {
        &mut self.values[row * self.columns..(row + 1) * self.columns]
    }

    /// All rows in order.
    pub fn each_row(&self) -> impl Iterator<Item = &[f64]> {
        (0..self.rows).map(|row| self.row(row))
    }

    /// The value in a row and a column; `None` outside.
    pub fn get(&self, row: usize, column: usize) -> Option<f64> {
        if column >= self.columns {
            return None;
        }
        self.values.get(row * self.columns + column).copied()
    }

    /// Rows and columns exchanged.
    #[must_use]
    pub fn transposed(&self) -> Self {
        let mut transposed = Self::zeros(self.columns, self.rows);
        for (i, row) in self.each_row().enumerate() {
            for (j, value) in row.iter().enumerate() {
                transposed.values[j * self.rows + i] = *value;
            }
        }
        transposed
    }

    /// The product `[rows, other.columns]`; refused unless `columns == other.rows`.
    pub fn times(&self, other: &Self) -> Result<Self, MathError> {
        if self.columns != other.rows {
            let needed = format!("a second matrix of {} rows", self.columns);
            return Err(MathError::Shape { what: "product", needed, found: other.rows.to_string() });
        }
        let mut product = Self::zeros(self.rows, other.columns);
        for i in 0..self.rows {
            let target = &mut product.values[i * other.columns..(i + 1) * other.columns];
            for (value, row) in self.row(i).iter().zip(other.each_row()) {
                add_scaled(target, *value, row);
            }
        }
        Ok(product)
    }

    /// The product with a column `[columns]`; refused unless the lengths agree.
    pub fn times_vector(&self, vector: &[f64]) -> Result<Vec<f64>, MathError> {
        if self.columns != vector.len() {
            let needed = format!("a vector of {} values", self.columns);
            return Err(MathError::Shape { what: "product", needed, found: vector.len().to_string() });
        }
        Ok(self.each_row().map(|row| dot(row, vector)).collect())
    }

    /// `A·Aᵀ`, `[rows, rows]`: the inner products of the rows.
    #[must_use]
    pub fn row_products(&self) -> Self {
        let mut products = Self::zeros(self.rows, self.rows);
        for i in 0..self.rows {
            for j in 0..=i {
                let value = dot(self.row(i), self.row(j));
                products.values[i * self.rows + j] = value;
                products.values[j * self.rows + i] = value;
            }
        }
        products
    }

    /// Mean of each column; zeros without rows.
    pub fn column_means(&self) -> Vec<f64> {
        let mut means = vec![0.0; self.columns];
        self.each_row().for_each(|row| add_scaled(&mut means, 1.0, row));
        let count = self.rows.max(1) as f64;
        means.iter_mut().for_each(|mean| *mean /= count);
        means
    }

    /// Frobenius norm `√Σ aᵢⱼ²`, scaled so that it neither overflows nor vanishes on the way.
    pub fn norm(&self) -> f64 {
        let largest = self.largest();
        if largest == 0.0 || !largest.is_finite() {
            return largest;
        }
        largest * self.values.iter().map(|value| (value / largest).powi(2)).sum::<f64>().sqrt()
    }

    /// Largest magnitude; not-a-number values are passed over.
    pub(crate) fn largest(&self) -> f64 {
        self.values.iter().fold(0.0, |largest, value| value.abs().max(largest))
    }

    /// Refuses an empty matrix and values that are not finite.
    pub(crate) fn check(&self, what: &'static str) -> Result<(), MathError> {
        if self.values.is_empty() {
            return Err(MathError::TooFew { what, needed: 1, found: 0 });
        }
        check_finite(what, &self.values)
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::rng::stream;

    /// Standard normal numbers, the same for the same name.
    pub(crate) fn random(name: &str, rows: usize, columns: usize) -> Matrix {
        let mut random = stream(1, name);
        let values = (0..rows * columns).map(|_| f64::from(random.normal())).collect();
        Matrix::new(rows, columns, values).unwrap()
    }

    #[test]
    fn shapes_are_checked() {
        let error = Matrix::new(2, 3, vec![0.0; 5]).unwrap_err();
        assert_eq!(error.to_string(), "matrix: 2 × 3 values needed, 5 given");
        let a = random("a", 2, 3);
        assert!(a.times(&random("b", 2, 3)).is_err() && a.times_vector(&[1.0]).is_err());
        assert_eq!((a.get(1, 3), a.get(2, 0)), (None, None));
        assert!(Matrix::default().check("test").is_err());
        assert!(Matrix::new(usize::MAX, 2, Vec::new()).is_err());
    }

    #[test]
    fn products_agree_with_each_other() {
        let a = random("a", 4, 6);
        assert_eq!(a.transposed().transposed(), a);
        assert_eq!(Matrix::identity(4).times(&a).unwrap(), a);
        let (gram, direct) = (a.row_products(), a.times(&a.transposed()).unwrap());
        for (x, y) in gram.values().iter().zip(direct.values()) {
            assert!((x - y).abs() < 1e-13);
        }
        let column: Vec<f64> = (0..6).map(f64::from).collect();
        let as_matrix = Matrix::new(6, 1, column.clone()).unwrap();
        assert_eq!(a.times(&as_matrix).unwrap().values(), a.times_vector(&column).unwrap());
    }

    #[test]
    fn the_norm_does_not_overflow() {
        let large = Matrix::new(1, 2, vec![3e300, 4e300]).unwrap();
        assert!((large.norm() / 5e300 - 1.0).abs() < 1e-15);
        assert_eq!(Matrix::zeros(2, 2).norm(), 0.0);
        assert_eq!(Matrix::new(2, 2, vec![1.0, 2.0, 3.0, 6.0]).unwrap().column_means(), [2.0, 4.0]);
    }
}
