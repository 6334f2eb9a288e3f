//! Tables as data sets: one column with the target, features in all the others.
//!
//! Contract: a table is read by the one reader of tables ([`crate::table`]), so that every lab reads the same files alike. Numbers become one
//! feature, words one a word; a cell without a value is refused, since a data set has no holes.

use std::path::Path;

use super::dataset::{Contents, Dataset, Target};
use super::error::{DataError, Problem};
use super::labels;
use super::open::TargetKind;
use super::read::{Doubt, Read};
use super::source::name_of;
use super::table::{Column, ColumnChoice, MISSING, Table, TableOptions, read_table_with, told};

/// The column that holds the target unless another is named.
pub(super) const DEFAULT_LABEL_COLUMN: &str = "label";

/// How many column names an error lists.
const LISTED_COLUMNS: usize = 20;
/// Words of a column that become a feature of their own.
const MOST_WORDS: usize = 64;
/// A column whose values lie this much closer together than they lie from zero is kept as distances from its mean: single precision
/// would lose their digits.
const FAR: f64 = 1e3;

/// Opens a table, plain or gzip-compressed.
pub(super) fn open_file(
    path: &Path,
    label_column: &str,
    kind: TargetKind,
    options: &TableOptions,
) -> Result<Dataset, DataError> {
    let mut options = options.clone();
    let wanted = match kind {
        TargetKind::Classes => ColumnChoice::Category,
        TargetKind::Values => ColumnChoice::Number,
    };
    let is_new = !options.columns.contains_key(label_column);
    options.columns.insert(label_column.to_owned(), wanted);
    let table = match read_table_with(path, &options) {
        // The reader of tables would speak of a setting that nobody made.
        Err(error) if is_new => {
            options.columns.remove(label_column);
            let table = read_table_with(path, &options)?;
            match table.position(label_column) {
                None => return Err(DataError::unusable(no_column(label_column, &table), path)),
                Some(_) => return Err(error),
            }
        }
        read => read?,
    };
    let contents = contents(table, name_of(path), label_column, kind, path)?;
    Dataset::new(contents).map_err(|error| error.at(path))
}

fn contents(
    table: Table,
    name: String,
    label_column: &str,
    kind: TargetKind,
    path: &Path,
) -> Result<Contents, DataError> {
    let Some(label) = table.position(label_column) else {
        return Err(DataError::unusable(no_column(label_column, &table), path));
    };
    let target = target(&table, label, kind, path)?;
    let features = Features::of(&table, label, path)?;
    let mut read = table.read;
    read.columns.retain(|column| column.name != label_column);
    read.doubts.retain(|doubt| doubt.column != label_column);
    account(&mut read, &target, label_column);
    read.doubts.extend(features.doubts);
    Ok(Contents {
        name,
        columns: features.names.len(),
        column_names: features.names,
        features: features.values,
        offsets: features.offsets,
        image: None,
        target,
        read,
    })
}

/// The target of each row.
fn target(table: &Table, label: usize, kind: TargetKind, path: &Path) -> Result<Target, DataError> {
    let column = table.columns.get(label);
    if let Some(row) = (0..table.rows).find(|row| column.is_none_or(|column| column.is_missing(*row))) {
        let line = table.lines.get(row).copied().unwrap_or_default();
        let column = table.names.get(label).cloned().unwrap_or_default();
        return Err(DataError::unusable(Problem::NoLabel { line, column }, path));
    }
    match column {
        Some(Column::Words { names, codes }) if kind == TargetKind::Classes => {
            let by_word =
                labels::classes_from_words(names).map_err(|problem| DataError::unusable(problem, path))?;
            let Target::Classes { labels, names } = by_word else { return Ok(by_word) };
            let of = |code: &u32| labels.get(*code as usize).copied().unwrap_or_default();
            Ok(Target::Classes { labels: codes.iter().map(of).collect(), names })
        }
        Some(Column::Numbers(values)) if kind == TargetKind::Values => {
            Ok(Target::Values(values.iter().map(|value| *value as f32).collect()))
        }
        _ => Err(told("the target cannot be read as it is wanted; choose another column", path)),
    }
}

/// What is doubtful about the classes of a table.
fn account(read: &mut Read, target: &Target, label_column: &str) {
    let Target::Classes { labels, names } = target else { return };
    let nearly_each = names.len() * 10 >= labels.len() * 9 && labels.len() >= 20;
    if nearly_each {
        let why = format!("has {} classes in {} rows, nearly each once", names.len(), labels.len());
        read.doubts.push(Doubt::of_column(label_column, why, "choose a column of classes as the target"));
    }
}

