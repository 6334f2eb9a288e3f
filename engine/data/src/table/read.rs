//! Reading a CSV table: kinds of columns are found out unless a person says them, and what was found is said.
//!
//! A column is numbers if every present cell is one, written plainly or all in one other way ([`CellFormat`]); dates if all are; words if most
//! cells are neither. A column of numbers with a few words in it is refused with the line, for that is a slip, not a category.

use std::collections::BTreeMap;
use std::path::Path;

use ::csv::{ByteRecord, ErrorKind, Reader, ReaderBuilder, Trim};

use super::building::{Building, Want};
use super::cell::CellFormat;
use super::format::{Decision, FileWide, Word, decide};
use super::kinds::{Column, Table};
use super::options::{ColumnChoice, TableOptions};
use super::report;
use super::sniff::{self, Source};
use super::told;
use super::words::{ReadWords, read_words};
use crate::error::DataError;

/// What the names of rows are called where the header has no word for them.
pub(super) const ROW_NAMES: &str = "(row names)";

/// Reads a whole table, finding everything out.
///
/// # Errors
/// As [`read_table_with`].
pub fn read_table(path: &Path) -> Result<Table, DataError> {
    read_table_with(path, &TableOptions::default())
}

/// Reads a whole table as a person says.
///
/// # Errors
/// A file that is no rectangular table in UTF-8 or UTF-16, repeated names, words among numbers, infinite numbers, choices for columns that
/// are not there.
pub fn read_table_with(path: &Path, options: &TableOptions) -> Result<Table, DataError> {
    let first = Reading::of(path, options, &|_| Want::Any)?;
    check_choices(options, &first.names, path)?;
    if first.lines.is_empty() {
        return Err(told("there are no rows below the header; choose a file with data in it", path));
    }
    let reread: Vec<usize> =
        (0..first.names.len()).filter(|index| first.needs_words(*index, options)).collect();
    let words = if reread.is_empty() {
        BTreeMap::new()
    } else {
        read_words(path, &reread, options, first.has_row_names)?
    };
    // Where commas are decimal marks, semicolons stand between cells.
    let has_decimal_commas =
        first.delimiter == b';' || words.values().any(|words| surely_commas(&words.words));
    let mut table = Table {
        place: path.display().to_string(),
        rows: first.lines.len(),
        lines: first.lines,
        ..Table::default()
    };
    let mut report = report::Report::new(path, &first.form);
    for (index, (name, building)) in first.names.iter().zip(first.columns).enumerate() {
        let choice = choice(options, name);
        if choice == Some(ColumnChoice::Ignore) {
            report.left_out(name, building.missing());
            continue;
        }
        // Points before three digits group thousands only beside whole numbers below a thousand: a column that has them everywhere is
        // more likely rounded to three digits.
        let is_doubtful = building.is_grouped(options) && building.small == 0;
        let file = FileWide { has_decimal_commas: has_decimal_commas && !is_doubtful };
        let (column, format) = match words.get(&index) {
            None => (Column::Numbers(building.values.clone()), CellFormat::default()),
            Some(found) => decided(name, found, choice, options, file, path, &mut report)?,
        };
        report.column(name, &column, &format, &building, table.rows, options);
        table.add(name, column, &format, choice);
    }
    report.finish(&first.unnamed, first.has_row_names);
    table.read = report.read;
    table.read.rows = table.rows;
    table.read.hash = table.hash();
    Ok(table)
}

/// The column that a decision makes of its words.
fn decided(
    name: &str,
    found: &ReadWords,
    choice: Option<ColumnChoice>,
    options: &TableOptions,
    file: FileWide,
    path: &Path,
    report: &mut report::Report,
) -> Result<(Column, CellFormat), DataError> {
    match decide(name, &found.words, choice, options, file) {
        Decision::Numbers(format, doubt) => {
            report.doubt(name, &found.words, doubt);
            let values: Vec<f64> =
                found.words.iter().map(|word| format.strict(&word.text).unwrap_or(f64::NAN)).collect();
            let value = |code: &u32| values.get(*code as usize).copied().unwrap_or(f64::NAN);
            if let Some(word) = found.words.iter().zip(&values).find(|(_, value)| value.is_infinite()) {
                let Word { line, text, .. } = word.0;
                let why = format!(
                    "line {line}, column \"{name}\" holds \"{text}\", which is not finite; correct it or leave the cell empty"
                );
                return Err(told(why, path));
            }
            Ok((Column::Numbers(found.codes.iter().map(value).collect()), format))
        }
        Decision::Words(doubt) => {
            report.doubt(name, &found.words, doubt);
            let names = found.words.iter().map(|word| word.text.clone()).collect();
            Ok((Column::Words { names, codes: found.codes.clone() }, CellFormat::default()))
        }
        Decision::Slip(word, format) => Err(slip(name, &found.words, word, &format, path)),
    }
}

