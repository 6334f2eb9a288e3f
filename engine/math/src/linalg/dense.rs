//! A dense matrix in single or double precision, row after row, for methods that are compared in both.
//!
//! Contract: products and sums are taken in the type's own precision, in a fixed order. Decompositions are those of [`Matrix`]: convert
//! with [`Dense::to_matrix`] and [`Dense::from_matrix`].

use super::Matrix;
use crate::error::MathError;
use crate::real::Real;

/// A matrix `[rows, columns]` of f32 or f64, row-major.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Dense<R> {
    rows: usize,
    columns: usize,
    values: Vec<R>,
}

impl<R: Real> Dense<R> {
    /// A matrix of these values, row after row; refused unless there are `rows · columns`.
    pub fn new(rows: usize, columns: usize, values: Vec<R>) -> Result<Self, MathError> {
        if rows.checked_mul(columns) == Some(values.len()) {
            return Ok(Self { rows, columns, values });
        }
        let needed = format!("{rows} × {columns} values");
        Err(MathError::Shape { what: "matrix", needed, found: values.len().to_string() })
    }

    /// All zero.
    pub fn zeros(rows: usize, columns: usize) -> Self {
        Self { rows, columns, values: vec![R::ZERO; rows * columns] }
    }

    /// Ones on the diagonal, zero elsewhere.
    pub fn identity(size: usize) -> Self {
        let mut identity = Self::zeros(size, size);
        identity.values.iter_mut().step_by(size + 1).for_each(|value| *value = R::ONE);
        identity
    }

    /// The nearest matrix of this precision.
    pub fn from_matrix(matrix: &Matrix) -> Self {
        let values = matrix.values().iter().map(|value| R::from_f64(*value)).collect();
        Self { rows: matrix.rows(), columns: matrix.columns(), values }
    }

    /// The same matrix in double precision.
    pub fn to_matrix(&self) -> Matrix {
        let mut matrix = Matrix::zeros(self.rows, self.columns);
        matrix.values_mut().iter_mut().zip(&self.values).for_each(|(to, from)| *to = from.to_f64());
        matrix
    }

    /// Number of rows.
    pub fn rows(&self) -> usize {
        self.rows
    }

    /// Number of columns.
    pub fn columns(&self) -> usize {
        self.columns
    }

    /// Rows and columns.
    pub fn shape(&self) -> (usize, usize) {
        (self.rows, self.columns)
    }

    /// All values, row after row.
    pub fn values(&self) -> &[R] {
        &self.values
    }

    /// All values, row after row, for writing.
    pub fn values_mut(&mut self) -> &mut [R] {
        &mut self.values
    }

    /// The values alone, row after row.
    pub fn into_values(self) -> Vec<R> {
        self.values
    }

    /// One row; panics beyond the last, as a slice does.
    pub fn row(&self, row: usize) -> &[R] {
        &self.values[row * self.columns..(row + 1) * self.columns]
    }

    /// One row for writing; panics beyond the last, as a slice does.
    pub fn row_mut(&mut self, row: usize) -> &mut [R] {
        &mut self.values[row * self.columns..(row + 1) * self.columns]
    }

    /// All rows in order.
    pub fn each_row(&self) -> impl Iterator<Item = &[R]> {
        (0..self.rows).map(|row| self.row(row))
    }

