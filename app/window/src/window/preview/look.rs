//! What a preview knows of a table besides how it was read: distinct values, a histogram of each column of numbers, the first rows.
//!
//! Contract: counts are exact up to [`MOST_DISTINCT`]; beyond it they are said to be "at least" so many. Nothing here runs on the UI thread.

use std::collections::HashSet;

use weightscope_frame::data::Read;
use weightscope_frame::data::table::{Column, Table, day_in_words};

use crate::figure::number::{count, significant};

/// Distinct values of a column that are counted.
pub(super) const MOST_DISTINCT: usize = 100_000;
/// Bars of a histogram.
const BARS: usize = 24;
/// Rows that are shown as they were read.
const FIRST: usize = 5;
/// Letters of a number among the first rows that are shown as they are.
const SHORT: usize = 9;
/// Digits of a longer one.
const DIGITS: usize = 6;

/// A table, looked at.
pub(super) struct Look {
    /// How it was read.
    pub(super) read: Read,
    /// The columns that are used, by name.
    columns: Vec<(String, ColumnLook)>,
    /// The first rows, a text for each of these columns.
    pub(super) first: Vec<Vec<String>>,
}

/// A column, looked at.
pub(super) struct ColumnLook {
    /// Distinct values, [`MOST_DISTINCT`] at most.
    distinct: usize,
    /// Rows in each of equal parts of its range; empty where it holds no numbers.
    pub(super) bars: Vec<u32>,
}

impl Look {
    /// Looks at a table that was read.
    pub(super) fn of(table: Table) -> Self {
        let first = (0..table.rows.min(FIRST)).map(|row| cells(&table, row)).collect();
        let columns = table.names.iter().zip(&table.columns);
        let columns = columns.map(|(name, column)| (name.clone(), ColumnLook::of(column))).collect();
        Self { read: table.read, columns, first }
    }

    /// What is known of a column; none of one that is left out.
    pub(super) fn column(&self, name: &str) -> Option<&ColumnLook> {
        self.columns.iter().find(|(known, _)| known == name).map(|(_, look)| look)
    }

    /// Names of the columns of the first rows.
    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        self.columns.iter().map(|(name, _)| name.as_str())
    }
}

impl ColumnLook {
    fn of(column: &Column) -> Self {
        match column {
            Column::Numbers(values) => Self { distinct: distinct(values), bars: histogram(values) },
            Column::Words { names, .. } => Self { distinct: names.len(), bars: Vec::new() },
        }
    }

    /// The number of distinct values in words.
    pub(super) fn distinct(&self) -> String {
        let least = if self.distinct >= MOST_DISTINCT { "at least " } else { "" };
        format!("{least}{}", count(self.distinct as u64))
    }
}

/// Distinct numbers up to [`MOST_DISTINCT`]; what is missing is none.
fn distinct(values: &[f64]) -> usize {
    let mut seen = HashSet::new();
    for value in values.iter().filter(|value| !value.is_nan()) {
        // Both zeros are one number.
        seen.insert((value + 0.0).to_bits());
        if seen.len() == MOST_DISTINCT {
            break;
        }
    }
    seen.len()
}

/// Rows in each of equal parts from the smallest to the largest number.
fn histogram(values: &[f64]) -> Vec<u32> {
    let known = || values.iter().copied().filter(|value| value.is_finite());
    let (low, high) = known()
        .fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), value| (low.min(value), high.max(value)));
    if low >= high {
        return Vec::new();
    }
    let mut bars = vec![0_u32; BARS];
    for value in known() {
        let place = ((value - low) / (high - low) * BARS as f64) as usize;
        if let Some(bar) = bars.get_mut(place.min(BARS - 1)) {
            *bar += 1;
        }
    }
    bars
}

/// The values of a row as they were read.
fn cells(table: &Table, row: usize) -> Vec<String> {
    let columns = table.columns.iter().zip(&table.formats);
    columns
        .map(|(column, format)| match column {
            _ if column.is_missing(row) => "–".to_owned(),
            Column::Numbers(values) => {
                let value = values.get(row).copied().unwrap_or(f64::NAN);
                if format.date.is_some() { day_in_words(value) } else { number(value) }
            }
            Column::Words { names, codes } => {
                let code = codes.get(row).map_or(usize::MAX, |code| *code as usize);
                names.get(code).cloned().unwrap_or_default()
            }
        })
        .collect()
}

/// A number as it was written, where that is short.
fn number(value: f64) -> String {
    let whole = format!("{value}");
    if whole.len() <= SHORT { whole } else { significant(value, DIGITS) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn distinct_numbers_are_counted_exactly_up_to_a_limit() {
        let values: Vec<f64> = (0..250).map(|row| f64::from(row % 125)).chain([f64::NAN, -0.0]).collect();
        let look = ColumnLook::of(&Column::Numbers(values));
        assert_eq!(look.distinct(), "125", "what is missing and the other zero are none");
        let many: Vec<f64> = (0..=MOST_DISTINCT).map(|row| row as f64).collect();
        assert_eq!(ColumnLook::of(&Column::Numbers(many)).distinct(), "at least 100\u{2009}000");
    }

    #[test]
    fn a_histogram_holds_every_number_once() {
        let values: Vec<f64> = (0..=48).map(f64::from).chain([f64::NAN]).collect();
        let bars = histogram(&values);
        assert_eq!(bars.len(), BARS);
        assert_eq!(bars.iter().sum::<u32>(), 49, "all but the missing one: {bars:?}");
        assert_eq!((bars.first(), bars.last()), (Some(&2), Some(&3)), "the largest lies in the last bar");
        assert!(histogram(&[2.0, 2.0]).is_empty(), "a constant has no shape");
    }

    #[test]
    fn first_rows_are_shown_as_they_were_read() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("t.csv");
        std::fs::write(&path, "day,size,kind\n29.02.2024,0.125,b\n01.03.2024,,a\n").unwrap();
        let look = Look::of(weightscope_frame::data::table::read_table(&path).unwrap());
        assert_eq!(look.names().collect::<Vec<_>>(), ["day", "size", "kind"]);
        assert_eq!(look.first[0], ["2024-02-29", "0.125", "b"]);
        assert_eq!(look.first[1], ["2024-03-01", "–", "a"]);
        assert!(look.column("kind").is_some_and(|kind| kind.bars.is_empty() && kind.distinct() == "2"));
    }
}
