//! How scales lie over a tensor.

use crate::measure::matrix_of;

/// Sides of the blocks that are published with scales (arXiv 2412.19437), for models that do not say theirs; others are taken where they
/// divide the matrix.
const BLOCK: usize = 128;

/// Scales over one matrix, or over several of one shape, each with as many scales.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Grid {
    rows: usize,
    columns: usize,
    /// Rows and columns that share a scale.
    block: (usize, usize),
    /// Scales beside each other, and scales of one matrix.
    across: usize,
    each: usize,
}

impl Grid {
    /// How scales of one shape lie over a tensor of another, in blocks of `said` where the model says its blocks; none if they do not fit.
    pub(super) fn of(tensor: &[usize], scale: &[usize], said: Option<(usize, usize)>) -> Option<Self> {
        let plain = matrix_of(tensor);
        let ((rows, columns), (down, across)) = match (tensor, scale) {
            // Many matrices of one shape, such as those of experts, with a grid of scales each.
            ([before @ .., rows, columns], [same @ .., down, across])
                if !before.is_empty() && before == same =>
            {
                ((*rows, *columns), (*down, *across))
            }
            (_, []) => (plain, (1, 1)),
            (_, [all]) if *all == plain.0 || *all == 1 => (plain, (*all, 1)),
            (_, [_]) => return None,
            // One a row may be written with axes of length one behind it.
            (_, [down, rest @ ..]) => (plain, (*down, rest.iter().product())),
        };
        if rows == 0 || columns == 0 {
            return None;
        }
        let is_a_row = across == 1 && (down == rows || down == 1);
        let is_of_blocks = tensor.len() == 2 || (rows, columns) != plain;
        let block = match said {
            _ if is_a_row => (rows / down, columns),
            _ if !is_of_blocks => return None,
            Some((high, wide)) => {
                let fits = (rows.div_ceil(high), columns.div_ceil(wide)) == (down, across);
                fits.then_some((high.min(rows), wide.min(columns)))?
            }
            None => (side(rows, down)?, side(columns, across)?),
        };
        // A number of its own for each weight is no scale.
        let is_scale = block != (1, 1) || rows * columns == 1;
        is_scale.then_some(Self { rows, columns, block, across, each: down * across })
    }

    /// The place of the scale of an element in C order.
    pub(super) fn place(self, element: usize) -> usize {
        let (matrix, inside) = (element / (self.rows * self.columns), element % (self.rows * self.columns));
        let (row, column) = (inside / self.columns, inside % self.columns);
        matrix * self.each + row / self.block.0 * self.across + column / self.block.1
    }

    /// Elements from this one on that share its scale and its row.
    pub(super) fn run(self, element: usize) -> usize {
        let column = element % self.columns;
        (column / self.block.1 * self.block.1 + self.block.1).min(self.columns) - column
    }

    pub(super) fn words(self) -> String {
        match self.block {
            block if block == (self.rows, self.columns) => "one scale".to_owned(),
            block if block == (1, self.columns) => "one scale a row".to_owned(),
            (down, across) => format!("blocks of {down} × {across}"),
        }
    }
}

/// How many of `length` share a scale if there are `parts`.
fn side(length: usize, parts: usize) -> Option<usize> {
    match parts {
        0 => None,
        1 => Some(length),
        parts if parts == length => Some(1),
        parts if length.div_ceil(BLOCK) == parts => Some(BLOCK),
        parts if length.is_multiple_of(parts) => Some(length / parts),
        _ => None,
    }
}
