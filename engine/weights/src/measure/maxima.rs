//! The largest magnitude of each row and column of a matrix, for channels that stand out.
//!
//! Contract: beyond [`MOST_LINES`] rows (or columns) only the largest of each of [`PARTS`] parts is kept, and the median is known to
//! 1/4096 of itself, so that a vector of any length takes a few megabytes.

use weightscope_math::stats::order::quantiles;

/// Up to so many rows, and so many columns, each is told by itself.
pub const MOST_LINES: usize = 1 << 20;

/// Equal parts of the rows or columns that are told where there are more than [`MOST_LINES`].
pub const PARTS: usize = 64;

/// Bits of a single-precision number that tell values of one bin of a [`Spread`] apart.
const DROPPED_BITS: u32 = 11;

/// Largest magnitudes by row and by column; values that are not finite count as nothing.
#[derive(Clone, Debug, PartialEq)]
pub struct Maxima {
    columns: usize,
    row: usize,
    column: usize,
    /// Of the row that is not complete yet.
    largest: f32,
    rows: Lines,
    by_column: Lines,
}

/// Largest magnitudes of rows, or of columns.
#[derive(Clone, Debug, PartialEq)]
struct Lines {
    count: usize,
    /// Lines of one entry of `largest`.
    size: usize,
    largest: Vec<f32>,
    /// The distribution of lines that have no entry of their own.
    spread: Option<Spread>,
}

/// Counts of magnitudes in bins of 1/4096 of their size.
#[derive(Clone, Debug, PartialEq)]
struct Spread {
    counts: Vec<u64>,
}

impl Maxima {
    /// For a matrix of this shape, of which nothing was seen yet.
    pub fn new(rows: usize, columns: usize) -> Self {
        // Columns of several rows must all be kept until the last row is there.
        let by_column = if rows <= 1 { Lines::new(columns) } else { Lines::each(columns) };
        Self { columns, row: 0, column: 0, largest: 0.0, rows: Lines::new(rows), by_column }
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
        while !rest.is_empty() && self.column < self.columns && self.row < self.rows.count {
            let (piece, after) = rest.split_at(rest.len().min(self.columns - self.column));
            rest = after;
            self.by_column.meet(self.column, piece);
            self.largest = piece.iter().fold(self.largest, |largest, value| larger(largest, *value));
            self.column += piece.len();
            if self.column == self.columns {
                self.rows.put(self.row, self.largest);
                (self.row, self.column, self.largest) = (self.row + 1, 0, 0.0);
            }
        }
    }

    /// The median of the largest magnitudes of rows, then of columns. Not-a-number without any. A row that is not complete counts as
    /// nothing.
    pub fn medians(&self) -> (f64, f64) {
        (self.rows.median(), self.by_column.median())
    }

    /// Each row's and each column's largest magnitude over the median of its kind, of more than [`MOST_LINES`] that of each of
    /// [`PARTS`] equal parts; zeros where the median is 0.
    pub fn over_median(&self) -> (Vec<f64>, Vec<f64>) {
        (self.rows.over_median(), self.by_column.over_median())
    }
}

/// The larger of a magnitude and that of a value, which counts as nothing if it is not finite.
fn larger(magnitude: f32, value: f32) -> f32 {
    let other = value.abs();
    if other <= f32::MAX && other > magnitude { other } else { magnitude }
}

impl Lines {
    /// One entry for each line, or one for each part.
    fn new(count: usize) -> Self {
        if count <= MOST_LINES {
            return Self::each(count);
        }
        let size = count.div_ceil(PARTS);
        Self { count, size, largest: vec![0.0; count.div_ceil(size)], spread: Some(Spread::new()) }
    }

    /// One entry for each line.
    fn each(count: usize) -> Self {
        Self { count, size: 1, largest: vec![0.0; count], spread: None }
    }

    /// A complete line.
    fn put(&mut self, line: usize, magnitude: f32) {
        if let Some(entry) = self.largest.get_mut(line / self.size) {
            *entry = larger(*entry, magnitude);
        }
        if let Some(spread) = &mut self.spread {
            spread.add(magnitude);
        }
    }

    /// The next row's values of the lines from `first` on.
    fn meet(&mut self, first: usize, values: &[f32]) {
        if self.spread.is_some() {
            // There is one row, so that each line is complete.
            values.iter().enumerate().for_each(|(place, value)| self.put(first + place, larger(0.0, *value)));
            return;
        }
        let entries = self.largest.get_mut(first..).unwrap_or_default();
        entries.iter_mut().zip(values).for_each(|(entry, value)| *entry = larger(*entry, *value));
    }

    fn median(&self) -> f64 {
        match &self.spread {
            Some(spread) => spread.median(),
            None if self.largest.len() > MOST_LINES => {
                let mut spread = Spread::new();
                self.largest.iter().for_each(|value| spread.add(*value));
                spread.median()
            }
            None => {
                let values: Vec<f64> = self.largest.iter().map(|value| f64::from(*value)).collect();
                quantiles(&values, &[0.5]).first().copied().unwrap_or(f64::NAN)
            }
        }
    }

