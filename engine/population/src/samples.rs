//! Rows to learn from, in the kernel's layout.

use super::lane::{LANES, Lane, panels};

/// What belongs to each row.
#[derive(Clone, Debug, PartialEq)]
pub enum Targets {
    /// A class, from 0.
    Classes(Vec<u32>),
    /// Numbers, `[rows, outputs]` row-major.
    Values(Vec<f32>),
}

/// Rows with targets.
#[derive(Clone, Debug, PartialEq)]
pub struct Samples {
    rows: usize,
    columns: usize,
    pub(super) features: Vec<Lane>,
    pub(super) targets: Targets,
}

impl Samples {
    /// `features` is `[rows, columns]` row-major; `None` if the lengths do not fit together.
    pub fn new(features: &[f32], columns: usize, targets: Targets) -> Option<Self> {
        let rows = features.len().checked_div(columns)?;
        let fits = match &targets {
            Targets::Classes(labels) => labels.len() == rows,
            Targets::Values(values) => rows > 0 && values.len().is_multiple_of(rows),
        };
        if !fits || rows * columns != features.len() {
            return None;
        }
        let mut lanes = vec![Lane::ZERO; panels(columns) * rows];
        for (row, values) in features.chunks_exact(columns).enumerate() {
            for (panel, values) in values.chunks(LANES).enumerate() {
                lanes[panel * rows + row].0[..values.len()].copy_from_slice(values);
            }
        }
        Some(Self { rows, columns, features: lanes, targets })
    }

    /// Number of rows.
    pub fn rows(&self) -> usize {
        self.rows
    }

    /// Features of a row.
    pub fn columns(&self) -> usize {
        self.columns
    }

    /// Class labels, if the rows have classes.
    pub fn labels(&self) -> Option<&[u32]> {
        match &self.targets {
            Targets::Classes(labels) => Some(labels),
            Targets::Values(_) => None,
        }
    }

    /// The same rows with other class labels; `None` if their number differs.
    pub fn with_labels(&self, labels: Vec<u32>) -> Option<Self> {
        (labels.len() == self.rows).then(|| Self { targets: Targets::Classes(labels), ..self.clone() })
    }

    /// The features row-major.
    pub fn to_rows(&self) -> Vec<f32> {
        let mut values = Vec::with_capacity(self.rows * self.columns);
        for row in 0..self.rows {
            let lanes = self.features[row..].iter().step_by(self.rows.max(1));
            values.extend(lanes.flat_map(|lane| lane.0).take(self.columns));
        }
        values
    }

    /// Some of the rows; those that are not there are left out.
    #[must_use]
    pub fn select(&self, wanted: &[usize]) -> Self {
        let wanted: Vec<usize> = wanted.iter().copied().filter(|row| *row < self.rows).collect();
        let features = self.features.chunks_exact(self.rows.max(1));
        let features = features.flat_map(|panel| wanted.iter().map(|row| panel[*row])).collect();
        let targets = match &self.targets {
            Targets::Classes(labels) => Targets::Classes(wanted.iter().map(|row| labels[*row]).collect()),
            Targets::Values(values) => {
                let width = values.len() / self.rows.max(1);
                let rows = wanted.iter().flat_map(|row| &values[row * width..][..width]);
                Targets::Values(rows.copied().collect())
            }
        };
        Self { rows: wanted.len(), columns: self.columns, features, targets }
    }

    /// Copies rows into a batch of panels with as many lanes as rows.
    pub(super) fn gather(&self, wanted: &[u32], batch: &mut [Lane]) {
        let panels = self.features.chunks_exact(self.rows.max(1));
        for (panel, batch) in panels.zip(batch.chunks_exact_mut(wanted.len().max(1))) {
            for (lane, row) in batch.iter_mut().zip(wanted) {
                *lane = panel[*row as usize];
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_come_back_and_can_be_chosen() {
        let features: Vec<f32> = (0..3 * 20).map(|i| i as f32).collect();
        let samples = Samples::new(&features, 20, Targets::Classes(vec![2, 0, 1])).unwrap();
        assert_eq!(samples.to_rows(), features);
        let chosen = samples.select(&[2, 0, 9]);
        assert_eq!(chosen.labels(), Some(&[1, 2][..]));
        assert_eq!(chosen.to_rows()[..20], features[40..]);
        assert!(Samples::new(&features, 20, Targets::Classes(vec![1])).is_none(), "a label is missing");
        assert!(Samples::new(&features, 7, Targets::Values(vec![0.0; 8])).is_none(), "rows do not fit");
    }
}