/// Features while they are gathered, column by column.
#[derive(Default)]
struct Features {
    names: Vec<String>,
    /// Row after row, `[rows, columns]`.
    values: Vec<f32>,
    /// What was taken off each column, in its units.
    offsets: Vec<f64>,
    doubts: Vec<Doubt>,
}

impl Features {
    fn of(table: &Table, label: usize, path: &Path) -> Result<Self, DataError> {
        let mut features = Self::default();
        let mut columns: Vec<Vec<f32>> = Vec::new();
        let inputs = table.names.iter().zip(&table.columns).enumerate().filter(|(index, _)| *index != label);
        for (_, (name, column)) in inputs {
            if let Some(row) = (0..table.rows).find(|row| column.is_missing(*row)) {
                let line = table.lines.get(row).copied().unwrap_or_default();
                let why = format!(
                    "line {line}, column \"{name}\" has no value, and a data set has no holes; fill the cell, remove the line, or leave \
                     the column out with columns = {{ {name} = \"ignore\" }}"
                );
                return Err(told(why, path));
            }
            match column {
                Column::Numbers(values) => {
                    let offset = offset(values.iter().copied());
                    features.names.push(name.clone());
                    features.offsets.push(offset);
                    columns.push(values.iter().map(|value| (value - offset) as f32).collect());
                    Self::too_large(name, values, table, path)?;
                }
                Column::Words { names, codes } => features.words(name, names, codes, &mut columns),
            }
        }
        let width = columns.len();
        features.values = vec![0.0; width * table.rows];
        for (place, column) in columns.iter().enumerate() {
            let slots = features.values.iter_mut().skip(place).step_by(width.max(1));
            slots.zip(column).for_each(|(slot, value)| *slot = *value);
        }
        Ok(features)
    }

    /// A number that single precision cannot hold.
    fn too_large(name: &str, values: &[f64], table: &Table, path: &Path) -> Result<(), DataError> {
        match values.iter().position(|value| !(*value as f32).is_finite()) {
            None => Ok(()),
            Some(row) => {
                let line = table.lines.get(row).copied().unwrap_or_default();
                let value = values.get(row).map(ToString::to_string).unwrap_or_default();
                Err(DataError::unusable(Problem::Cell { line, column: name.to_owned(), value }, path))
            }
        }
    }

    /// One feature for each word, the most frequent ones where there are many.
    fn words(&mut self, name: &str, names: &[String], codes: &[u32], columns: &mut Vec<Vec<f32>>) {
        let mut counts: Vec<(usize, u32)> = (0..names.len() as u32).map(|code| (0, code)).collect();
        for code in codes.iter().filter(|code| **code != MISSING) {
            if let Some((count, _)) = counts.get_mut(*code as usize) {
                *count += 1;
            }
        }
        counts.sort_by_key(|(count, _)| std::cmp::Reverse(*count));
        let mut kept: Vec<u32> = counts.into_iter().take(MOST_WORDS).map(|(_, code)| code).collect();
        kept.sort_unstable();
        if names.len() > kept.len() {
            let why = format!(
                "has {} words, of which the {} most frequent are told apart",
                names.len(),
                kept.len()
            );
            let remedy = format!("set columns = {{ {name} = \"ignore\" }} if it is a name");
            self.doubts.push(Doubt::of_column(name, why, remedy));
        }
        for own in kept {
            let word = names.get(own as usize).map_or("", String::as_str);
            self.names.push(format!("{name} = {word}"));
            self.offsets.push(0.0);
            columns.push(codes.iter().map(|code| f32::from(u8::from(*code == own))).collect());
        }
    }
}

/// What is taken off a column before it is single precision: its mean where the values lie close together and far from zero.
pub(super) fn offset(values: impl Iterator<Item = f64>) -> f64 {
    let (mut low, mut high, mut sum, mut count) = (f64::INFINITY, f64::NEG_INFINITY, 0.0, 0_usize);
    for value in values {
        (low, high) = (low.min(value), high.max(value));
        sum += value;
        count += 1;
    }
    let is_far = low.abs().max(high.abs()) > FAR * (high - low);
    if is_far && low.is_finite() && high > low { sum / count.max(1) as f64 } else { 0.0 }
}

