//! How far weights of each size move in a step: with a slope above one near zero small weights move more, large ones hardly.

/// Upper ends of the bins of |w| in standard deviations of the layer's initial weights; the last bin is open.
pub const ENDS: [f64; 12] = [0.1, 0.2, 0.35, 0.5, 0.75, 1.0, 1.25, 1.5, 2.0, 2.5, 3.0, 4.0];
/// Number of bins.
pub const BINS: usize = ENDS.len() + 1;

/// Each end is a whole number of these parts of a standard deviation.
const PARTS: f64 = 20.0;

/// What one step adds to a bin.
#[derive(Clone, Copy, Default)]
struct Cell {
    sum: f64,
    size: f64,
    count: u64,
}

/// The bin of each part: a look into a table costs less than comparing each weight with each end.
fn bins() -> [u8; 80] {
    std::array::from_fn(|part| {
        let middle = (part as f64 + 0.5) / PARTS;
        ENDS.iter().position(|end| middle < *end).unwrap_or(ENDS.len()) as u8
    })
}

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
        let (bins, per) = (bins(), 1.0 / deviation);
        let mut cells = [Cell::default(); BINS];
        for (before, after) in before.iter().zip(after) {
            let size = per * f64::from(before.abs());
            // A size beyond the last part is in the open bin.
            let bin = bins.get((size * PARTS) as usize).map_or(ENDS.len(), |bin| usize::from(*bin));
            if let Some(cell) = cells.get_mut(bin) {
                cell.sum += per * f64::from((after - before).abs());
                cell.size += size;
                cell.count += 1;
            }
        }
        let own = self.sums.iter_mut().zip(&mut self.sizes).zip(&mut self.counts);
        for (((sum, size), count), cell) in own.zip(&cells) {
            *sum += cell.sum;
            *size += cell.size;
            *count += cell.count;
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
