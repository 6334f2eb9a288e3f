//! The account of a table while it is read: columns one by one, then what is doubtful about them.

use std::collections::BTreeSet;
use std::path::Path;

use super::building::Building;
use super::cell::CellFormat;
use super::format::{Doubtful, Word};
use super::kinds::Column;
use super::options::{TableOptions, ThousandsMark};
use super::read::ROW_NAMES;
use crate::read::{ColumnRead, Doubt, Read, ReadAs};

/// Distinct numbers are counted up to here.
const COUNTED: usize = 100;
/// A category that has nearly as many words as rows is looked at from so many rows on.
const FEW_ROWS: usize = 20;
/// Share of distinct words from which on a category tells rows apart instead of grouping them.
const NEARLY_EACH: f64 = 0.9;

/// The account while it grows.
pub(super) struct Report {
    pub(super) read: Read,
}

impl Report {
    pub(super) fn new(path: &Path, form: &str) -> Self {
        let bytes = std::fs::metadata(path).ok().map(|data| data.len());
        let read =
            Read { place: path.display().to_string(), bytes, form: form.to_owned(), ..Read::default() };
        Self { read }
    }

    /// A column that is not used.
    pub(super) fn left_out(&mut self, name: &str, missing: usize) {
        let column =
            ColumnRead { name: name.to_owned(), kind: ReadAs::LeftOut, missing, ..ColumnRead::default() };
        self.read.columns.push(column);
    }

    /// What a decision found doubtful.
    pub(super) fn doubt(&mut self, column: &str, words: &[Word], doubt: Option<Doubtful>) {
        let Some(Doubtful { word, why, remedy }) = doubt else { return };
        let word = words.get(word);
        self.read.doubts.push(Doubt {
            column: column.to_owned(),
            line: word.map(|word| word.line),
            text: word.map(|word| word.text.clone()),
            why,
            remedy,
        });
    }

    /// A column that is used.
    pub(super) fn column(
        &mut self,
        name: &str,
        column: &Column,
        format: &CellFormat,
        building: &Building,
        rows: usize,
        options: &TableOptions,
    ) {
        let missing = column.missing();
        let (range, distinct) = match column {
            Column::Numbers(values) => extent(values),
            Column::Words { names, .. } => (None, names.len()),
        };
        let kind = match column {
            _ if distinct < 2 => ReadAs::Constant,
            Column::Words { .. } => ReadAs::Category,
            Column::Numbers(_) if format.date.is_some() => ReadAs::Date,
            Column::Numbers(_) => ReadAs::Number,
        };
        self.read.columns.push(ColumnRead {
            name: name.to_owned(),
            kind,
            range,
            distinct,
            missing,
            missing_words: building.missing_words.clone(),
            note: format.words(),
        });
        self.doubts_of(name, column, format, building, rows, options);
    }

    fn doubts_of(
        &mut self,
        name: &str,
        column: &Column,
        format: &CellFormat,
        building: &Building,
        rows: usize,
        options: &TableOptions,
    ) {
        let at = |found: &Option<(u64, String)>| {
            (found.as_ref().map(|(line, _)| *line), found.as_ref().map(|(_, text)| text.clone()))
        };
        let mut doubt = |(line, text): (Option<u64>, Option<String>), why: String, remedy: String| {
            self.read.doubts.push(Doubt { column: name.to_owned(), line, text, why, remedy });
        };
        let is_said = options.columns.contains_key(name);
        match column {
            Column::Words { names, .. } if !is_said => {
                let present = rows - column.missing();
                if present >= FEW_ROWS && names.len() as f64 >= NEARLY_EACH * present as f64 {
                    let why = format!("is one of {} words in {present} rows, nearly each once", names.len());
                    let remedy = format!(
                        "it tells rows apart rather than groups; set columns = {{ {name} = \"ignore\" }} if it is a name"
                    );
                    doubt((None, names.first().cloned()), why, remedy);
                }
                if let Some((word, count)) =
                    building.missing_words.first().filter(|_| options.missing_words.is_none())
                {
                    let why = format!("counts as missing in {count} cells of a column of words");
                    doubt(
                        (None, Some(word.clone())),
                        why,
                        "if it is a word like the others, set missing_words = []".to_owned(),
                    );
                }
            }
            Column::Numbers(_) if building.leading_zeros > 0 && !is_said => {
                let why = "is read as a number and begins with a zero, as codes do".to_owned();
                doubt(
                    at(&building.first_zero),
                    why,
                    format!("set columns = {{ {name} = \"category\" }} if it is a code"),
                );
            }
            Column::Numbers(_)
                if format.is_plain()
                    && building.is_grouped(options)
                    && options.thousands == ThousandsMark::Auto =>
            {
                let why = "has a point before three digits, as all others with a point: read as a decimal point, it could group thousands";
                doubt(
                    at(&building.first_grouped),
                    why.to_owned(),
                    "set thousands = \"point\" or \"none\" to say which".to_owned(),
                );
            }
            _ => {}
        }
    }

    /// What concerns the table as a whole.
    pub(super) fn finish(&mut self, unnamed: &[usize], has_row_names: bool) {
        let used =
            self.read.columns.iter().any(|column| column.name == ROW_NAMES && column.kind != ReadAs::LeftOut);
        let why = if has_row_names {
            "is the first cell of each row, for which the header lacks a name"
        } else if !unnamed.is_empty() {
            "is the first column, which has no name"
        } else {
            return;
        };
        if !used {
            let remedy = "it is taken for names of the rows and left out; name it in the header to use it";
            self.read.doubts.push(Doubt::of_column(ROW_NAMES, why, remedy));
        }
    }
}

/// Smallest and largest number, and how many differ, up to [`COUNTED`].
fn extent(values: &[f64]) -> (Option<(f64, f64)>, usize) {
    let mut range: Option<(f64, f64)> = None;
    let mut seen = BTreeSet::new();
    for value in values.iter().copied().filter(|value| value.is_finite()) {
        range = Some(range.map_or((value, value), |(low, high)| (low.min(value), high.max(value))));
        if seen.len() < COUNTED {
            seen.insert(value.to_bits());
        }
    }
    (range, seen.len())
}