    fn over_median(&self) -> Vec<f64> {
        let median = self.median();
        let share = |value: f32| if median > 0.0 { f64::from(value) / median } else { 0.0 };
        if self.largest.len() <= MOST_LINES {
            return self.largest.iter().map(|value| share(*value)).collect();
        }
        let parts = self.largest.chunks(self.count.div_ceil(PARTS));
        parts.map(|part| share(part.iter().copied().fold(0.0, f32::max))).collect()
    }
}

impl Spread {
    fn new() -> Self {
        Self { counts: vec![0; 1 << (u32::BITS - 1 - DROPPED_BITS)] }
    }

    /// Adds a magnitude: without its sign, the bits of a number ascend as the number does.
    fn add(&mut self, magnitude: f32) {
        if let Some(count) = self.counts.get_mut((magnitude.to_bits() >> DROPPED_BITS) as usize) {
            *count += 1;
        }
    }

    /// The value in the middle, or the mean of the two.
    fn median(&self) -> f64 {
        let total: u64 = self.counts.iter().sum();
        if total == 0 {
            return f64::NAN;
        }
        f64::midpoint(self.ranked((total - 1) / 2), self.ranked(total / 2))
    }

    /// The value of a rank, as if those of a bin lay evenly in it; exact for zeros.
    fn ranked(&self, rank: u64) -> f64 {
        let mut below = 0;
        for (bin, count) in self.counts.iter().enumerate() {
            if below + count > rank {
                let edge = |bin: usize| f64::from(f32::from_bits((bin as u32) << DROPPED_BITS));
                let share = ((rank - below) as f64 + 0.5) / *count as f64;
                return if bin == 0 { 0.0 } else { edge(bin) + share * (edge(bin + 1) - edge(bin)) };
            }
            below += count;
        }
        f64::NAN
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use weightscope_math::stream;

    #[test]
    fn rows_and_columns_have_their_largest_magnitudes() {
        let values = [1.0, -2.0, f32::NAN, 0.5, 4.0, 0.0];
        let found = Maxima::of(&values, 2, 3);
        assert_eq!(
            (&found.rows.largest[..], &found.by_column.largest[..]),
            (&[2.0, 4.0][..], &[1.0, 4.0, 0.0][..])
        );
        assert_eq!(found.medians(), (3.0, 1.0));
        assert_eq!(found.over_median().1, [1.0, 4.0, 0.0]);
        let mut pieces = Maxima::new(2, 3);
        values.chunks(4).for_each(|piece| pieces.push(piece));
        assert_eq!(pieces, found);
        pieces.push(&[9.0]);
        assert_eq!(pieces, found, "beyond the shape");
        Maxima::new(0, 0).push(&[1.0]);
    }

    /// Exact figures of a long vector: largest of 64 parts over the median, and that median.
    fn exactly(values: &[f32]) -> (Vec<f64>, f64) {
        let mut sorted: Vec<f64> = values.iter().map(|value| f64::from(value.abs())).collect();
        sorted.sort_unstable_by(f64::total_cmp);
        let median = f64::midpoint(sorted[(sorted.len() - 1) / 2], sorted[sorted.len() / 2]);
        let parts = values.chunks(values.len().div_ceil(PARTS));
        let largest = |part: &[f32]| part.iter().fold(0.0_f32, |most, value| most.max(value.abs()));
        (parts.map(|part| f64::from(largest(part)) / median).collect(), median)
    }

    #[test]
    fn long_vectors_are_told_in_parts_without_being_kept() {
        let count = MOST_LINES + 1001;
        let mut values = vec![0.0; 2 * count];
        stream(2, "long").fill_normal(&mut values);
        let (parts, median) = exactly(&values[..count]);
        for (rows, columns) in [(1, count), (count, 1)] {
            let mut found = Maxima::new(rows, columns);
            values[..count].chunks(77_777).for_each(|piece| found.push(piece));
            assert_eq!(found.rows.largest.len().max(found.by_column.largest.len()), PARTS);
            let (by_row, by_column) = found.over_median();
            let (told, other) = if rows == 1 { (by_column, by_row) } else { (by_row, by_column) };
            assert_eq!((told.len(), other), (PARTS, vec![1.0]));
            let known = if rows == 1 { found.medians().1 } else { found.medians().0 };
            assert!((known / median - 1.0).abs() < 1.0 / 4096.0, "{known} and {median}");
            for (told, exact) in told.iter().zip(&parts) {
                assert!((told / exact - 1.0).abs() < 1.0 / 4096.0);
            }
        }
        let found = Maxima::of(&values, 2, count);
        let both: Vec<f32> = (0..count).map(|at| values[at].abs().max(values[count + at].abs())).collect();
        let (parts, _) = exactly(&both);
        let told = found.over_median().1;
        assert!(
            told.len() == PARTS && told.iter().zip(&parts).all(|(a, b)| (a / b - 1.0).abs() < 1.0 / 4096.0)
        );
        let zeros = Maxima::of(&vec![0.0; count], count, 1);
        assert_eq!((zeros.medians().0, zeros.over_median().0), (0.0, vec![0.0; PARTS]));
    }
}
