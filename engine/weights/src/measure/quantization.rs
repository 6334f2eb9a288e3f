//! What rounding to 2 to 8 bits would do to a tensor, for every grouping at once.
//!
//! Levels, steps and positions are those of [`weightscope_math::quantize`], in double precision. A tensor is taken row by row; a group of
//! 32, 64 or 128 lies within a row, its last one may be shorter. A value that is not finite keeps its place in its group and counts for
//! nothing there: neither in the step nor in an error.

use super::rounding::{Sums, magnitudes, round, round_groups};

/// Bit widths that are tried.
pub const BITS: [u8; 7] = [2, 3, 4, 5, 6, 7, 8];

/// A position nearer to a decision boundary than this many steps counts as lying on it.
pub const AT_BOUNDARY: f64 = 0.05;

/// Which elements share a step.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Grouping {
    /// All of them.
    Tensor,
    /// Those of a row.
    Row,
    /// 32 neighbours in a row.
    Of32,
    /// 64 neighbours in a row.
    Of64,
    /// 128 neighbours in a row.
    Of128,
}

impl Grouping {
    /// All of them, in the order of tables.
    pub const ALL: [Self; 5] = [Self::Tensor, Self::Row, Self::Of32, Self::Of64, Self::Of128];

    /// The name in settings: `tensor`, `row`, `32`, `64`, `128`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Tensor => "tensor",
            Self::Row => "row",
            Self::Of32 => "32",
            Self::Of64 => "64",
            Self::Of128 => "128",
        }
    }

    /// Elements of a group in a row of this length; `None` for the whole tensor.
    fn width(self, columns: usize) -> Option<usize> {
        let width = match self {
            Self::Tensor => return None,
            Self::Row => columns,
            Self::Of32 => 32,
            Self::Of64 => 64,
            Self::Of128 => 128,
        };
        Some(width.min(columns).max(1))
    }
}

/// Where the step of a group comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Scale {
    /// The largest magnitude: [`weightscope_math::quantize::max`].
    Max,
    /// Twice the mean magnitude, levels without a zero: [`weightscope_math::quantize::statsq`].
    StatsQ,
    /// The step that learned step size starts from: [`weightscope_math::quantize::lsq`].
    LsqStart,
}

/// What one bit width and one grouping do.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Cell {
    /// `‖W_q − W‖_F / ‖W‖_F`; not-a-number for a tensor of zeros.
    pub relative_error: f64,
    /// The largest `|w_q − w|`.
    pub largest_error: f64,
    /// Elements at level zero; 0 for StatsQ, which has none.
    pub at_zero: u64,
    /// Elements whose position lies within [`AT_BOUNDARY`] of a boundary between two levels.
    pub at_boundary: u64,
    /// Elements counted: the finite ones.
    pub count: u64,
}

impl Cell {
    /// Share of the elements at level zero; not-a-number without elements.
    pub fn zero_share(&self) -> f64 {
        self.at_zero as f64 / self.count as f64
    }

    /// Share of the elements at a boundary; not-a-number without elements.
    pub fn boundary_share(&self) -> f64 {
        self.at_boundary as f64 / self.count as f64
    }
}

/// All bit widths and groupings of one tensor for one kind of scale.
#[derive(Clone, Debug, PartialEq)]
pub struct Quantization {
    /// Where steps came from.
    pub scale: Scale,
    /// By [`Grouping::ALL`], then by [`BITS`].
    pub cells: [[Cell; 7]; 5],
}

impl Quantization {
    /// Of a matrix in one piece; `largest` and `mean_magnitude` are those of the whole tensor (see
    /// [`Statistics`](super::Statistics)).
    pub fn of(values: &[f32], columns: usize, largest: f64, mean_magnitude: f64, scale: Scale) -> Self {
        let mut pass = QuantizationPass::new(columns, largest, mean_magnitude, scale);
        pass.push(values);
        pass.finish()
    }

    /// The cell of a bit width (2 to 8) and a grouping.
    pub fn at(&self, bits: u8, grouping: Grouping) -> Option<&Cell> {
        let column = BITS.iter().position(|known| *known == bits)?;
        self.cells.get(Grouping::ALL.iter().position(|known| *known == grouping)?)?.get(column)
    }
}

/// Rows up to this length are taken many at once: one at a time they would cost more than their values.
const SHORT: usize = 32;

/// Elements that are taken at once where rows are short, or where there is only one; every group's width divides it.
const TAKEN: usize = 4096;

/// A tensor that is being quantized, row by row.
#[derive(Clone, Debug)]
pub struct QuantizationPass {
    columns: usize,
    is_one_row: bool,
    /// Elements that are taken at once: a row, whole short rows, or a part of the only row.
    unit: usize,
    scale: Scale,
    /// Largest and mean magnitude of the tensor.
    whole: (f64, f64),
    waiting: Vec<f32>,
    room: Room,
    squares: f64,
    count: u64,
    sums: [[Sums; 7]; 5],
}

/// Room to work in, kept from one unit to the next.
#[derive(Clone, Debug, Default)]
struct Room {
    finite: Vec<f32>,
    of_group: Vec<f32>,
    groups: Vec<(usize, f64, f64)>,
    steps: Vec<f64>,
}

impl QuantizationPass {
    /// For rows of this length, of which there may be any number, and the largest and mean magnitude of the tensor's finite values.
    /// Keeps up to one row; [`QuantizationPass::of_matrix`] keeps next to nothing of a tensor that is one long row.
    pub fn new(columns: usize, largest: f64, mean_magnitude: f64, scale: Scale) -> Self {
        Self::of_matrix((usize::MAX, columns), largest, mean_magnitude, scale)
    }

