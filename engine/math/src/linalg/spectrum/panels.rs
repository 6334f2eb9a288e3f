//! A matrix of single-precision values as panels of double precision, `[up to PANEL lines, smaller side]`.

use faer::MatRef;

/// Lines of the longer side in one panel.
pub(super) const PANEL: usize = 256;

/// A matrix in one piece, read along its longer side.
pub(super) struct Panels<'a> {
    values: &'a [f32],
    columns: usize,
    /// Length of the smaller side.
    pub(super) small: usize,
    /// Length of the longer side.
    pub(super) large: usize,
    /// Whether there are at least as many rows as columns.
    pub(super) tall: bool,
}

impl<'a> Panels<'a> {
    pub(super) fn new(values: &'a [f32], rows: usize, columns: usize) -> Self {
        let (small, large) = (rows.min(columns), rows.max(columns));
        Self { values, columns, small, large, tall: rows >= columns }
    }

    /// First lines of all panels.
    pub(super) fn starts(&self) -> impl Iterator<Item = usize> + use<> {
        (0..self.large).step_by(PANEL)
    }

    /// The panel from a line on, `[lines, small]`; `room` is overwritten.
    pub(super) fn at<'r>(&self, start: usize, room: &'r mut Vec<f64>) -> MatRef<'r, f64> {
        let lines = PANEL.min(self.large - start);
        room.clear();
        if self.tall {
            let range = start * self.columns..(start + lines) * self.columns;
            room.extend(self.values[range].iter().map(|value| f64::from(*value)));
            return MatRef::from_row_major_slice(room, lines, self.small);
        }
        for row in self.values.chunks_exact(self.columns) {
            room.extend(row[start..start + lines].iter().map(|value| f64::from(*value)));
        }
        MatRef::from_column_major_slice(room, lines, self.small)
    }
}
