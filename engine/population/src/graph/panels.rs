//! A batch of rows in lanes.

use crate::lane::{LANES, Lane, flat, flat_mut, panels};

/// Rows of numbers, kept as panels of sixteen columns: panel p holds one lane for each row. Columns beyond the last are zero.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Panels {
    rows: usize,
    columns: usize,
    lanes: Vec<Lane>,
}

impl Panels {
    /// Zeros.
    pub fn zeros(rows: usize, columns: usize) -> Self {
        Self { rows, columns, lanes: vec![Lane::ZERO; panels(columns) * rows] }
    }

    /// Rows from row-major values; values beyond the last whole row are left out.
    pub fn from_rows(values: &[f32], columns: usize) -> Self {
        let rows = values.len().checked_div(columns).unwrap_or(0);
        let mut all = Self::zeros(rows, columns);
        for (row, values) in values.chunks_exact(columns.max(1)).enumerate() {
            for (panel, values) in values.chunks(LANES).enumerate() {
                all.lanes[panel * rows + row].0[..values.len()].copy_from_slice(values);
            }
        }
        all
    }

    /// The values, row after row.
    pub fn to_rows(&self) -> Vec<f32> {
        let mut values = Vec::with_capacity(self.rows * self.columns);
        for row in 0..self.rows {
            let lanes = self.lanes[row..].iter().step_by(self.rows.max(1));
            values.extend(lanes.flat_map(|lane| lane.0).take(self.columns));
        }
        values
    }

    /// Number of rows.
    pub fn rows(&self) -> usize {
        self.rows
    }

    /// Number of columns.
    pub fn columns(&self) -> usize {
        self.columns
    }

    /// The lanes, panel after panel.
    pub fn lanes(&self) -> &[Lane] {
        &self.lanes
    }

    /// The lanes for writing; what lies beyond the last column must stay zero.
    pub fn lanes_mut(&mut self) -> &mut [Lane] {
        &mut self.lanes
    }

    /// `self += factor · other`, for panels of one size.
    pub fn add_scaled(&mut self, factor: f32, other: &Self) {
        crate::lane::add_scaled(&mut self.lanes, factor, &other.lanes);
    }

    /// `self − other`, for panels of one size.
    #[must_use]
    pub fn minus(&self, other: &Self) -> Self {
        let mut difference = self.clone();
        difference.add_scaled(-1.0, other);
        difference
    }

    /// The same with every number multiplied.
    #[must_use]
    pub fn scaled(mut self, factor: f32) -> Self {
        crate::lane::scale(&mut self.lanes, factor);
        self
    }

    /// The same rows with another function of each number, which must be 0 at 0.
    #[must_use]
    pub fn map(mut self, function: impl Fn(f32) -> f32) -> Self {
        flat_mut(&mut self.lanes).iter_mut().for_each(|value| *value = function(*value));
        self
    }

    /// Sum of the squares, in double precision and a fixed order.
    pub fn squares(&self) -> f64 {
        flat(&self.lanes).iter().map(|value| f64::from(*value) * f64::from(*value)).sum()
    }
}
