//! How far weights of each size move in a step: with a slope above one near zero small weights move more, large ones hardly.

/// Upper ends of the bins of |w| in standard deviations of the layer's initial weights; the last bin is open.
pub const ENDS: [f64; 12] = [0.1, 0.2, 0.35, 0.5, 0.75, 1.0, 1.25, 1.5, 2.0, 2.5, 3.0, 4.0];
/// Number of bins.
pub const BINS: usize = ENDS.len() + 1;

/// Sums of |Δw| by |w|, both in standard deviations of the layer's initial weights.
#[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct Motion {
    /// Sum of |Δw| in each bin.
    sums: Vec<f64>,
    /// Sum of |w| in each bin.
    sizes: Vec<f64>,
    /// Number of weights in each bin.
    counts: Vec<u64>,
}

impl Default for Motion {
    fn default() -> Self {
        Self { sums: vec![0.0; BINS], sizes: vec![0.0; BINS], counts: vec![0; BINS] }
    }
}

impl Motion {
    /// Adds one step of a layer.
    pub fn add(&mut self, before: &[f32], after: &[f32], deviation: f64) {
        if deviation <= 0.0 {
            return;
        }
        for (before, after) in before.iter().zip(after) {
            let size = f64::from(before.abs()) / deviation;
            let bin = ENDS.iter().position(|end| size < *end).unwrap_or(ENDS.len());
            let moved = f64::from((after - before).abs()) / deviation;
            if let (Some(sum), Some(own), Some(count)) =
                (self.sums.get_mut(bin), self.sizes.get_mut(bin), self.counts.get_mut(bin))
            {
                *sum += moved;
                *own += size;
                *count += 1;
            }
        }
    }

    /// Mean |w| and mean |Δw| of each bin that holds at least `fewest` weights.
    pub fn curve(&self, fewest: u64) -> (Vec<f64>, Vec<f64>) {
        let bins = self.sums.iter().zip(&self.sizes).zip(&self.counts);
        bins.filter(|(_, count)| **count >= fewest.max(1))
            .map(|((sum, size), count)| (size / *count as f64, sum / *count as f64))
            .unzip()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn motions_are_averaged_in_the_bin_of_the_weight_before() {
        let mut motion = Motion::default();
        motion.add(&[0.1, -0.1, 9.0], &[0.3, -0.2, 9.5], 2.0);
        let (x, y) = motion.curve(1);
        assert_eq!(x.len(), 2, "two bins hold weights");
        assert!((x[0] - 0.05).abs() < 1e-7 && (y[0] - 0.075).abs() < 1e-7);
        assert!((x[1] - 4.5).abs() < 1e-7 && (y[1] - 0.25).abs() < 1e-7, "the open bin");
        assert_eq!(motion.curve(2).0.len(), 1, "bins with one weight are left out");
    }
}
