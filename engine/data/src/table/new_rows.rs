//! Reading the columns of a run from a table of new rows: by name, each as the run read it.

use std::collections::BTreeMap;
use std::path::Path;

use super::building::{Building, Want};
use super::cell::CellFormat;
use super::kinds::{Column, Table};
use super::options::TableOptions;
use super::read::Reading;
use super::told;
use crate::error::DataError;

/// One column that is wanted.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Wanted {
    /// Its name.
    pub name: String,
    /// The words that the run knows, ascending; `None` for a column of numbers.
    pub words: Option<Vec<String>>,
    /// How its numbers are written.
    pub format: CellFormat,
}

/// A word that the run does not know.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnknownWord {
    /// The column.
    pub column: String,
    /// The word.
    pub word: String,
    /// Rows that hold it.
    pub rows: usize,
    /// Line of the first.
    pub line: u64,
    /// A word that the run knows and that differs in case or blanks only.
    pub near: Option<String>,
}

/// New rows with what the run does not know about them.
#[derive(Clone, Debug, Default)]
pub struct NewRows {
    /// The columns, in the order in which they were wanted.
    pub table: Table,
    /// Words that the run does not know, by column and word; their cells hold [`UNKNOWN`](super::UNKNOWN).
    pub unknown: Vec<UnknownWord>,
}

/// Reads the columns of these names, in this order, whatever else the file holds.
///
/// # Errors
/// As [`read_table`](super::read_table); columns that the file lacks are all named.
pub fn read_new_rows(path: &Path, wanted: &[Wanted], options: &TableOptions) -> Result<NewRows, DataError> {
    let want = |name: &str| match wanted.iter().find(|wanted| wanted.name == name) {
        None => Want::Skip,
        Some(Wanted { words: Some(words), .. }) => Want::Words(words.clone()),
        Some(Wanted { format, .. }) => Want::Numbers(format.clone()),
    };
    // A choice or a column that only training had is no fault of the new rows.
    let options = TableOptions { columns: BTreeMap::new(), ..options.clone() };
    let mut reading = Reading::of(path, &options, &want)?;
    let absent: Vec<&str> = wanted
        .iter()
        .map(|one| one.name.as_str())
        .filter(|name| !reading.names.iter().any(|own| own == name))
        .collect();
    if !absent.is_empty() {
        let why = format!(
            "the columns {} of the run are missing, the file has {}; choose a table with the run's columns",
            absent.join(", "),
            reading.names.join(", ")
        );
        return Err(told(why, path));
    }
    let mut found = NewRows::default();
    found.table.place = path.display().to_string();
    found.table.rows = reading.lines.len();
    found.table.lines = std::mem::take(&mut reading.lines);
    for one in wanted {
        let Some(index) = reading.names.iter().position(|name| *name == one.name) else { continue };
        let building = reading.columns.get_mut(index).map(std::mem::take).unwrap_or_default();
        let column = match &one.words {
            Some(words) => {
                found.unknown.extend(unknown(&one.name, words, &building));
                Column::Words { names: words.clone(), codes: building.codes }
            }
            None => Column::Numbers(numbers(one, building, path)?),
        };
        found.table.names.push(one.name.clone());
        found.table.formats.push(one.format.clone());
        found.table.columns.push(column);
    }
    Ok(found)
}

fn numbers(wanted: &Wanted, building: Building, path: &Path) -> Result<Vec<f64>, DataError> {
    let Some((line, text)) = building.first_odd else { return Ok(building.values) };
    let how = if wanted.format.is_plain() { String::new() } else { format!(" ({})", wanted.format.words()) };
    let why = format!(
        "line {line}, column \"{}\" holds \"{text}\", but the run was trained on numbers{how} there; correct it",
        wanted.name
    );
    Err(told(why, path))
}

fn unknown(column: &str, words: &[String], building: &Building) -> Vec<UnknownWord> {
    let folded = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ").to_lowercase();
    building
        .unknown
        .iter()
        .map(|(word, (rows, line))| UnknownWord {
            column: column.to_owned(),
            word: word.clone(),
            rows: *rows,
            line: *line,
            near: words.iter().find(|known| folded(known) == folded(word)).cloned(),
        })
        .collect()
}

impl NewRows {
    /// What each unknown word is and does, in words.
    pub fn warnings(&self) -> Vec<String> {
        let one = |unknown: &UnknownWord| {
            let UnknownWord { column, word, rows, line, near } = unknown;
            let near = near.as_ref().map_or_else(String::new, |near| {
                format!("; the run knows \"{near}\", which differs in case or blanks only")
            });
            format!(
                "column \"{column}\" holds \"{word}\" in {rows} rows, the first in line {line}: the run never saw it, and it counts as none of \
                 its words{near}"
            )
        };
        self.unknown.iter().map(one).collect()
    }
}
