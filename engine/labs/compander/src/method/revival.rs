//! From which size at the start to which size at the end each weight went.

use std::ops::Range;

use super::distribution::deviation;

/// Upper ends of the bins of |w| in the layer's own standard deviation at that moment; the last bin is open.
pub const ENDS: [f64; 6] = [0.1, 0.25, 0.5, 1.0, 1.5, 2.0];
/// Number of bins.
pub const BINS: usize = ENDS.len() + 1;

/// Number of weights by bin at the start (rows) and bin at the end (columns).
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Revival {
    counts: Vec<u64>,
}

impl Default for Revival {
    fn default() -> Self {
        Self { counts: vec![0; BINS * BINS] }
    }
}

fn bin(weight: f32, deviation: f64) -> usize {
    let size = f64::from(weight.abs()) / deviation;
    ENDS.iter().position(|end| size < *end).unwrap_or(ENDS.len())
}

impl Revival {
    /// Adds the weights of a network, layer by layer, each in its own standard deviation at that moment.
    pub fn add(&mut self, start: &[f32], end: &[f32], layers: &[Range<usize>]) {
        for layer in layers {
            let (Some(start), Some(end)) = (start.get(layer.clone()), end.get(layer.clone())) else {
                continue;
            };
            let deviations = (deviation(start), deviation(end));
            // Equal weights have no spread to measure by.
            if deviations.0 <= 0.0 || deviations.1 <= 0.0 {
                continue;
            }
            for (start, end) in start.iter().zip(end) {
                let place = bin(*start, deviations.0) * BINS + bin(*end, deviations.1);
                if let Some(count) = self.counts.get_mut(place) {
                    *count += 1;
                }
            }
        }
    }

    /// Adds another count.
    pub fn merge(&mut self, other: &Self) {
        self.counts.iter_mut().zip(&other.counts).for_each(|(own, other)| *own += other);
    }

    /// Share of the weights of each start bin that end in each bin, row-major by start; not-a-number for an empty start bin.
    pub fn shares(&self) -> Vec<f32> {
        let rows = self.counts.chunks(BINS);
        rows.flat_map(|row| {
            let total: u64 = row.iter().sum();
            row.iter().map(move |count| if total == 0 { f32::NAN } else { *count as f32 / total as f32 })
        })
        .collect()
    }

    /// Names of the bins.
    pub fn names() -> Vec<String> {
        let mut names = Vec::with_capacity(BINS);
        let mut low = 0.0;
        for end in ENDS {
            names.push(format!("{low} to {end}"));
            low = end;
        }
        names.push(format!("{low} and more"));
        names
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_network_that_does_not_move_stays_on_the_diagonal() {
        let weights: Vec<f32> = (0..100).map(|place| (place as f32 - 49.5) / 20.0).collect();
        let mut revival = Revival::default();
        revival.add(&weights, &weights, std::slice::from_ref(&(0..100)));
        let shares = revival.shares();
        for start in 0..BINS {
            for end in 0..BINS {
                let share = shares[start * BINS + end];
                assert!(
                    share.is_nan() || share == f32::from(u8::from(start == end)),
                    "{start} {end}: {share}"
                );
            }
        }
        assert_eq!(Revival::names().len(), BINS);
    }

    #[test]
    fn a_weight_that_wakes_leaves_the_first_bin() {
        let (mut start, mut end) = (vec![1.0_f32, -1.0, 1.0, -1.0], vec![1.0_f32, -1.0, 1.0, -1.0]);
        start.push(0.0);
        end.push(3.0);
        let mut revival = Revival::default();
        revival.add(&start, &end, std::slice::from_ref(&(0..5)));
        let shares = revival.shares();
        assert_eq!(shares[..BINS].iter().filter(|share| **share == 1.0).count(), 1);
        assert_eq!(shares[0], 0.0, "it did not stay asleep");
    }
}
