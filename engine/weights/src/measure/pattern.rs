//! How the zeros of a matrix lie: the sparsity pattern that hardware supports, two of four neighbours in a row.

/// Elements of a group.
const GROUP: usize = 4;

/// Zeros of a group that has the pattern.
const ZEROS: usize = 2;

/// Groups of four neighbours and those with at least two zeros, counted piece by piece.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Pattern {
    fits: bool,
    place: usize,
    zeros: usize,
    groups: u64,
    half_empty: u64,
}

impl Pattern {
    /// For rows of this length: there are groups where four divides it.
    pub(super) fn new(columns: usize) -> Self {
        Self { fits: columns.is_multiple_of(GROUP), ..Self::default() }
    }

    /// Takes the next values in the order of rows.
    pub(super) fn push(&mut self, values: &[f32]) {
        if !self.fits {
            return;
        }
        for value in values {
            self.zeros += usize::from(*value == 0.0);
            self.place += 1;
            if self.place == GROUP {
                self.groups += 1;
                self.half_empty += u64::from(self.zeros >= ZEROS);
                (self.place, self.zeros) = (0, 0);
            }
        }
    }

    /// Groups in all.
    pub(super) fn groups(self) -> u64 {
        self.groups
    }

    /// Share of the groups that hold at least two zeros: 1 for the pattern 2:4. `None` where four does not divide the columns.
    pub(super) fn share(self) -> Option<f64> {
        (self.groups > 0).then(|| self.half_empty as f64 / self.groups as f64)
    }
}

/// The chance that all of so many groups of four hold at least two zeros where this share of the elements is zero, anywhere.
pub(super) fn chance(share: f64, groups: u64) -> f64 {
    let kept = 1.0 - share;
    (1.0 - kept.powi(4) - 4.0 * share * kept.powi(3)).powf(groups as f64)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn share(values: &[f32], columns: usize) -> Option<f64> {
        let mut pattern = Pattern::new(columns);
        values.chunks(3).for_each(|piece| pattern.push(piece));
        pattern.share()
    }

    #[test]
    fn the_pattern_two_of_four_is_seen() {
        let pruned = [0.0_f32, 1.0, 0.0, 2.0, 3.0, 0.0, 0.0, 0.0];
        assert_eq!((share(&pruned, 8), share(&pruned, 4), share(&pruned, 2)), (Some(1.0), Some(1.0), None));
        assert_eq!(share(&[0.0, 1.0, 1.0, 1.0, 0.0, 0.0, 1.0, 1.0], 8), Some(0.5));
    }

    #[test]
    fn chance_is_the_binomial_one() {
        assert!((chance(0.5, 1) - 11.0 / 16.0).abs() < 1e-15);
        assert!((chance(0.5, 3) - (11.0_f64 / 16.0).powi(3)).abs() < 1e-15);
        assert_eq!((chance(1.0, 1000), chance(0.0, 1)), (1.0, 0.0));
        assert!(chance(0.99, 1000) > 0.99);
    }
}
