//! The Gram matrix of the smaller side of a matrix, summed in panels of 256 lines of the longer side.

use faer::linalg::matmul::matmul;
use faer::{Accum, Mat, MatRef, Par};

use super::eigen::{leave, on_a_thread};
use super::panels::{PANEL, Panels};
use super::{GoOn, Spectrum, SpectrumError, add_checked_squares, ask, eigenvalues};
use crate::error::MathError;

/// Side of the tiles of the Gram matrix between which the caller is asked.
const TILE: usize = 256;

/// Side from which on the room of a Gram matrix is taken on a thread of its own: a system hands out hundreds of megabytes page by page,
/// which no question can interrupt.
const LARGE: usize = 2048;

/// A Gram matrix that is being summed: `WᵀW` for at least as many rows as columns, else `W·Wᵀ`.
///
/// Holds `n²·8` bytes for the smaller side n, and for fewer rows than columns the values themselves, since every row meets every other.
pub struct Gram {
    rows: usize,
    columns: usize,
    seen: usize,
    /// Values not yet summed: up to one panel, or all of them.
    kept: Vec<f32>,
    /// Without room until something is added.
    lower: Mat<f64>,
    squared_norm: f64,
    panel: Vec<f64>,
}

impl Gram {
    /// An empty sum for a matrix of this shape.
    ///
    /// # Errors
    /// If a side is 0 or the number of values does not fit into memory's addresses.
    pub fn new(rows: usize, columns: usize) -> Result<Self, MathError> {
        let small = rows.min(columns);
        if small == 0 || rows.checked_mul(columns).is_none() || small.checked_mul(small).is_none() {
            let needed = "a matrix with at least one value".to_owned();
            return Err(MathError::Shape { what: "spectrum", needed, found: format!("{rows} × {columns}") });
        }
        let lower = Mat::new();
        Ok(Self { rows, columns, seen: 0, kept: Vec::new(), lower, squared_norm: 0.0, panel: Vec::new() })
    }

    /// Takes the room of the sum before the first panel.
    fn make_room(&mut self, go_on: GoOn<'_>) -> Result<(), SpectrumError> {
        let small = self.rows.min(self.columns);
        if self.lower.nrows() == small {
            return Ok(());
        }
        self.lower = if small < LARGE {
            Mat::zeros(small, small)
        } else {
            on_a_thread(go_on, move || Some(Mat::zeros(small, small)))?
        };
        Ok(())
    }

    /// Takes the next values in the order of rows; pieces of any length, whose borders do not count.
    ///
    /// # Errors
    /// If there are more values than the shape holds, if one is not finite (with its position), or if the caller stops.
    pub fn push(&mut self, values: &[f32], go_on: GoOn<'_>) -> Result<(), SpectrumError> {
        if values.len() > self.rows * self.columns - self.seen {
            return Err(self.wrong_count(self.seen + values.len()).into());
        }
        self.squared_norm = add_checked_squares(self.squared_norm, values, self.seen, go_on)?;
        self.seen += values.len();
        if self.rows < self.columns {
            self.kept.extend_from_slice(values);
            return Ok(());
        }
        let whole = PANEL * self.columns;
        let mut rest = values;
        while self.kept.len() + rest.len() >= whole {
            let (piece, after) = rest.split_at(whole - self.kept.len());
            self.kept.extend_from_slice(piece);
            rest = after;
            self.flush(go_on)?;
        }
        self.kept.extend_from_slice(rest);
        Ok(())
    }

    /// Adds the kept lines of a matrix that is summed by rows.
    fn flush(&mut self, go_on: GoOn<'_>) -> Result<(), SpectrumError> {
        if self.kept.is_empty() {
            return Ok(());
        }
        self.make_room(go_on)?;
        self.panel.clear();
        self.panel.extend(self.kept.iter().map(|value| f64::from(*value)));
        let lines = self.kept.len() / self.columns;
        let panel = MatRef::from_row_major_slice(&self.panel, lines, self.columns);
        add_squares(&mut self.lower, panel, go_on)?;
        self.kept.clear();
        Ok(())
    }

