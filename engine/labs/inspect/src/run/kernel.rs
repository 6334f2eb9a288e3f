//! The weights of a convolution by their position in the kernel, pooled over all channels.

/// Larger kernels (and tensors that are no kernels) are left out.
const MOST_POSITIONS: usize = 1024;

/// Sums over one tensor `[out, in, …positions]`, pushed in C order.
pub(super) struct Positions {
    /// For each position the sum of the squares, and how many numbers are in it.
    sums: Vec<(f64, u64)>,
    next: usize,
}

impl Positions {
    /// For a tensor of this shape: a matrix is a kernel of one position; none for vectors and very large kernels.
    pub(super) fn new(shape: &[usize]) -> Option<Self> {
        let size = shape.get(2..)?.iter().fold(1, |size: usize, side| size.saturating_mul(*side));
        (1..=MOST_POSITIONS).contains(&size).then(|| Self { sums: vec![(0.0, 0); size], next: 0 })
    }

    /// Adds the next weights; those that are not finite are left out.
    pub(super) fn push(&mut self, values: &[f32]) {
        for value in values {
            if let Some((squares, count)) = self.sums.get_mut(self.next).filter(|_| value.is_finite()) {
                *squares += f64::from(*value).powi(2);
                *count += 1;
            }
            self.next += 1;
            if self.next == self.sums.len() {
                self.next = 0;
            }
        }
    }

    /// Root of the mean square at each position.
    pub(super) fn finish(self) -> Vec<f32> {
        self.sums.into_iter().map(|(squares, count)| (squares / count as f64).sqrt() as f32).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn positions_are_pooled_over_channels_whatever_the_pieces() {
        let mut positions = Positions::new(&[2, 1, 1, 3]).unwrap();
        positions.push(&[3.0, 0.0]);
        positions.push(&[f32::NAN, 4.0, 2.0, 5.0]);
        assert_eq!(positions.finish(), [12.5_f32.sqrt(), 2.0_f32.sqrt(), 5.0]);
        let mut matrix = Positions::new(&[2, 2]).unwrap();
        matrix.push(&[1.0, 1.0, 1.0, 5.0]);
        assert_eq!(matrix.finish(), [7.0_f32.sqrt()], "one position");
        for shape in [&[4, 4, 64, 64][..], &[4]] {
            assert!(Positions::new(shape).is_none(), "{shape:?}");
        }
    }
}
