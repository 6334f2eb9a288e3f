//! Tables in CSV: a header line, one column with the target, numbers in all the others.

use std::io::Read;
use std::path::Path;

use ::csv::{ErrorKind, Reader, ReaderBuilder, StringRecord, Trim};

use super::dataset::{Contents, Dataset, Target};
use super::error::{DataError, Problem};
use super::labels;
use super::open::TargetKind;
use super::source::{name_of, open_unpacked};

/// The column that holds the target unless another is named.
pub(super) const DEFAULT_LABEL_COLUMN: &str = "label";

/// How many column names an error lists.
const LISTED_COLUMNS: usize = 20;

/// Opens a table, plain or gzip-compressed.
pub(super) fn open_file(path: &Path, label_column: &str, kind: TargetKind) -> Result<Dataset, DataError> {
    let contents = read(open_unpacked(path)?, name_of(path), label_column, kind);
    let contents = contents.map_err(|problem| DataError::unusable(problem, path))?;
    Dataset::new(contents).map_err(|error| error.at(path))
}

/// Reads a table. Spaces around cells do not count.
pub(super) fn read(
    reader: impl Read,
    name: String,
    label_column: &str,
    kind: TargetKind,
) -> Result<Contents, Problem> {
    let mut reader = ReaderBuilder::new().trim(Trim::All).from_reader(reader);
    let header = reader.headers().map_err(|error| table_problem(&error))?.clone();
    let Some(label_index) = header.iter().position(|name| name == label_column) else {
        return Err(no_column(label_column, &header));
    };
    let column_names: Vec<String> = without(&header, label_index).map(str::to_owned).collect();
    let (features, words, lines) = read_rows(&mut reader, &header, label_index)?;
    let target = match kind {
        TargetKind::Classes => labels::classes_from_words(&words)?,
        TargetKind::Values => {
            let values = words.iter().zip(lines).map(|(word, line)| number(word, label_column, line));
            Target::Values(values.collect::<Result<_, _>>()?)
        }
    };
    let columns = column_names.len();
    Ok(Contents { name, features, columns, image: None, target, column_names })
}

/// Features, words of the label column, and the line of each row.
type Rows = (Vec<f32>, Vec<String>, Vec<u64>);

fn read_rows(
    reader: &mut Reader<impl Read>,
    header: &StringRecord,
    label_index: usize,
) -> Result<Rows, Problem> {
    let (mut features, mut words, mut lines) = Rows::default();
    let mut record = StringRecord::new();
    while reader.read_record(&mut record).map_err(|error| table_problem(&error))? {
        let line = record.position().map_or(0, ::csv::Position::line);
        for (cell, column) in without(&record, label_index).zip(without(header, label_index)) {
            features.push(number(cell, column, line)?);
        }
        let word = record.get(label_index).unwrap_or_default();
        if word.is_empty() {
            return Err(Problem::NoLabel {
                line,
                column: header.get(label_index).unwrap_or_default().to_owned(),
            });
        }
        words.push(word.to_owned());
        lines.push(line);
    }
    Ok((features, words, lines))
}

/// The cells of a record but one.
fn without(record: &StringRecord, index: usize) -> impl Iterator<Item = &str> {
    record.iter().enumerate().filter(move |(other, _)| *other != index).map(|(_, cell)| cell)
}

fn number(cell: &str, column: &str, line: u64) -> Result<f32, Problem> {
    let parsed = cell.parse().ok().filter(|value: &f32| value.is_finite());
    parsed.ok_or_else(|| Problem::Cell { line, column: column.to_owned(), value: cell.to_owned() })
}

fn no_column(column: &str, header: &StringRecord) -> Problem {
    let mut columns = header.iter().take(LISTED_COLUMNS).collect::<Vec<_>>().join(", ");
    if header.len() > LISTED_COLUMNS {
        columns.push_str(", …");
    }
    if columns.is_empty() {
        return Problem::Empty;
    }
    Problem::NoColumn { column: column.to_owned(), columns }
}

