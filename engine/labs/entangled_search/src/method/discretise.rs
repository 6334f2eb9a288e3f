//! From architecture parameters to one architecture.

use super::kernel::arg_max;

/// The arg-max of each row, the first option on ties (sheet §6, established).
pub fn picks(rows: &[Vec<f64>]) -> Vec<usize> {
    rows.iter().map(|row| arg_max(row)).collect()
}

/// The arg-max of the rows of layers up to the chosen depth; rows beyond it are ignored.
pub fn picks_of_layers(rows: &[Vec<f64>], depth: usize) -> Vec<usize> {
    picks(rows.get(..depth).unwrap_or(rows))
}
