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
    row: usize,
    column: usize,
    /// The block that the next element lies in.
    block: (usize, usize),
    /// Rows and columns where blocks end.
    ends: (Vec<usize>, Vec<usize>),
    sums: Vec<f64>,
    magnitudes: Vec<f64>,
    counts: Vec<u64>,
}

impl Picture {
    /// An empty picture of a matrix of this shape; a matrix smaller than the grid is shown as it is.
    pub fn new(rows: usize, columns: usize) -> Self {
        let grid = (rows.min(GRID), columns.min(GRID));
        let cells = grid.0 * grid.1;
        let ends = |length: usize, blocks: usize| -> Vec<usize> {
            // As 128 bits, so that no length overflows.
            let end = |block: usize| (block as u128 * length as u128).div_ceil(blocks as u128) as usize;
            (1..=blocks).map(end).collect()
        };
        Self {
            shape: (rows, columns),
            grid,
            row: 0,
            column: 0,
            block: (0, 0),
            ends: (ends(rows, grid.0), ends(columns, grid.1)),
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
        let mut rest = values;
        while !rest.is_empty() {
            let end = self.ends.1.get(self.block.1).copied();
            let Some(end) = end.filter(|_| self.row < self.shape.0) else { return };
            // Of a single column, all rows of a block follow each other.
            let left = match self.ends.0.get(self.block.0) {
                Some(last) if self.shape.1 == 1 => last - self.row,
                _ => end - self.column,
            };
            let (piece, after) = rest.split_at(rest.len().min(left));
            rest = after;
            self.add(piece);
            if self.shape.1 == 1 {
                self.go_down(piece.len());
                continue;
            }
            self.column += piece.len();
            if self.column == end {
                self.block.1 += 1;
            }
            if self.column == self.shape.1 {
                self.go_down(1);
            }
        }
    }

    fn add(&mut self, piece: &[f32]) {
        let cell = self.block.0 * self.grid.1 + self.block.1;
        let cell = (self.sums.get_mut(cell), self.magnitudes.get_mut(cell), self.counts.get_mut(cell));
        let (Some(sum), Some(magnitude), Some(count)) = cell else { return };
        // One after the other, so that the borders of the pieces do not count.
        for value in piece.iter().filter(|value| value.is_finite()) {
            *sum += f64::from(*value);
            *magnitude += f64::from(value.abs());
            *count += 1;
        }
    }

    /// Goes on at the beginning of a later row.
    fn go_down(&mut self, rows: usize) {
        (self.row, self.column, self.block.1) = (self.row + rows, 0, 0);
        if self.ends.0.get(self.block.0) == Some(&self.row) {
            self.block.0 += 1;
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
        assert_eq!(pieces, picture, "the same bits");
        pieces.push(&[1.0; 5]);
        assert_eq!(pieces, picture, "beyond the shape");
    }

    #[test]
    fn blocks_are_those_of_a_plain_count_for_every_shape() {
        for (rows, columns) in [(1000, 1), (1, 1000), (777, 2), (2, 777), (64, 64), (65, 129), (3, 1)] {
            let values: Vec<f32> = (0..rows * columns).map(|index| (index as f32 * 0.37).sin()).collect();
            let mut picture = Picture::new(rows, columns);
            values.chunks(77).for_each(|piece| picture.push(piece));
            let grid = (rows.min(GRID), columns.min(GRID));
            let (mut sums, mut counts) = (vec![0.0; grid.0 * grid.1], vec![0; grid.0 * grid.1]);
            for (index, value) in values.iter().enumerate() {
                let (row, column) = (index / columns, index % columns);
                let cell = row * grid.0 / rows * grid.1 + column * grid.1 / columns;
                sums[cell] += f64::from(*value);
                counts[cell] += 1;
            }
            assert_eq!((&picture.sums, &picture.counts), (&sums, &counts), "{rows} × {columns}");
        }
    }
}
