//! Reading a CSV table: kinds of columns are found, not asked for.
//!
//! A column is numbers if every present value is one; words if most values are none; a column of numbers with a few words in it is
//! refused with the line, for that is a slip, not a category. Missing: an empty cell, `NA`, `N/A`, `NaN`, `null`, `none`, `?`.

use std::collections::BTreeMap;
use std::path::Path;

use ::csv::{ByteRecord, ErrorKind, ReaderBuilder, Trim};

use super::kinds::{Column, ColumnKind, MISSING, Table};
use super::{sniff, told};
use crate::error::DataError;

/// What a column is taken for.
#[derive(Clone, Debug)]
enum Want {
    /// To be found out.
    Any,
    /// Numbers.
    Numbers,
    /// Words of this list, others counting as missing.
    Words(Vec<String>),
    /// Not used.
    Skip,
}

/// Reads a whole table.
///
/// # Errors
/// A file that is no rectangular table in UTF-8 or UTF-16, repeated names, words among numbers, infinite numbers.
pub fn read_table(path: &Path) -> Result<Table, DataError> {
    let (names, rows) = Reading::of(path, &|_| Want::Any)?;
    let mixed: Vec<usize> = (0..names.len()).filter(|index| rows.columns[*index].odd > 0).collect();
    for index in &mixed {
        rows.columns[*index].refuse_slips(&names[*index], path)?;
    }
    let mut table = Table {
        place: path.display().to_string(),
        names: names.clone(),
        columns: Vec::new(),
        rows: rows.lines.len(),
        lines: rows.lines,
    };
    let words = if mixed.is_empty() { BTreeMap::new() } else { read_words(path, &mixed)? };
    for (index, building) in rows.columns.into_iter().enumerate() {
        table.columns.push(match words.get(&index) {
            Some(column) => column.clone(),
            None => Column::Numbers(building.values),
        });
    }
    if table.rows == 0 {
        return Err(told("there are no rows below the header; choose a file with data in it", path));
    }
    Ok(table)
}

/// Reads the columns of these names and kinds, in this order, whatever else the file holds.
/// Words that are not in a list are missing; how many there were stands in the second value.
///
/// # Errors
/// As [`read_table`]; columns that the file lacks are all named.
pub fn read_as(
    path: &Path,
    wanted: &[(String, ColumnKind, Vec<String>)],
) -> Result<(Table, usize), DataError> {
    let want = |name: &str| match wanted.iter().find(|(wanted, ..)| wanted == name) {
        None => Want::Skip,
        Some((_, ColumnKind::Numbers, _)) => Want::Numbers,
        Some((_, ColumnKind::Words, words)) => Want::Words(words.clone()),
    };
    let (names, mut rows) = Reading::of(path, &want)?;
    let absent: Vec<&str> = wanted
        .iter()
        .map(|(name, ..)| name.as_str())
        .filter(|name| !names.iter().any(|n| n == name))
        .collect();
    if !absent.is_empty() {
        let here = names.join(", ");
        return Err(told(
            format!(
                "the columns {} of the run are missing, the file has {here}; choose a table with the run's columns",
                absent.join(", ")
            ),
            path,
        ));
    }
    let mut table = Table {
        place: path.display().to_string(),
        rows: rows.lines.len(),
        lines: rows.lines,
        ..Table::default()
    };
    let mut unknown = 0;
    for (name, kind, words) in wanted {
        let Some(index) = names.iter().position(|other| other == name) else { continue };
        let building = std::mem::take(&mut rows.columns[index]);
        if let Some((line, text)) = building.first_odd.filter(|_| *kind == ColumnKind::Numbers) {
            return Err(told(
                format!(
                    "line {line}, column \"{name}\" holds \"{text}\", but the run was trained on numbers there; correct it"
                ),
                path,
            ));
        }
        unknown += building.odd;
        table.names.push(name.clone());
        table.columns.push(match kind {
            ColumnKind::Numbers => Column::Numbers(building.values),
            ColumnKind::Words => Column::Words { names: words.clone(), codes: building.codes },
        });
    }
    Ok((table, unknown))
}

/// A column while it is read.
#[derive(Debug, Default)]
struct Building {
    values: Vec<f64>,
    codes: Vec<u32>,
    present: usize,
    odd: usize,
    /// How many of the odd ones are numbers with a comma.
    commas: usize,
    first_odd: Option<(u64, String)>,
}

/// True for a number with a comma in place of the decimal point.
fn has_decimal_comma(text: &str) -> bool {
    text.contains(',') && text.replacen(',', ".", 1).parse::<f64>().is_ok()
}

