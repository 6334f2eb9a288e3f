//! A second pass over columns that are no plain numbers: their distinct words, in order, with a code for each row.

use std::collections::BTreeMap;
use std::path::Path;

use super::format::Word;
use super::kinds::MISSING;
use super::options::TableOptions;
use super::read::{Cells, utf8};
use crate::error::DataError;

/// The words of a column, ascending, and a code for each row.
#[derive(Clone, Debug, Default)]
pub(super) struct ReadWords {
    pub(super) words: Vec<Word>,
    pub(super) codes: Vec<u32>,
}

/// Words while they are collected: code in the order of appearance, count, first line.
#[derive(Default)]
struct Collecting {
    seen: BTreeMap<String, (u32, usize, u64)>,
    codes: Vec<u32>,
}

/// Reads the words of some columns, by their places.
pub(super) fn read_words(
    path: &Path,
    columns: &[usize],
    options: &TableOptions,
    has_row_names: bool,
) -> Result<BTreeMap<usize, ReadWords>, DataError> {
    let mut cells = Cells::open(path)?;
    let mut found: BTreeMap<usize, Collecting> =
        columns.iter().map(|column| (*column, Collecting::default())).collect();
    let names: Vec<String> = cells.header.clone();
    while let Some(line) = cells.next(path)? {
        for (column, collecting) in &mut found {
            let name = column.checked_sub(usize::from(has_row_names)).and_then(|place| names.get(place));
            let cell = cells.record.get(*column).unwrap_or_default();
            let text = utf8(cell, name.map_or("", String::as_str), line, path)?;
            collecting.push(text, line, options);
        }
    }
    Ok(found.into_iter().map(|(column, collecting)| (column, collecting.sorted())).collect())
}

impl Collecting {
    fn push(&mut self, text: &str, line: u64, options: &TableOptions) {
        if options.is_missing(text) {
            self.codes.push(MISSING);
            return;
        }
        let next = self.seen.len() as u32;
        // Looked up first: most cells hold a word that is known, and need no copy of it.
        let code = if let Some((code, count, _)) = self.seen.get_mut(text) {
            *count += 1;
            *code
        } else {
            self.seen.insert(text.to_owned(), (next, 1, line));
            next
        };
        self.codes.push(code);
    }

    fn sorted(self) -> ReadWords {
        let mut place = vec![MISSING; self.seen.len()];
        for (rank, (code, ..)) in self.seen.values().enumerate() {
            if let Some(slot) = place.get_mut(*code as usize) {
                *slot = rank as u32;
            }
        }
        let codes =
            self.codes.iter().map(|code| place.get(*code as usize).copied().unwrap_or(MISSING)).collect();
        let words =
            self.seen.into_iter().map(|(text, (_, count, line))| Word { text, count, line }).collect();
        ReadWords { words, codes }
    }
}
