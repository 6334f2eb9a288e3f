//! Features as small codes, made once for all trees: the distinct values where there are few, else bins of about equal counts.

use crate::base::matrix::Matrix;

/// Most bins of a feature: a code is one byte.
const MOST_BINS: usize = 255;

/// Features cut into bins, for splits that look at counts instead of values.
#[derive(Clone, Debug)]
pub struct Bins {
    /// Codes by feature, then row.
    codes: Vec<Vec<u8>>,
    /// Values by feature, then row, for random thresholds.
    values: Vec<Vec<f32>>,
    /// Smallest and largest value in each bin, by feature.
    ends: Vec<Vec<(f32, f32)>>,
    rows: usize,
}

impl Bins {
    /// Bins the columns of a matrix.
    pub fn new(matrix: &Matrix) -> Self {
        let rows = matrix.rows();
        let values: Vec<Vec<f32>> =
            (0..matrix.columns).map(|column| matrix.column(column).collect()).collect();
        let binned = values.iter().map(|column| bin(column));
        let (codes, ends) = binned.unzip();
        Self { codes, values, ends, rows }
    }

    /// Number of rows.
    pub fn rows(&self) -> usize {
        self.rows
    }

    /// Number of features.
    pub fn features(&self) -> usize {
        self.codes.len()
    }

    /// Codes of a feature, by row.
    pub fn codes(&self, feature: usize) -> &[u8] {
        &self.codes[feature]
    }

    /// Values of a feature, by row.
    pub fn values(&self, feature: usize) -> &[f32] {
        &self.values[feature]
    }

    /// Bins of a feature.
    pub fn count(&self, feature: usize) -> usize {
        self.ends[feature].len()
    }

    /// The threshold between a bin and a later one: half way between the values that face each other.
    pub fn threshold(&self, feature: usize, left: usize, right: usize) -> f32 {
        let ends = &self.ends[feature];
        let (low, high) = (ends[left].1, ends[right].0);
        let middle = 0.5 * low + 0.5 * high;
        // Half way between neighbours of the float grid may round to the upper one, which must stay on the right.
        if middle < high { middle } else { low }
    }
}

fn bin(column: &[f32]) -> (Vec<u8>, Vec<(f32, f32)>) {
    let mut sorted = column.to_vec();
    sorted.sort_unstable_by(f32::total_cmp);
    let mut runs: Vec<(f32, usize)> = Vec::new();
    for value in sorted {
        match runs.last_mut() {
            Some((last, count)) if *last == value => *count += 1,
            _ => runs.push((value, 1)),
        }
    }
    let per_bin = if runs.len() <= MOST_BINS { 1 } else { column.len().div_ceil(MOST_BINS) };
    let mut ends: Vec<(f32, f32)> = Vec::new();
    let mut filled = 0;
    for (value, count) in runs {
        match ends.last_mut() {
            Some(bin) if filled < per_bin => bin.1 = value,
            _ => {
                ends.push((value, value));
                filled = 0;
            }
        }
        filled += count;
    }
    let code = |value: &f32| ends.partition_point(|bin| bin.1 < *value).min(MOST_BINS) as u8;
    (column.iter().map(code).collect(), ends)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bins_keep_order_and_are_few() {
        let values: Vec<f32> = (0..10_000).map(|index| ((index * 7919) % 10_007) as f32).collect();
        let bins = Bins::new(&Matrix { columns: 1, values: values.clone() });
        assert!(bins.count(0) <= MOST_BINS && bins.count(0) > 200, "{}", bins.count(0));
        for (a, b) in values.iter().zip(bins.codes(0)) {
            let (low, high) = bins.ends[0][usize::from(*b)];
            assert!(low <= *a && *a <= high);
        }
        let few = Bins::new(&Matrix { columns: 1, values: vec![3.0, 1.0, 3.0, 2.0] });
        assert_eq!(few.codes(0), [2, 0, 2, 1]);
        assert_eq!(few.threshold(0, 0, 1), 1.5);
    }
}
