//! Tables for regression: named columns of numbers or words, with holes; read from CSV, or embedded.
//!
//! Contract: a table that was read is rectangular, its names differ, its numbers are finite or missing. What is wrong is said with
//! line and column. What to do about holes is the caller's choice, made explicitly.

mod embedded;
mod extent;
mod kinds;
mod read;
mod sniff;

pub use embedded::{EMBEDDED, Embedded, embedded};
pub use extent::extent;
pub use kinds::{Column, ColumnKind, MISSING, Table};
pub use read::{read_as, read_table};

use std::path::Path;

use super::error::{DataError, Problem};

/// Opens an embedded table by its name, or a CSV file by its path.
///
/// # Errors
/// No such name or file, or a file that is no table.
pub fn open_table(name_or_path: &str) -> Result<Table, DataError> {
    if let Some(found) = embedded(name_or_path) {
        return found.table();
    }
    let path = Path::new(name_or_path);
    if !path.exists() {
        let known = EMBEDDED.iter().map(|table| table.name).collect::<Vec<_>>().join(", ");
        return Err(DataError::UnknownName { name: name_or_path.to_owned(), known });
    }
    read_table(path)
}

/// What a column looks like, for a preview.
#[derive(Clone, Debug, PartialEq)]
pub struct ColumnPreview {
    /// Name.
    pub name: String,
    /// Numbers or words.
    pub kind: ColumnKind,
    /// Missing values.
    pub missing: usize,
    /// Smallest and largest number.
    pub range: Option<(f64, f64)>,
    /// Distinct words, or distinct numbers up to a hundred.
    pub distinct: usize,
    /// What stands in the way of its use, in words.
    pub problem: Option<String>,
}

/// Looks at a table without using it.
pub fn preview(table: &Table) -> Vec<ColumnPreview> {
    table
        .names
        .iter()
        .zip(&table.columns)
        .map(|(name, column)| column_preview(name, column, table.rows))
        .collect()
}

fn column_preview(name: &str, column: &Column, rows: usize) -> ColumnPreview {
    const COUNTED: usize = 100;
    let missing = column.missing();
    let (range, distinct) = match column {
        Column::Numbers(values) => {
            let present = values.iter().copied().filter(|value| value.is_finite());
            let range = present.clone().fold(None, |range: Option<(f64, f64)>, value| {
                Some(range.map_or((value, value), |(low, high)| (low.min(value), high.max(value))))
            });
            let mut seen = std::collections::BTreeSet::new();
            for value in present {
                seen.insert(value.to_bits());
                if seen.len() >= COUNTED {
                    break;
                }
            }
            (range, seen.len())
        }
        Column::Words { names, .. } => (None, names.len()),
    };
    let problem = if missing == rows {
        Some("every value is missing".to_owned())
    } else if distinct < 2 {
        Some("every value is the same".to_owned())
    } else if missing > 0 {
        Some(format!("{missing} values are missing"))
    } else {
        None
    };
    ColumnPreview { name: name.to_owned(), kind: column.kind(), missing, range, distinct, problem }
}

/// What is wrong with a table and what to do, for a message that ends with its place.
pub fn told(text: impl Into<String>, path: &Path) -> DataError {
    DataError::unusable(Problem::Told(text.into()), path)
}