    /// For a matrix of this many rows and columns, and the largest and mean magnitude of its finite values. The step of an only row is
    /// that of the tensor, so that such a row is taken in parts; of several rows up to one is kept.
    pub fn of_matrix(
        (rows, columns): (usize, usize),
        largest: f64,
        mean_magnitude: f64,
        scale: Scale,
    ) -> Self {
        let columns = columns.max(1);
        let is_one_row = rows <= 1;
        let unit = match columns {
            _ if is_one_row => TAKEN.min(columns),
            ..=SHORT => TAKEN / columns * columns,
            _ => columns,
        };
        Self {
            columns,
            is_one_row,
            unit,
            scale,
            whole: (largest, mean_magnitude),
            waiting: Vec::new(),
            room: Room::default(),
            squares: 0.0,
            count: 0,
            sums: Default::default(),
        }
    }

    /// Takes the next elements in the order of rows. Keeps what does not fill a row, or some kilobytes where rows are short.
    pub fn push(&mut self, values: &[f32]) {
        let mut rest = values;
        if !self.waiting.is_empty() {
            let (head, tail) = rest.split_at(rest.len().min(self.unit - self.waiting.len()));
            self.waiting.extend_from_slice(head);
            rest = tail;
            if self.waiting.len() < self.unit {
                return;
            }
            let full = std::mem::take(&mut self.waiting);
            self.take(&full);
            self.waiting = full;
            self.waiting.clear();
        }
        let units = rest.chunks_exact(self.unit);
        let left = units.remainder();
        units.for_each(|unit| self.take(unit));
        self.waiting.extend_from_slice(left);
    }

    fn take(&mut self, unit: &[f32]) {
        let mut room = std::mem::take(&mut self.room);
        let found = magnitudes(unit);
        // Values that are not finite leave a sum of magnitudes that is not finite either.
        let is_finite = found.total.is_finite();
        let (values, found) = if is_finite {
            (unit, found)
        } else {
            keep_finite(unit, &mut room.finite);
            (room.finite.as_slice(), magnitudes(&room.finite))
        };
        self.squares += found.squares;
        self.count += values.len() as u64;
        if self.is_one_row || self.columns > SHORT {
            self.take_groups(unit, is_finite, &mut room.of_group);
            let (scale, whole) = (self.scale, self.whole);
            let [tensor, row, ..] = &mut self.sums;
            round(values, scale, whole, tensor);
            if !self.is_one_row {
                round(values, scale, (found.largest, found.mean(values.len())), row);
            }
        } else {
            self.take_short_rows(unit, values, &mut room.groups, &mut room.steps);
        }
        self.room = room;
    }

    /// Adds the groups within one row, or within a part of the only row. A value that is not finite keeps its place in its group.
    fn take_groups(&mut self, unit: &[f32], is_finite: bool, of_group: &mut Vec<f32>) {
        let (scale, columns) = (self.scale, self.columns);
        for (grouping, sums) in Grouping::ALL.into_iter().zip(&mut self.sums).skip(2) {
            // Groups that would hold the whole row are the row: finish() copies its sums.
            let Some(width) = grouping.width(columns).filter(|width| *width < columns) else { continue };
            for mut group in unit.chunks(width) {
                if !is_finite {
                    keep_finite(group, of_group);
                    group = of_group.as_slice();
                }
                if !group.is_empty() {
                    let found = magnitudes(group);
                    round(group, scale, (found.largest, found.mean(group.len())), sums);
                }
            }
        }
    }

    /// Adds whole short rows at once; `values` are the finite ones of them.
    fn take_short_rows(
        &mut self,
        unit: &[f32],
        values: &[f32],
        groups: &mut Vec<(usize, f64, f64)>,
        steps: &mut Vec<f64>,
    ) {
        groups.clear();
        groups.extend(unit.chunks(self.columns).map(|row| {
            let (mut count, mut largest, mut total) = (0, 0.0_f64, 0.0_f64);
            for value in row.iter().filter(|value| value.is_finite()) {
                let magnitude = f64::from(value.abs());
                count += 1;
                largest = largest.max(magnitude);
                total += magnitude;
            }
            (count, largest, total / count.max(1) as f64)
        }));
        let [tensor, row, ..] = &mut self.sums;
        round(values, self.scale, self.whole, tensor);
        round_groups(values, groups, self.scale, steps, row);
    }

    /// The figures of what was pushed; a last row that is not full counts as a row.
    pub fn finish(mut self) -> Quantization {
        let rest = std::mem::take(&mut self.waiting);
        if !rest.is_empty() {
            self.take(&rest);
        }
        let (norm, count) = (self.squares.sqrt(), self.count);
        let cell = |sums: Sums| Cell {
            relative_error: sums.squared_error.sqrt() / norm,
            largest_error: sums.largest_error,
            at_zero: sums.at_zero as u64,
            at_boundary: sums.at_boundary as u64,
            count,
        };
        let mut sums = self.sums;
        if self.is_one_row {
            sums[1] = sums[0];
        }
        for (place, grouping) in Grouping::ALL.into_iter().enumerate().skip(2) {
            if grouping.width(self.columns) >= Some(self.columns) {
                sums[place] = sums[1];
            }
        }
        Quantization { scale: self.scale, cells: sums.map(|row| row.map(cell)) }
    }
}

/// The finite values, in their order.
fn keep_finite(values: &[f32], kept: &mut Vec<f32>) {
    kept.clear();
    kept.extend(values.iter().copied().filter(|value| value.is_finite()));
}

#[cfg(test)]
#[path = "quantization_tests.rs"]
mod tests;