/// One cell among numbers that is none.
fn slip(name: &str, words: &[Word], word: usize, format: &CellFormat, path: &Path) -> DataError {
    let Some(Word { text, line, .. }) = words.get(word) else {
        return told(format!("column \"{name}\" cannot be read as numbers; correct it"), path);
    };
    let others: usize =
        words.iter().filter(|word| format.strict(&word.text).is_some()).map(|word| word.count).sum();
    let what = if format.date.is_some() { "dates" } else { "numbers" };
    let how = if format.is_plain() || format.date.is_some() {
        String::new()
    } else {
        format!(" ({})", format.words())
    };
    let why = format!(
        "line {line}, column \"{name}\" holds \"{text}\" where {others} other values are {what}{how}; correct it, leave the cell \
         empty, or set columns = {{ {name} = \"category\" }}"
    );
    told(why, path)
}

/// True if some word of a column has a decimal comma that can be nothing else.
fn surely_commas(words: &[Word]) -> bool {
    let comma = CellFormat { comma: true, ..CellFormat::default() };
    let thousands = CellFormat { thousands: Some(super::cell::Grouping::Comma), ..CellFormat::default() };
    let all = words.iter().all(|word| comma.strict(&word.text).is_some());
    all && words.iter().any(|word| word.text.contains(',') && thousands.strict(&word.text).is_none())
}

/// What a person says of a column.
pub(super) fn choice(options: &TableOptions, name: &str) -> Option<ColumnChoice> {
    match options.columns.get(name).copied() {
        None if name == ROW_NAMES => Some(ColumnChoice::Ignore),
        choice => choice,
    }
}

fn check_choices(options: &TableOptions, names: &[String], path: &Path) -> Result<(), DataError> {
    match options.columns.keys().find(|key| !names.contains(key)) {
        None => Ok(()),
        Some(key) => {
            let why = format!(
                "the setting \"columns\" names \"{key}\", and the table has {}; correct the name or remove it",
                names.join(", ")
            );
            Err(told(why, path))
        }
    }
}

/// All columns while they are read.
pub(super) struct Reading {
    pub(super) names: Vec<String>,
    pub(super) columns: Vec<Building>,
    pub(super) lines: Vec<u64>,
    /// What the file is, in words.
    pub(super) form: String,
    /// What stands between cells.
    delimiter: u8,
    /// Places of columns that the header gives no name.
    pub(super) unnamed: Vec<usize>,
    /// True if the rows have one cell more than the header, at their beginning.
    pub(super) has_row_names: bool,
}

impl Reading {
    /// Reads all cells once.
    pub(super) fn of(
        path: &Path,
        options: &TableOptions,
        want: &dyn Fn(&str) -> Want,
    ) -> Result<Self, DataError> {
        let mut cells = Cells::open(path)?;
        let (names, unnamed) = named(&cells.header, cells.has_row_names, path)?;
        let wants: Vec<Want> = names.iter().map(|name| want(name)).collect();
        let mut reading = Self {
            columns: names.iter().map(|_| Building::default()).collect(),
            names,
            lines: Vec::new(),
            form: cells.form.clone(),
            delimiter: cells.delimiter,
            unnamed,
            has_row_names: cells.has_row_names,
        };
        while let Some(line) = cells.next(path)? {
            let columns = wants.iter().zip(&mut reading.columns).zip(&reading.names);
            for (cell, ((want, column), name)) in cells.record.iter().zip(columns) {
                if matches!(want, Want::Skip) {
                    continue;
                }
                let text = utf8(cell, name, line, path)?;
                column
                    .push(text, want, line, options)
                    .map_err(|why| told(format!("line {line}, column \"{name}\" {why}"), path))?;
            }
            reading.lines.push(line);
        }
        Ok(reading)
    }