    /// The lower triangle of the Gram matrix; what lies above it has no meaning.
    ///
    /// # Errors
    /// If values are missing, or if the caller stops.
    pub fn finish(mut self, go_on: GoOn<'_>) -> Result<Mat<f64>, SpectrumError> {
        if self.seen != self.rows * self.columns {
            return Err(self.wrong_count(self.seen).into());
        }
        if self.rows >= self.columns {
            self.flush(go_on)?;
            return Ok(self.taken());
        }
        let kept = std::mem::take(&mut self.kept);
        let added = self.add_wide(&kept, go_on);
        if added.is_err() {
            leave(kept);
        }
        added.map(|()| self.taken())
    }

    /// Sums a matrix of fewer rows than columns.
    fn add_wide(&mut self, values: &[f32], go_on: GoOn<'_>) -> Result<(), SpectrumError> {
        self.make_room(go_on)?;
        let panels = Panels::new(values, self.rows, self.columns);
        for start in panels.starts() {
            add_squares(&mut self.lower, panels.at(start, &mut self.panel), go_on)?;
        }
        Ok(())
    }

    /// All singular values of a matrix in one piece, which is not copied; the same bits as from [`Gram::push`].
    pub(super) fn spectrum_of(mut self, values: &[f32], go_on: GoOn<'_>) -> Result<Spectrum, SpectrumError> {
        if self.rows >= self.columns || values.len() != self.rows * self.columns {
            self.push(values, go_on)?;
            return self.spectrum(go_on);
        }
        let squared_norm = add_checked_squares(self.squared_norm, values, 0, go_on)?;
        self.add_wide(values, go_on)?;
        spectrum(self.taken(), (self.rows, self.columns), squared_norm, go_on)
    }

    /// All singular values.
    ///
    /// # Errors
    /// As [`Gram::finish`] and [`eigenvalues`].
    pub fn spectrum(self, go_on: GoOn<'_>) -> Result<Spectrum, SpectrumError> {
        let (shape, squared_norm) = ((self.rows, self.columns), self.squared_norm);
        spectrum(self.finish(go_on)?, shape, squared_norm, go_on)
    }

    /// The sum; none is left.
    fn taken(&mut self) -> Mat<f64> {
        std::mem::replace(&mut self.lower, Mat::new())
    }

    fn wrong_count(&self, found: usize) -> MathError {
        let needed = format!("{} × {} values", self.rows, self.columns);
        MathError::Shape { what: "spectrum", needed, found: found.to_string() }
    }
}

impl Drop for Gram {
    /// What was stopped leaves hundreds of megabytes behind.
    fn drop(&mut self) {
        if self.lower.nrows() >= LARGE {
            leave((self.taken(), std::mem::take(&mut self.kept)));
        }
    }
}

/// The singular values that a Gram matrix has.
fn spectrum(
    gram: Mat<f64>,
    (rows, columns): (usize, usize),
    squared_norm: f64,
    go_on: GoOn<'_>,
) -> Result<Spectrum, SpectrumError> {
    let ascending = eigenvalues(gram, go_on)?;
    let singular_values = ascending.iter().rev().map(|value| value.max(0.0).sqrt()).collect();
    Ok(Spectrum { rows, columns, singular_values, whole: true, squared_norm })
}

/// `lower += PᵀP` of a panel `[lines, n]`, tile by tile of the lower triangle.
pub(super) fn add_squares(
    lower: &mut Mat<f64>,
    panel: MatRef<'_, f64>,
    go_on: GoOn<'_>,
) -> Result<(), SpectrumError> {
    let (size, turned) = (lower.nrows(), panel.transpose());
    for column in (0..size).step_by(TILE) {
        let width = TILE.min(size - column);
        for row in (column..size).step_by(TILE) {
            ask(go_on)?;
            let height = TILE.min(size - row);
            matmul(
                lower.as_mut().submatrix_mut(row, column, height, width),
                Accum::Add,
                turned.subrows(row, height),
                panel.subcols(column, width),
                1.0,
                Par::Seq,
            );
        }
    }
    Ok(())
}