fn no_column(column: &str, table: &Table) -> Problem {
    let mut columns = table.names.iter().take(LISTED_COLUMNS).cloned().collect::<Vec<_>>().join(", ");
    if table.names.len() > LISTED_COLUMNS {
        columns.push_str(", …");
    }
    Problem::NoColumn { column: column.to_owned(), columns }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn open(text: &str, kind: TargetKind) -> Result<Dataset, String> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("table.csv");
        std::fs::write(&path, text).unwrap();
        open_file(&path, "label", kind, &TableOptions::default())
            .map_err(|error| error.to_string().split(": /").next().unwrap_or_default().to_owned())
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
        assert_eq!(dataset.read().classes, [("no".to_owned(), 1), ("yes".to_owned(), 1)]);
    }

    #[test]
    fn reads_what_the_other_labs_read() {
        let dataset = open("a;b;label\n1,5;red;x\n2,5;blue;y\n3;red;x\n", TargetKind::Classes).unwrap();
        assert_eq!(dataset.column_names(), ["a", "b = blue", "b = red"], "decimal commas, words as features");
        assert_eq!(dataset.features(), [1.5, 0.0, 1.0, 2.5, 1.0, 0.0, 3.0, 0.0, 1.0]);
    }

    #[test]
    fn labels_keep_their_order_and_values_are_read() {
        let dataset = open("a,label\n1,10\n2,2\n3,2.0\n", TargetKind::Classes).unwrap();
        assert_eq!(
            (dataset.class_names().unwrap(), dataset.labels().unwrap()),
            (&["2".to_owned(), "10".to_owned()][..], &[1, 0, 0][..])
        );
        let dataset = open("a,label\n1,0.25\n2,7\n", TargetKind::Values).unwrap();
        assert_eq!(dataset.values().unwrap(), [0.25, 7.0]);
    }

    #[test]
    fn columns_far_from_zero_keep_their_digits() {
        let dataset = open("t,label\n1700000000.25,a\n1700000000.75,b\n", TargetKind::Classes).unwrap();
        assert_eq!(dataset.features(), [-0.25, 0.25], "as distances from their mean");
        assert_eq!(dataset.offsets(), [1_700_000_000.5]);
    }

    #[test]
    fn one_class_is_said() {
        let dataset = open("a,label\n1,1\n2,1\n", TargetKind::Classes).unwrap();
        let said: Vec<String> = dataset.read().doubts.iter().map(ToString::to_string).collect();
        assert!(said.iter().any(|text| text.contains("single class, \"1\"")), "{said:?}");
    }

    #[test]
    fn an_absent_label_column_lists_what_there_is() {
        assert_eq!(
            refusal("width,height,kind\n1,2,3\n"),
            "there is no column \"label\"; name the label column, one of width, height, kind"
        );
        let header: Vec<String> = (0..30).map(|column| format!("c{column}")).collect();
        let row = vec!["1"; 30].join(",");
        assert!(refusal(&format!("{}\n{row}\n", header.join(","))).ends_with("c18, c19, …"));
    }

    #[test]
    fn bad_cells_are_named_by_line_and_column() {
        let slip = refusal("a,b,label\n1,2,0\n3,four,1\n5,6,1\n");
        assert!(
            slip.starts_with("line 3, column \"b\" holds \"four\" where 2 other values are numbers"),
            "{slip}"
        );
        for hole in ["a,label\nNaN,1\n2,1\n", "a,label\n,1\n2,1\n"] {
            assert!(refusal(hole).starts_with("line 2, column \"a\" has no value"), "{}", refusal(hole));
        }
        assert!(refusal("a,label\n1e40,1\n").starts_with("line 2, column \"a\" holds \"1"), "too large");
        let infinite = open("a,label\n1,2\n1,inf\n", TargetKind::Values).unwrap_err();
        assert!(
            infinite.starts_with("line 3, column \"label\" holds \"inf\", which is not finite"),
            "{infinite}"
        );
        assert_eq!(
            refusal("a,label\n1,x\n2,\n"),
            "line 3 has no label in column \"label\"; add it or remove the line"
        );
    }

    #[test]
    fn tables_that_are_none_are_refused() {
        assert!(refusal("a,label\n1,2\n1,2,3\n").starts_with("line 3 has 3 cells, but the header has 2"));
        assert!(refusal("a,label\n").starts_with("there are no rows below the header"));
        assert!(refusal("label\n1\n").starts_with("there are no feature columns;"));
    }
}
