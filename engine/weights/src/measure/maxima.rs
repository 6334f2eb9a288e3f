//! The largest magnitude of each row and column of a matrix, for channels that stand out, and how its zeros lie.

use weightscope_math::stats::order::quantiles;

/// Elements of a group in the sparsity pattern that hardware supports: two of four.
const PATTERN: usize = 4;

/// Largest magnitudes by row and by column; values that are not finite count as nothing.
#[derive(Clone, Debug, PartialEq)]
pub struct Maxima {
    columns: usize,
    place: usize,
    /// Largest magnitude of each row.
    pub rows: Vec<f32>,
    /// Largest magnitude of each column.
    pub by_column: Vec<f32>,
    zeros_in_group: usize,
    groups: u64,
    half_empty: u64,
}

impl Maxima {
    /// For a matrix of this shape, of which nothing was seen yet.
    pub fn new(rows: usize, columns: usize) -> Self {
        let (rows, by_column) = (vec![0.0; rows], vec![0.0; columns]);
        Self { columns, place: 0, rows, by_column, zeros_in_group: 0, groups: 0, half_empty: 0 }
    }

    /// Those of a matrix in one piece.
    pub fn of(values: &[f32], rows: usize, columns: usize) -> Self {
        let mut maxima = Self::new(rows, columns);
        maxima.push(values);
        maxima
    }

    /// Takes the next elements in the order of rows; elements beyond the shape are passed over.
    pub fn push(&mut self, values: &[f32]) {
        let mut rest = values;
        while self.columns > 0 && !rest.is_empty() {
            let (row, column) = (self.place / self.columns, self.place % self.columns);
            let (piece, after) = rest.split_at(rest.len().min(self.columns - column));
            rest = after;
            self.place += piece.len();
            let (Some(row), Some(columns)) = (self.rows.get_mut(row), self.by_column.get_mut(column..))
            else {
                return;
            };
            let mut largest = *row;
            for (value, column) in piece.iter().zip(columns) {
                let magnitude = if value.abs() <= f32::MAX { value.abs() } else { 0.0 };
                *column = if magnitude > *column { magnitude } else { *column };
                largest = if magnitude > largest { magnitude } else { largest };
            }
            *row = largest;
            self.look_for_pattern(piece, column);
        }
    }

    fn look_for_pattern(&mut self, piece: &[f32], column: usize) {
        if !self.columns.is_multiple_of(PATTERN) {
            return;
        }
        for (place, value) in (column..).zip(piece) {
            self.zeros_in_group += usize::from(*value == 0.0);
            if (place + 1).is_multiple_of(PATTERN) {
                self.groups += 1;
                self.half_empty += u64::from(self.zeros_in_group * 2 >= PATTERN);
                self.zeros_in_group = 0;
            }
        }
    }

    /// Share of the groups of four neighbours in a row that hold at least two zeros: 1 for the pattern 2:4. `None` where four does not
    /// divide the columns.
    pub fn two_of_four(&self) -> Option<f64> {
        (self.groups > 0).then(|| self.half_empty as f64 / self.groups as f64)
    }

    /// The median of the largest magnitudes of rows, then of columns. Not-a-number without any.
    pub fn medians(&self) -> (f64, f64) {
        let median = |values: &[f32]| {
            let values: Vec<f64> = values.iter().map(|value| f64::from(*value)).collect();
            quantiles(&values, &[0.5]).first().copied().unwrap_or(f64::NAN)
        };
        (median(&self.rows), median(&self.by_column))
    }

    /// Each row's and each column's largest magnitude over the median of its kind; zeros where the median is 0.
    pub fn over_median(&self) -> (Vec<f64>, Vec<f64>) {
        let (rows, columns) = self.medians();
        let ratio = |values: &[f32], median: f64| {
            let share = |value: &f32| if median > 0.0 { f64::from(*value) / median } else { 0.0 };
            values.iter().map(share).collect()
        };
        (ratio(&self.rows, rows), ratio(&self.by_column, columns))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_and_columns_have_their_largest_magnitudes() {
        let values = [1.0, -2.0, f32::NAN, 0.5, 4.0, 0.0];
        let found = Maxima::of(&values, 2, 3);
        assert_eq!((&found.rows[..], &found.by_column[..]), (&[2.0, 4.0][..], &[1.0, 4.0, 0.0][..]));
        assert_eq!(found.medians(), (3.0, 1.0));
        assert_eq!(found.over_median().1, [1.0, 4.0, 0.0]);
        let mut pieces = Maxima::new(2, 3);
        values.chunks(4).for_each(|piece| pieces.push(piece));
        assert_eq!(pieces, found);
        pieces.push(&[9.0]);
        assert_eq!(pieces.rows, found.rows, "beyond the shape");
        Maxima::new(0, 0).push(&[1.0]);
    }

    #[test]
    fn the_pattern_two_of_four_is_seen() {
        let pruned = [0.0_f32, 1.0, 0.0, 2.0, 3.0, 0.0, 0.0, 0.0];
        assert_eq!(Maxima::of(&pruned, 1, 8).two_of_four(), Some(1.0));
        assert_eq!(Maxima::of(&pruned, 2, 4).two_of_four(), Some(1.0));
        assert_eq!(Maxima::of(&pruned, 4, 2).two_of_four(), None);
        assert_eq!(Maxima::of(&[0.0, 1.0, 1.0, 1.0, 0.0, 0.0, 1.0, 1.0], 1, 8).two_of_four(), Some(0.5));
    }
}