impl Building {
    /// Few words among numbers are slips.
    fn refuse_slips(&self, name: &str, path: &Path) -> Result<(), DataError> {
        let Some((line, text)) = &self.first_odd else { return Ok(()) };
        if self.commas > 0 && self.commas == self.odd && 2 * self.odd > self.present {
            return Err(told(
                format!(
                    "column \"{name}\" holds numbers with decimal commas, the first \"{text}\" in line {line}; write them with a decimal point"
                ),
                path,
            ));
        }
        if 2 * self.odd > self.present {
            return Ok(());
        }
        let remedy = if has_decimal_comma(text) {
            "write numbers with a decimal point"
        } else {
            "correct it or leave the cell empty"
        };
        Err(told(
            format!(
                "line {line}, column \"{name}\" holds \"{text}\" where {} other values are numbers; {remedy}",
                self.present - self.odd
            ),
            path,
        ))
    }
}

/// All columns while they are read.
struct Reading {
    columns: Vec<Building>,
    lines: Vec<u64>,
}

impl Reading {
    fn of(path: &Path, want: &dyn Fn(&str) -> Want) -> Result<(Vec<String>, Self), DataError> {
        let source = sniff::open(path)?;
        let mut reader =
            ReaderBuilder::new().trim(Trim::All).delimiter(source.delimiter).from_reader(source.reader);
        let header = reader.headers().map_err(|error| csv_problem(&error, path))?;
        let names: Vec<String> = header.iter().map(str::to_owned).collect();
        check_names(&names, path)?;
        let wants: Vec<Want> = names.iter().map(|name| want(name)).collect();
        let mut reading =
            Self { columns: names.iter().map(|_| Building::default()).collect(), lines: Vec::new() };
        let mut record = ByteRecord::new();
        while reader.read_byte_record(&mut record).map_err(|error| csv_problem(&error, path))? {
            let line = record.position().map_or(0, ::csv::Position::line);
            for (((cell, want), column), name) in
                record.iter().zip(&wants).zip(&mut reading.columns).zip(&names)
            {
                if matches!(want, Want::Skip) {
                    continue;
                }
                let text = std::str::from_utf8(cell).map_err(|_| {
                    told(
                        format!(
                            "line {line}, column \"{name}\" is not text in UTF-8 (perhaps Latin-1 or Windows-1252); save the file as UTF-8"
                        ),
                        path,
                    )
                })?;
                column
                    .push(text, want, line)
                    .map_err(|why| told(format!("line {line}, column \"{name}\" {why}"), path))?;
            }
            reading.lines.push(line);
        }
        Ok((names, reading))
    }
}

impl Building {
    fn push(&mut self, text: &str, want: &Want, line: u64) -> Result<(), String> {
        let missing = is_missing(text);
        self.present += usize::from(!missing);
        if let Want::Words(words) = want {
            let code =
                words.binary_search_by(|word| word.as_str().cmp(text)).map_or(MISSING, |code| code as u32);
            self.odd += usize::from(!missing && code == MISSING);
            self.codes.push(if missing { MISSING } else { code });
            return Ok(());
        }
        if missing {
            self.values.push(f64::NAN);
            return Ok(());
        }
        match text.parse::<f64>() {
            Ok(value) if value.is_infinite() => {
                Err(format!("holds \"{text}\", which is not finite; correct it or leave the cell empty"))
            }
            Ok(value) => {
                self.values.push(value);
                Ok(())
            }
            Err(_) => {
                self.odd += 1;
                self.commas += usize::from(has_decimal_comma(text));
                self.first_odd.get_or_insert_with(|| (line, text.to_owned()));
                self.values.push(f64::NAN);
                Ok(())
            }
        }
    }
}

fn is_missing(text: &str) -> bool {
    text.is_empty()
        || (text.len() <= 4
            && ["na", "n/a", "nan", "null", "none", "?"].iter().any(|word| text.eq_ignore_ascii_case(word)))
}

/// A second pass for the columns of words: their codes need the whole list first.
fn read_words(path: &Path, columns: &[usize]) -> Result<BTreeMap<usize, Column>, DataError> {
    let source = sniff::open(path)?;
    let mut reader =
        ReaderBuilder::new().trim(Trim::All).delimiter(source.delimiter).from_reader(source.reader);
    let mut order: BTreeMap<usize, (BTreeMap<String, u32>, Vec<u32>)> =
        columns.iter().map(|column| (*column, Default::default())).collect();
    let mut record = ByteRecord::new();
    while reader.read_byte_record(&mut record).map_err(|error| csv_problem(&error, path))? {
        for (column, (seen, codes)) in &mut order {
            let text = String::from_utf8_lossy(record.get(*column).unwrap_or_default());
            if is_missing(&text) {
                codes.push(MISSING);
                continue;
            }
            let next = seen.len() as u32;
            codes.push(*seen.entry(text.into_owned()).or_insert(next));
        }
    }
    let sorted = |(column, (seen, codes)): (usize, (BTreeMap<String, u32>, Vec<u32>))| {
        let mut place = vec![0; seen.len()];
        seen.values().enumerate().for_each(|(rank, code)| place[*code as usize] = rank as u32);
        let codes = codes.iter().map(|code| place.get(*code as usize).copied().unwrap_or(MISSING)).collect();
        (column, Column::Words { names: seen.into_keys().collect(), codes })
    };
    Ok(order.into_iter().map(sorted).collect())
}

