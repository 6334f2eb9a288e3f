//! A matrix seen from afar: means over blocks of a grid.

/// Most rows and columns of a grid.
pub const GRID: usize = 64;

/// Means of a matrix over the blocks of a grid of at most 64 × 64.
#[derive(Clone, Debug, PartialEq)]
pub struct Picture {
    /// Rows and columns of the matrix.
    pub shape: (usize, usize),
    /// Rows and columns of the grid.
    pub grid: (usize, usize),
    place: usize,
    sums: Vec<f64>,
    magnitudes: Vec<f64>,
    counts: Vec<u64>,
}

impl Picture {
    /// An empty picture of a matrix of this shape; a matrix smaller than the grid is shown as it is.
    pub fn new(rows: usize, columns: usize) -> Self {
        let grid = (rows.min(GRID), columns.min(GRID));
        let cells = grid.0 * grid.1;
        Self {
            shape: (rows, columns),
            grid,
            place: 0,
            sums: vec![0.0; cells],
            magnitudes: vec![0.0; cells],
            counts: vec![0; cells],
        }
    }

    /// The picture of a matrix in one piece.
    pub fn of(values: &[f32], rows: usize, columns: usize) -> Self {
        let mut picture = Self::new(rows, columns);
        picture.push(values);
        picture
    }

    /// Takes the next elements in the order of rows; values that are not finite, and those beyond the shape, are passed over.
    pub fn push(&mut self, values: &[f32]) {
        let (rows, columns) = self.shape;
        let mut rest = values;
        while columns > 0 && self.place / columns < rows && !rest.is_empty() {
            let (row, column) = (self.place / columns, self.place % columns);
            let block = column * self.grid.1 / columns;
            let end = ((block + 1) * columns).div_ceil(self.grid.1);
            let (piece, after) = rest.split_at(rest.len().min(end - column));
            let cell = row * self.grid.0 / rows * self.grid.1 + block;
            rest = after;
            self.place += piece.len();
            let finite = || piece.iter().filter(|value| value.is_finite()).map(|value| f64::from(*value));
            let (sum, magnitude): (f64, f64) = (finite().sum(), finite().map(f64::abs).sum());
            if let (Some(sums), Some(magnitudes), Some(counts)) =
                (self.sums.get_mut(cell), self.magnitudes.get_mut(cell), self.counts.get_mut(cell))
            {
                *sums += sum;
                *magnitudes += magnitude;
                *counts += finite().count() as u64;
            }
        }
    }

    /// Mean of each block, row by row of the grid; not-a-number for a block without finite values.
    pub fn means(&self) -> Vec<f64> {
        self.over(&self.sums)
    }

    /// Mean magnitude of each block, as [`Picture::means`].
    pub fn mean_magnitudes(&self) -> Vec<f64> {
        self.over(&self.magnitudes)
    }

    fn over(&self, sums: &[f64]) -> Vec<f64> {
        sums.iter().zip(&self.counts).map(|(sum, count)| sum / *count as f64).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_small_matrix_is_shown_as_it_is() {
        let picture = Picture::of(&[1.0, -2.0, 3.0, 4.0, 5.0, -6.0], 2, 3);
        assert_eq!(picture.grid, (2, 3));
        assert_eq!(picture.means(), [1.0, -2.0, 3.0, 4.0, 5.0, -6.0]);
        assert_eq!(picture.mean_magnitudes(), [1.0, 2.0, 3.0, 4.0, 5.0, 6.0]);
    }

    #[test]
    fn every_element_falls_into_one_block() {
        let (rows, columns) = (130, 201);
        let values: Vec<f32> = (0..rows * columns).map(|index| (index % columns) as f32).collect();
        let picture = Picture::of(&values, rows, columns);
        assert_eq!(picture.counts.iter().sum::<u64>(), values.len() as u64);
        let means = picture.means();
        assert!(means[..64].windows(2).all(|pair| pair[0] < pair[1]), "columns ascend");
        let total: f64 = picture.sums.iter().sum();
        assert_eq!(total, values.iter().map(|value| f64::from(*value)).sum::<f64>());
        let mut pieces = Picture::new(rows, columns);
        values.chunks(77).for_each(|piece| pieces.push(piece));
        assert_eq!(pieces, picture, "whole numbers have exact sums");
        pieces.push(&[1.0; 5]);
        assert_eq!(pieces, picture, "beyond the shape");
    }
}