/// The reader's failure in this module's words.
fn table_problem(error: &::csv::Error) -> Problem {
    let detail = match error.kind() {
        ErrorKind::UnequalLengths { pos, expected_len, len } => {
            let line = pos.as_ref().map_or(0, ::csv::Position::line);
            format!("line {line} has {len} cells, but the header has {expected_len}")
        }
        ErrorKind::Utf8 { pos, .. } => {
            let line = pos.as_ref().map_or(0, ::csv::Position::line);
            format!("line {line} is not text in UTF-8")
        }
        _ => error.to_string(),
    };
    Problem::Table { detail }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn open(text: &str, kind: TargetKind) -> Result<Dataset, String> {
        let contents =
            read(text.as_bytes(), "table".into(), "label", kind).map_err(|problem| problem.to_string())?;
        Dataset::new(contents).map_err(|error| error.to_string())
    }

    fn refusal(text: &str) -> String {
        open(text, TargetKind::Classes).unwrap_err()
    }

    #[test]
    fn reads_numbers_and_class_names() {
        let dataset = open("a,label,b\n1, yes ,-2.5\n3e2,no,4\n", TargetKind::Classes).unwrap();
        assert_eq!(dataset.features(), [1.0, -2.5, 300.0, 4.0]);
        assert_eq!(dataset.column_names(), ["a", "b"]);
        assert_eq!(dataset.class_names().unwrap(), ["no", "yes"]);
        assert_eq!(dataset.labels().unwrap(), [1, 0]);
    }

    #[test]
    fn reads_values_for_a_regression() {
        let dataset = open("a,label\n1,0.25\n2,7\n", TargetKind::Values).unwrap();
        assert_eq!(dataset.values().unwrap(), [0.25, 7.0]);
    }

    #[test]
    fn an_absent_label_column_lists_what_there_is() {
        assert_eq!(
            refusal("width,height,kind\n1,2,3\n"),
            "there is no column \"label\"; name the label column, one of width, height, kind"
        );
        let header: Vec<String> = (0..30).map(|column| format!("c{column}")).collect();
        assert!(refusal(&header.join(",")).ends_with("c18, c19, …"));
    }

    #[test]
    fn a_bad_cell_is_named_by_line_and_column() {
        assert_eq!(
            refusal("a,b,label\n1,2,0\n3,four,1\n"),
            "line 3, column \"b\" holds \"four\", which is not a finite number; correct or remove it"
        );
        assert!(
            refusal("a,label\nNaN,1\n")
                .starts_with("line 2, column \"a\" holds \"NaN\", which is not a finite")
        );
        assert!(
            refusal("a,label\n,1\n").starts_with("line 2, column \"a\" holds \"\", which is not a finite")
        );
        assert!(refusal("a,label\n1e40,1\n").starts_with("line 2, column \"a\" holds \"1e40\""));
        assert_eq!(
            open("a,label\n1,2\n1,inf\n", TargetKind::Values).unwrap_err(),
            "line 3, column \"label\" holds \"inf\", which is not a finite number; correct or remove it"
        );
    }

    #[test]
    fn an_empty_label_is_refused() {
        assert_eq!(
            refusal("a,label\n1,x\n2,\n"),
            "line 3 has no label in column \"label\"; add it or remove the line"
        );
    }

    #[test]
    fn a_ragged_table_is_refused() {
        assert_eq!(
            refusal("a,label\n1,2\n1,2,3\n"),
            "the table cannot be read: line 3 has 3 cells, but the header has 2; correct the file"
        );
    }

    #[test]
    fn bytes_that_are_no_text_are_refused() {
        let problem =
            read(&b"a,label\n\xff,1\n"[..], String::new(), "label", TargetKind::Classes).unwrap_err();
        assert_eq!(
            problem.to_string(),
            "the table cannot be read: line 2 is not text in UTF-8; correct the file"
        );
    }

    #[test]
    fn a_table_without_rows_or_features_is_refused() {
        assert!(refusal("a,label\n").starts_with("there are no rows;"));
        assert!(refusal("").starts_with("there are no rows;"));
        assert!(refusal("label\n1\n").starts_with("there are no feature columns;"));
    }
}