    /// True if the words of a column must be looked at.
    fn needs_words(&self, index: usize, options: &TableOptions) -> bool {
        let choice = self.names.get(index).and_then(|name| choice(options, name));
        let odd = self.columns.get(index).is_some_and(|column| column.odd > 0 || column.is_grouped(options));
        match choice {
            Some(ColumnChoice::Ignore) => false,
            Some(ColumnChoice::Number) | None => odd,
            Some(_) => true,
        }
    }
}

/// The records of a file, all as long as the header or one cell longer.
pub(super) struct Cells {
    reader: Reader<Box<dyn std::io::Read>>,
    pub(super) record: ByteRecord,
    pub(super) header: Vec<String>,
    pub(super) form: String,
    pub(super) has_row_names: bool,
    delimiter: u8,
    skipped: u64,
    first: bool,
}

impl Cells {
    /// Opens a file and reads its header and the first record, which tells whether rows have names that the header does not know.
    pub(super) fn open(path: &Path) -> Result<Self, DataError> {
        let source = sniff::open(path)?;
        let form = source.form();
        let Source { reader, delimiter, skipped, .. } = source;
        let mut reader =
            ReaderBuilder::new().trim(Trim::All).delimiter(delimiter).flexible(true).from_reader(reader);
        let header = reader.headers().map_err(|error| csv_problem(&error, path))?;
        let header: Vec<String> = header.iter().map(str::to_owned).collect();
        let mut record = ByteRecord::new();
        let first = reader.read_byte_record(&mut record).map_err(|error| csv_problem(&error, path))?;
        let has_row_names = first && header.len() > 1 && record.len() == header.len() + 1;
        Ok(Self { reader, record, header, form, has_row_names, delimiter, skipped, first })
    }

    /// The next record's line; nothing at the end of the file.
    pub(super) fn next(&mut self, path: &Path) -> Result<Option<u64>, DataError> {
        if !std::mem::take(&mut self.first) {
            let read = self.reader.read_byte_record(&mut self.record);
            if !read.map_err(|error| csv_problem(&error, path))? {
                return Ok(None);
            }
        }
        if self.record.is_empty() {
            return Ok(None);
        }
        let line = self.record.position().map_or(0, ::csv::Position::line) + self.skipped;
        let expected = self.header.len() + usize::from(self.has_row_names);
        if self.record.len() != expected {
            let why = format!(
                "line {line} has {} cells, but the header has {expected}; correct the file or its delimiter",
                self.record.len()
            );
            return Err(told(why, path));
        }
        Ok(Some(line))
    }
}

/// The text of a cell.
pub(super) fn utf8<'a>(cell: &'a [u8], name: &str, line: u64, path: &Path) -> Result<&'a str, DataError> {
    std::str::from_utf8(cell).map_err(|_| {
        let why = format!(
            "line {line}, column \"{name}\" is not text in UTF-8 (perhaps Latin-1 or Windows-1252); save the file as UTF-8"
        );
        told(why, path)
    })
}

/// The names of the columns, with the places of those that the header leaves empty: the first alone may be, for it then holds names of
/// rows, as programs write them.
fn named(
    header: &[String],
    has_row_names: bool,
    path: &Path,
) -> Result<(Vec<String>, Vec<usize>), DataError> {
    let mut names = header.to_vec();
    let mut unnamed = Vec::new();
    if has_row_names {
        names.insert(0, ROW_NAMES.to_owned());
    } else if names.len() > 1
        && let Some(first) = names.first_mut().filter(|name| name.is_empty())
    {
        ROW_NAMES.clone_into(first);
        unnamed.push(0);
    }
    for (index, name) in names.iter().enumerate() {
        if name.is_empty() {
            return Err(told(format!("column {} has no name in the header; name it", index + 1), path));
        }
        if names.iter().take(index).any(|other| other == name) {
            return Err(told(
                format!("the column name \"{name}\" stands twice in the header; give each column its own"),
                path,
            ));
        }
    }
    Ok((names, unnamed))
}

fn csv_problem(error: &::csv::Error, path: &Path) -> DataError {
    match error.kind() {
        ErrorKind::Utf8 { .. } => told(
            "the header is not text in UTF-8 (perhaps Latin-1 or Windows-1252); save the file as UTF-8",
            path,
        ),
        _ => told(format!("the table cannot be read: {error}; correct the file"), path),
    }
}
