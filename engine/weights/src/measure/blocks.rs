//! Changes that repeat block by block along a row: the energy of the mean block, for every width that divides the columns.
//!
//! Contract: values come in pieces whose borders do not count; a row is never kept. The sums of a width come from those of a wider one
//! where it divides that, so that the cost hardly grows with the number of widths.

/// The widest blocks that are tried.
pub const MOST_WIDTH: usize = 1024;

/// The widths that are tried for rows of this length: all its divisors from 2 to [`MOST_WIDTH`] that leave at least two blocks, ascending.
pub fn widths(columns: usize) -> Vec<usize> {
    (2..=MOST_WIDTH.min(columns / 2)).filter(|width| columns.is_multiple_of(*width)).collect()
}

/// The sums of all blocks of one width in a row.
#[derive(Clone, Debug)]
struct Fold {
    width: usize,
    /// Place in the list of a wider fold that this one divides.
    from: Option<usize>,
    sums: Vec<f64>,
    energy: f64,
}

/// Energies of mean blocks.
#[derive(Clone, Debug)]
pub(super) struct Folds {
    columns: usize,
    /// Widest first.
    folds: Vec<Fold>,
}

impl Folds {
    /// For rows of this length.
    pub(super) fn new(columns: usize) -> Self {
        let mut widths = widths(columns);
        widths.reverse();
        let fold = |(place, width): (usize, &usize)| Fold {
            width: *width,
            // The narrowest of them costs least.
            from: widths.iter().take(place).rposition(|wider| wider.is_multiple_of(*width)),
            sums: vec![0.0; *width],
            energy: 0.0,
        };
        Self { columns, folds: widths.iter().enumerate().map(fold).collect() }
    }

    /// Adds the values of a row from a column on, within the row.
    pub(super) fn push(&mut self, values: &[f64], column: usize) {
        for fold in self.folds.iter_mut().filter(|fold| fold.from.is_none()) {
            let place = column % fold.width;
            let (first, rest) = values.split_at(values.len().min(fold.width - place));
            let sums = fold.sums.get_mut(place..).unwrap_or_default();
            sums.iter_mut().zip(first).for_each(|(sum, value)| *sum += value);
            for block in rest.chunks(fold.width) {
                fold.sums.iter_mut().zip(block).for_each(|(sum, value)| *sum += value);
            }
        }
    }

    /// Ends a row.
    pub(super) fn end_row(&mut self) {
        for place in 0..self.folds.len() {
            let (wider, rest) = self.folds.split_at_mut(place);
            let Some((fold, _)) = rest.split_first_mut() else { continue };
            if let Some(from) = fold.from.and_then(|from| wider.get(from)) {
                for block in from.sums.chunks_exact(fold.width) {
                    fold.sums.iter_mut().zip(block).for_each(|(sum, value)| *sum += value);
                }
            }
            let blocks = (self.columns / fold.width) as f64;
            fold.energy += fold.sums.iter().map(|sum| sum * sum).sum::<f64>() / blocks;
        }
        self.folds.iter_mut().for_each(|fold| fold.sums.fill(0.0));
    }

    /// Widths, ascending, and the energy of their mean blocks times the number of blocks, over all complete rows.
    pub(super) fn energies(&self) -> Vec<(usize, f64)> {
        self.folds.iter().rev().map(|fold| (fold.width, fold.energy)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use weightscope_math::stream;

    #[test]
    fn every_divisor_is_tried_and_its_energy_is_that_of_a_plain_sum() {
        assert_eq!(widths(96), [2, 3, 4, 6, 8, 12, 16, 24, 32, 48]);
        assert_eq!((widths(7), widths(1), widths(4)), (vec![], vec![], vec![2]));
        assert_eq!(widths(1 << 20).last(), Some(&1024));
        let (rows, columns) = (5, 360);
        let mut values = vec![0.0; rows * columns];
        stream(4, "folds").fill_normal(&mut values);
        let values: Vec<f64> = values.iter().map(|value: &f32| f64::from(*value)).collect();
        let mut folds = Folds::new(columns);
        for (number, row) in values.chunks(columns).enumerate() {
            let mut column = 0;
            for piece in row.chunks(number * 31 + 7) {
                folds.push(piece, column);
                column += piece.len();
            }
            folds.end_row();
        }
        let found = folds.energies();
        assert_eq!(found.iter().map(|(width, _)| *width).collect::<Vec<_>>(), widths(columns));
        for (width, energy) in found {
            let mut expected = 0.0;
            for row in values.chunks(columns) {
                for place in 0..width {
                    let sum: f64 = row.iter().skip(place).step_by(width).sum();
                    expected += sum * sum * width as f64 / columns as f64;
                }
            }
            assert!((energy / expected - 1.0).abs() < 1e-12, "{width}: {energy} and {expected}");
        }
    }
}
