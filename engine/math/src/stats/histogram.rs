//! Counts of values between fixed edges.

use crate::error::{MathError, check_count, check_finite};

/// Counts between ascending edges. A value belongs to the bin whose lower edge it reaches; the last edge belongs to the last bin.
#[derive(Clone, Debug, PartialEq)]
pub struct Histogram {
    edges: Vec<f64>,
    counts: Vec<u64>,
    below: u64,
    above: u64,
    missing: u64,
}

impl Histogram {
    /// An empty one; refused unless there are at least two edges, finite and ascending.
    pub fn new(edges: Vec<f64>) -> Result<Self, MathError> {
        const WHAT: &str = "histogram";
        check_count(WHAT, 2, edges.len())?;
        check_finite(WHAT, &edges)?;
        if edges.windows(2).any(|pair| pair[0] >= pair[1]) {
            return Err(MathError::Range { what: WHAT, needed: "edges that ascend" });
        }
        let counts = vec![0; edges.len() - 1];
        Ok(Self { edges, counts, below: 0, above: 0, missing: 0 })
    }

    /// An empty one with bins of one width between two numbers; refused unless the numbers are finite and ascend and there is a bin.
    pub fn even(low: f64, high: f64, bins: usize) -> Result<Self, MathError> {
        let share = |edge: usize| edge as f64 / bins.max(1) as f64;
        Self::new((0..=bins).map(|edge| low * (1.0 - share(edge)) + high * share(edge)).collect())
    }

    /// Counts values.
    pub fn add(&mut self, values: impl IntoIterator<Item = f64>) {
        for value in values {
            let reached = self.edges.partition_point(|edge| *edge <= value);
            let is_last_edge = self.edges.last() == Some(&value);
            let bin = if is_last_edge { self.counts.len() } else { reached };
            if value.is_nan() {
                self.missing += 1;
            } else if bin == 0 {
                self.below += 1;
            } else if let Some(count) = self.counts.get_mut(bin - 1) {
                *count += 1;
            } else {
                self.above += 1;
            }
        }
    }

    /// Edges, one more than there are bins.
    pub fn edges(&self) -> &[f64] {
        &self.edges
    }

    /// Values in each bin.
    pub fn counts(&self) -> &[u64] {
        &self.counts
    }

    /// Values below the first edge.
    pub fn below(&self) -> u64 {
        self.below
    }

    /// Values above the last edge.
    pub fn above(&self) -> u64 {
        self.above
    }

    /// Values that were not a number.
    pub fn missing(&self) -> u64 {
        self.missing
    }

    /// Density in each bin: count over width and number of values between the edges; zeros without such values.
    pub fn density(&self) -> Vec<f64> {
        let total = self.counts.iter().sum::<u64>().max(1) as f64;
        let widths = self.edges.windows(2).map(|pair| pair[1] - pair[0]);
        self.counts.iter().zip(widths).map(|(count, width)| *count as f64 / total / width).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// `numpy.histogram(x, [0, 1, 2, 3])` (2.4.6), which leaves out what lies outside.
    #[test]
    fn known_values_fall_into_their_known_bins() {
        let mut found = Histogram::new(vec![0.0, 1.0, 2.0, 3.0]).unwrap();
        found.add([0.0, 0.5, 1.0, 1.0, 2.5, 3.0, 4.0, -1.0, f64::NAN]);
        assert_eq!(found.counts(), [2, 2, 2]);
        assert_eq!((found.below(), found.above(), found.missing()), (1, 1, 1));
        assert_eq!(found.density(), [1.0 / 3.0; 3]);
    }

    #[test]
    fn edges_must_ascend() {
        assert!(Histogram::new(vec![0.0]).is_err() && Histogram::new(vec![0.0, 0.0]).is_err());
        assert!(Histogram::new(vec![0.0, f64::NAN]).is_err());
        assert!(Histogram::even(0.0, 1.0, 0).is_err() && Histogram::even(1.0, 0.0, 3).is_err());
        let even = Histogram::even(-1.0, 1.0, 4).unwrap();
        assert_eq!(even.edges(), [-1.0, -0.5, 0.0, 0.5, 1.0]);
        assert_eq!(even.density(), [0.0; 4]);
    }

    proptest! {
        #[test]
        fn every_value_is_counted_once(values in prop::collection::vec(-3.0_f64..3.0, 0..50), bins in 1_usize..9) {
            let mut found = Histogram::even(-1.0, 1.5, bins).unwrap();
            found.add(values.iter().copied());
            let counted = found.counts().iter().sum::<u64>() + found.below() + found.above();
            prop_assert_eq!(counted, values.len() as u64);
        }
    }
}
