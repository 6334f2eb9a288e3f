//! Columns and tables.

use super::cell::CellFormat;
use super::date::calendar;
use super::options::ColumnChoice;
use crate::read::Read;

/// Code of a missing word.
pub const MISSING: u32 = u32::MAX;
/// Code of a word that is none of the list: of new rows, a word that a run never saw.
pub const UNKNOWN: u32 = u32::MAX - 1;

/// Numbers or words.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub enum ColumnKind {
    /// Numbers.
    Numbers,
    /// Words.
    Words,
}

/// One column.
#[derive(Clone, Debug, PartialEq)]
pub enum Column {
    /// Numbers; not-a-number where missing.
    Numbers(Vec<f64>),
    /// Words as codes into their sorted list; [`MISSING`] where missing, [`UNKNOWN`] where none of the list.
    Words {
        /// The words, ascending.
        names: Vec<String>,
        /// A code for each row.
        codes: Vec<u32>,
    },
}

impl Column {
    /// Numbers or words.
    pub fn kind(&self) -> ColumnKind {
        match self {
            Self::Numbers(_) => ColumnKind::Numbers,
            Self::Words { .. } => ColumnKind::Words,
        }
    }

    /// True if the value of a row is missing, or there is no such row.
    pub fn is_missing(&self, row: usize) -> bool {
        match self {
            Self::Numbers(values) => values.get(row).is_none_or(|value| value.is_nan()),
            Self::Words { codes, .. } => codes.get(row).is_none_or(|code| *code == MISSING),
        }
    }

    /// How many values are missing.
    pub fn missing(&self) -> usize {
        match self {
            Self::Numbers(values) => values.iter().filter(|value| value.is_nan()).count(),
            Self::Words { codes, .. } => codes.iter().filter(|code| **code == MISSING).count(),
        }
    }
}

/// Named columns of equal length.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Table {
    /// Where it came from, for messages.
    pub place: String,
    /// Names of the columns.
    pub names: Vec<String>,
    /// The columns.
    pub columns: Vec<Column>,
    /// How the cells of each column are written.
    pub formats: Vec<CellFormat>,
    /// Rows.
    pub rows: usize,
    /// Line of each row in its file; empty for tables without one.
    pub lines: Vec<u64>,
    /// What was read, the columns that are left out included.
    pub read: Read,
}

impl Table {
    /// Adds a column; of dates that are wanted with their calendar, month, day of the month and day of the week too.
    pub(super) fn add(
        &mut self,
        name: &str,
        column: Column,
        format: &CellFormat,
        choice: Option<ColumnChoice>,
    ) {
        let parts = match (&column, choice) {
            (Column::Numbers(days), Some(ColumnChoice::Calendar)) => calendar_parts(days),
            _ => Vec::new(),
        };
        self.names.push(name.to_owned());
        self.columns.push(column);
        self.formats.push(format.clone());
        for (part, values) in parts {
            self.names.push(format!("{name}.{part}"));
            self.columns.push(Column::Numbers(values));
            self.formats.push(CellFormat::default());
        }
    }

    /// Position of a column.
    pub fn position(&self, name: &str) -> Option<usize> {
        self.names.iter().position(|other| other == name)
    }

    /// How a row is called in messages.
    pub fn row_name(&self, row: usize) -> String {
        match self.lines.get(row) {
            Some(line) => format!("line {line}"),
            None => format!("row {}", row + 1),
        }
    }

    /// blake3 of names and values.
    pub fn hash(&self) -> String {
        let mut hasher = blake3::Hasher::new();
        for (name, column) in self.names.iter().zip(&self.columns) {
            hasher.update(name.as_bytes());
            hasher.update(b"\n");
            match column {
                Column::Numbers(values) => values.iter().for_each(|value| {
                    hasher.update(&value.to_bits().to_le_bytes());
                }),
                Column::Words { names, codes } => {
                    names.iter().for_each(|name| {
                        hasher.update(name.as_bytes());
                        hasher.update(b"\n");
                    });
                    codes.iter().for_each(|code| {
                        hasher.update(&code.to_le_bytes());
                    });
                }
            }
        }
        hasher.finalize().to_hex().to_string()
    }
}

/// Names and values of the columns that stand beside dates.
fn calendar_parts(days: &[f64]) -> Vec<(&'static str, Vec<f64>)> {
    let part = |of: fn((u32, u32, u32)) -> u32| {
        days.iter().map(|day| if day.is_nan() { f64::NAN } else { f64::from(of(calendar(*day))) }).collect()
    };
    vec![
        ("month", part(|(month, ..)| month)),
        ("day", part(|(_, day, _)| day)),
        ("weekday", part(|(.., weekday)| weekday)),
    ]
}