    /// The value in a row and a column; `None` outside.
    pub fn get(&self, row: usize, column: usize) -> Option<R> {
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

    /// `A·B`, `[rows, other.columns]`; refused unless `columns == other.rows`.
    pub fn times(&self, other: &Self) -> Result<Self, MathError> {
        fits("a second matrix with rows", self.columns, other.rows)?;
        let mut product = Self::zeros(self.rows, other.columns);
        for i in 0..self.rows {
            let target = &mut product.values[i * other.columns..(i + 1) * other.columns];
            for (value, row) in self.row(i).iter().zip(other.each_row()) {
                target.iter_mut().zip(row).for_each(|(target, other)| *target += *value * *other);
            }
        }
        Ok(product)
    }

    /// `A·Bᵀ`, `[rows, other.rows]`; refused unless both have the same number of columns.
    pub fn times_transposed(&self, other: &Self) -> Result<Self, MathError> {
        fits("a second matrix with columns", self.columns, other.columns)?;
        self.times(&other.transposed())
    }

    /// `Aᵀ·B`, `[columns, other.columns]`; refused unless both have the same number of rows.
    pub fn transposed_times(&self, other: &Self) -> Result<Self, MathError> {
        fits("a second matrix with rows", self.rows, other.rows)?;
        let mut product = Self::zeros(self.columns, other.columns);
        for (left, right) in self.each_row().zip(other.each_row()) {
            for (target, value) in product.values.chunks_exact_mut(other.columns.max(1)).zip(left) {
                target.iter_mut().zip(right).for_each(|(target, other)| *target += *value * *other);
            }
        }
        Ok(product)
    }

    /// The sum `A + factor·B`; refused unless the shapes agree.
    pub fn plus_scaled(&self, factor: R, other: &Self) -> Result<Self, MathError> {
        let mut sum = self.clone();
        sum.add_scaled(factor, other)?;
        Ok(sum)
    }

    /// Adds `factor·B` in place; refused unless the shapes agree.
    pub fn add_scaled(&mut self, factor: R, other: &Self) -> Result<(), MathError> {
        if self.shape() != other.shape() {
            let needed = format!("a second matrix {} × {}", self.rows, self.columns);
            let found = format!("{} × {}", other.rows, other.columns);
            return Err(MathError::Shape { what: "sum", needed, found });
        }
        self.values.iter_mut().zip(&other.values).for_each(|(target, value)| *target += factor * *value);
        Ok(())
    }

    /// Every value times a factor.
    #[must_use]
    pub fn scaled(&self, factor: R) -> Self {
        let values = self.values.iter().map(|value| factor * *value).collect();
        Self { rows: self.rows, columns: self.columns, values }
    }

    /// A function of every value.
    #[must_use]
    pub fn map(&self, function: impl FnMut(R) -> R) -> Self {
        let values = self.values.iter().copied().map(function).collect();
        Self { rows: self.rows, columns: self.columns, values }
    }

    /// The part `[height, width]` whose first entry is at `(row, column)`; refused where it leaves the matrix.
    pub fn part(&self, row: usize, column: usize, height: usize, width: usize) -> Result<Self, MathError> {
        self.check_part(row, column, height, width)?;
        let rows = (row..row + height).map(|row| &self.row(row)[column..column + width]);
        Ok(Self { rows: height, columns: width, values: rows.flatten().copied().collect() })
    }

    /// Writes a smaller matrix over the part whose first entry is at `(row, column)`; refused where it leaves the matrix.
    pub fn set_part(&mut self, row: usize, column: usize, part: &Self) -> Result<(), MathError> {
        self.check_part(row, column, part.rows, part.columns)?;
        for (offset, values) in part.each_row().enumerate() {
            self.row_mut(row + offset)[column..column + part.columns].copy_from_slice(values);
        }
        Ok(())
    }

    /// Frobenius norm `√Σ aᵢⱼ²`, in double precision.
    pub fn norm(&self) -> f64 {
        self.to_matrix().norm()
    }

    fn check_part(&self, row: usize, column: usize, height: usize, width: usize) -> Result<(), MathError> {
        if row + height <= self.rows && column + width <= self.columns {
            return Ok(());
        }
        let needed = format!("a part inside {} × {}", self.rows, self.columns);
        let found = format!("{height} × {width} from row {row}, column {column}");
        Err(MathError::Shape { what: "part of a matrix", needed, found })
    }
}

/// Refuses factors that do not fit.
fn fits(of: &str, needed: usize, found: usize) -> Result<(), MathError> {
    if needed == found {
        return Ok(());
    }
    let needed = format!("{of} in the number of {needed}");
    Err(MathError::Shape { what: "product", needed, found: found.to_string() })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rng::stream;

    fn random(name: &str, rows: usize, columns: usize) -> Dense<f64> {
        let mut random = stream(1, name);
        Dense::new(rows, columns, (0..rows * columns).map(|_| f64::from(random.normal())).collect()).unwrap()
    }

    #[test]
    fn products_agree_with_those_of_matrices() {
        let (a, b) = (random("a", 4, 6), random("b", 6, 3));
        let expected = a.to_matrix().times(&b.to_matrix()).unwrap();
        assert_eq!(a.times(&b).unwrap().values(), expected.values());
        assert_eq!(a.times_transposed(&b.transposed()).unwrap().values(), expected.values());
        let left = a.transposed().transposed_times(&b).unwrap();
        for (x, y) in left.values().iter().zip(expected.values()) {
            assert!((x - y).abs() < 1e-14);
        }
        assert!(a.times(&a).is_err() && a.times_transposed(&b).is_err() && a.transposed_times(&b).is_err());
        assert_eq!(Dense::identity(4).times(&a).unwrap(), a);
        assert_eq!(Dense::<f64>::from_matrix(&a.to_matrix()), a);
    }

    #[test]
    fn parts_are_read_and_written() {
        let mut a = random("a", 4, 6);
        let part = a.part(1, 2, 2, 3).unwrap();
        assert_eq!(part.get(1, 2), a.get(2, 4));
        assert!(a.part(3, 0, 2, 1).is_err() && a.part(0, 4, 1, 3).is_err());
        a.set_part(0, 0, &part).unwrap();
        assert_eq!(a.part(0, 0, 2, 3).unwrap(), part);
        assert!(a.set_part(3, 0, &part).is_err());
    }

    #[test]
    fn sums_need_one_shape() {
        let (a, b) = (random("a", 2, 3), random("b", 3, 2));
        assert!(a.plus_scaled(1.0, &b).is_err());
        let zero = a.plus_scaled(-1.0, &a).unwrap();
        assert_eq!((zero.norm(), a.scaled(2.0)), (0.0, a.map(|value| value + value)));
        assert!(Dense::new(2, 2, vec![0.0_f32; 3]).is_err());
    }
}
