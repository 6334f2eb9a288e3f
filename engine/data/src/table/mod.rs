//! Tables: named columns of numbers or words, with holes; read from CSV, or embedded.
//!
//! - `options`: what a person says; `sniff`: encoding and delimiter; `read`, `building`, `words`: the two passes; `cell`, `date`: how numbers
//!   and dates are written; `format`: what a column is; `report`: the account; `new_rows`: a table that must fit a run
//!
//! Contract: a table that was read is rectangular, its names differ, its numbers are finite or missing. What is wrong is said with line and
//! column, what was guessed stands in [`Table::read`]. What to do about holes is the caller's choice, made explicitly.

mod building;
mod cell;
mod date;
mod embedded;
mod extent;
mod format;
mod kinds;
mod new_rows;
mod options;
mod read;
mod report;
mod sniff;
#[cfg(test)]
mod tests;
mod words;

pub use cell::{CellFormat, Grouping};
pub use date::{DateOrder, calendar, day_in_words};
pub use embedded::{EMBEDDED, Embedded, embedded};
pub use extent::extent;
pub use kinds::{Column, ColumnKind, MISSING, Table, UNKNOWN};
pub use new_rows::{NewRows, UnknownWord, Wanted, read_new_rows};
pub use options::{ColumnChoice, DecimalMark, TableOptions, ThousandsMark};
pub use read::{read_table, read_table_with};

use std::path::Path;

use super::error::{DataError, Problem};

/// Opens an embedded table by its name, or a CSV file by its path, finding everything out.
///
/// # Errors
/// No such name or file, or a file that is no table.
pub fn open_table(name_or_path: &str) -> Result<Table, DataError> {
    open_table_with(name_or_path, &TableOptions::default())
}

/// Opens an embedded table by its name, or a CSV file by its path, as a person says.
///
/// # Errors
/// No such name or file, a file that is no table, or choices that do not fit it.
pub fn open_table_with(name_or_path: &str, options: &TableOptions) -> Result<Table, DataError> {
    if let Some(found) = embedded(name_or_path) {
        return found.table();
    }
    let path = Path::new(name_or_path);
    if !path.exists() {
        let known = EMBEDDED.iter().map(|table| table.name).collect::<Vec<_>>().join(", ");
        return Err(DataError::UnknownName { name: name_or_path.to_owned(), known });
    }
    read_table_with(path, options)
}

/// What is wrong with a table and what to do, for a message that ends with its place.
pub fn told(text: impl Into<String>, path: &Path) -> DataError {
    DataError::unusable(Problem::Told(text.into()), path)
}