fn check_names(names: &[String], path: &Path) -> Result<(), DataError> {
    for (index, name) in names.iter().enumerate() {
        if name.is_empty() {
            return Err(told(format!("column {} has no name in the header; name it", index + 1), path));
        }
        if names[..index].contains(name) {
            return Err(told(
                format!("the column name \"{name}\" stands twice in the header; give each column its own"),
                path,
            ));
        }
    }
    Ok(())
}

fn csv_problem(error: &::csv::Error, path: &Path) -> DataError {
    match error.kind() {
        ErrorKind::UnequalLengths { pos, expected_len, len } => {
            let line = pos.as_ref().map_or(0, ::csv::Position::line);
            told(
                format!(
                    "line {line} has {len} cells, but the header has {expected_len}; correct the file or its delimiter"
                ),
                path,
            )
        }
        ErrorKind::Utf8 { .. } => told(
            "the header is not text in UTF-8 (perhaps Latin-1 or Windows-1252); save the file as UTF-8",
            path,
        ),
        _ => told(format!("the table cannot be read: {error}; correct the file"), path),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table(text: &[u8]) -> Result<Table, String> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("table.csv");
        std::fs::write(&path, text).unwrap();
        read_table(&path).map_err(|error| error.to_string())
    }

    #[test]
    fn kinds_are_found_and_holes_kept() {
        let found = table("a;kind;y\n1;red;2\n;blue;NA\n3;red;4\n".as_bytes()).unwrap();
        assert_eq!(found.names, ["a", "kind", "y"]);
        let Column::Numbers(a) = &found.columns[0] else { panic!("numbers") };
        assert!(a[1].is_nan() && a[2] == 3.0);
        let Column::Words { names, codes } = &found.columns[1] else { panic!("words") };
        assert_eq!(
            (names.as_slice(), codes.as_slice()),
            (&["blue".to_owned(), "red".to_owned()][..], &[1, 0, 1][..])
        );
        assert_eq!(found.columns[2].missing(), 1);
    }

    #[test]
    fn other_encodings_are_read_or_refused_with_the_reason() {
        let mut utf16 = vec![0xff, 0xfe];
        "a,y\n1,2\n".encode_utf16().for_each(|unit| utf16.extend(unit.to_le_bytes()));
        assert_eq!(table(&utf16).unwrap().rows, 1);
        assert_eq!(table(b"\xef\xbb\xbfa,y\n1,2\n").unwrap().names[0], "a");
        assert!(table(b"a,y\n1,\xe4\n").unwrap_err().contains("Latin-1"));
        assert!(table(b"PK\0\0a,b").unwrap_err().contains("no text table"));
    }

    #[test]
    fn bad_tables_are_named_by_place() {
        for (text, words) in [
            ("a,a\n1,2\n", "stands twice"),
            ("a,y\n1,2\n1,2,3\n", "line 3 has 3 cells"),
            (
                "a,y\n1,2\nx,2\n3,4\n5,6\n",
                "line 3, column \"a\" holds \"x\" where 3 other values are numbers",
            ),
            ("a,y\ninf,2\n", "not finite"),
            ("a,y\n", "no rows"),
            ("a,\n1,2\n", "has no name"),
            ("a;y\n1;2\n1,5;3\n2;3\n4;5\n", "decimal point"),
        ] {
            let problem = table(text.as_bytes()).unwrap_err();
            assert!(problem.contains(words), "{text}: {problem}");
        }
    }

    #[test]
    fn wanted_columns_are_matched_by_name() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("new.csv");
        std::fs::write(&path, "extra,kind,a\nx,red,1\ny,green,2\n").unwrap();
        let numbers = ("a".to_owned(), ColumnKind::Numbers, Vec::new());
        let words = ("kind".to_owned(), ColumnKind::Words, vec!["blue".to_owned(), "red".to_owned()]);
        let (found, unknown) = read_as(&path, &[numbers.clone(), words]).unwrap();
        assert_eq!((found.names.as_slice(), unknown), (&["a".to_owned(), "kind".to_owned()][..], 1));
        let absent = ("b".to_owned(), ColumnKind::Numbers, Vec::new());
        let problem = read_as(&path, &[numbers, absent]).unwrap_err().to_string();
        assert!(problem.contains("columns b of the run are missing"), "{problem}");
    }
}
