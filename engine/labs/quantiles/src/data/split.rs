//! Four parts of the rows and the folds of the training part: drawn from a seed, or read from a file.

use std::path::Path;

use weightscope_data::DataError;
use weightscope_data::table::{Column, read_table, told};
use weightscope_math::rng::stream;

/// Shares of test, calibration and validation rows (desk protocol).
const TEST: f64 = 0.20;
const CALIBRATION: f64 = 0.15;
const VALIDATION: f64 = 0.15;

/// Row numbers of each part, ascending but for the training rows, and the fold of each training row.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Parts {
    /// Training rows.
    pub train: Vec<usize>,
    /// Fold of each training row.
    pub folds: Vec<usize>,
    /// Validation rows.
    pub validation: Vec<usize>,
    /// Calibration rows.
    pub calibration: Vec<usize>,
    /// Test rows.
    pub test: Vec<usize>,
}

/// Parts of `rows` rows in the seed's own way; the fold is the position in the shuffled training list modulo `folds`.
pub fn seeded(rows: usize, folds: usize, seed: u64) -> Parts {
    let order = stream(seed, "split").permutation(rows);
    let count = |share: f64| (share * rows as f64).round() as usize;
    let (test, rest) = order.split_at(count(TEST));
    let (calibration, rest) = rest.split_at(count(CALIBRATION));
    let (validation, train) = rest.split_at(count(VALIDATION));
    let fold: Vec<(usize, usize)> =
        train.iter().enumerate().map(|(place, row)| (*row, place % folds)).collect();
    Parts {
        train: fold.iter().map(|(row, _)| *row).collect(),
        folds: fold.iter().map(|(_, fold)| *fold).collect(),
        validation: ascending(validation),
        calibration: ascending(calibration),
        test: ascending(test),
    }
    .in_order()
}

fn ascending(rows: &[usize]) -> Vec<usize> {
    let mut rows = rows.to_vec();
    rows.sort_unstable();
    rows
}

impl Parts {
    /// Training rows ascending, with their folds.
    fn in_order(mut self) -> Self {
        let mut pairs: Vec<(usize, usize)> =
            self.train.iter().copied().zip(self.folds.iter().copied()).collect();
        pairs.sort_unstable();
        (self.train, self.folds) = pairs.into_iter().unzip();
        self
    }

    /// Leaves out the rows that are not kept, and numbers the others anew: `kept` holds the old numbers, ascending.
    #[must_use]
    pub fn keep(&self, kept: &[usize]) -> Self {
        let find =
            |rows: &[usize]| rows.iter().filter_map(|row| kept.binary_search(row).ok()).collect::<Vec<_>>();
        let pairs = self.train.iter().zip(&self.folds);
        let train = pairs.filter_map(|(row, fold)| kept.binary_search(row).ok().map(|row| (row, *fold)));
        let (train, folds) = train.unzip();
        Self {
            train,
            folds,
            validation: find(&self.validation),
            calibration: find(&self.calibration),
            test: find(&self.test),
        }
    }
}

/// Parts from a file with the columns `row` (optional: else the order of the lines), `part` and `fold`, by the names of the latter.
pub(super) fn from_file(path: &Path, part: &str, fold: &str, rows: usize) -> Result<Parts, DataError> {
    let wrong = |problem: String, remedy: &str| told(format!("{problem}; {remedy}"), path);
    let table = read_table(path)?;
    let column = |name: &str| {
        table.position(name).and_then(|index| table.columns.get(index)).ok_or_else(|| {
            wrong(
                format!("the split file has no column \"{name}\", only {}", table.names.join(", ")),
                "name the file as FILE.csv:part3, with the parts in the column part3 and the folds in fold3",
            )
        })
    };
    let (Column::Words { names, codes }, Column::Numbers(folds)) = (column(part)?, column(fold)?) else {
        return Err(wrong(
            format!("the column \"{part}\" must hold words and \"{fold}\" numbers"),
            "write train, val, cal or test as the part, and a fold from 0 up for training rows",
        ));
    };
    if table.rows != rows {
        return Err(wrong(
            format!("the split file has {} rows, the table {rows}", table.rows),
            "choose the split file that belongs to the table",
        ));
    }
    let numbers: Vec<f64> = match column("row") {
        Ok(Column::Numbers(numbers)) => numbers.clone(),
        _ => (0..rows).map(|row| row as f64).collect(),
    };
    let mut parts = Parts::default();
    for (index, number) in numbers.iter().enumerate() {
        if !(*number >= 0.0 && (*number as usize) < rows && number.fract() == 0.0) {
            return Err(wrong(format!("{number} is no row of the table"), "number the rows from 0"));
        }
        let row = *number as usize;
        match names.get(codes[index] as usize).map(String::as_str) {
            Some("train") if folds[index] >= 0.0 => {
                parts.train.push(row);
                parts.folds.push(folds[index] as usize);
            }
            Some("val") => parts.validation.push(row),
            Some("cal") => parts.calibration.push(row),
            Some("test") => parts.test.push(row),
            Some(word) => {
                return Err(wrong(
                    format!("row {row} has the part \"{word}\" with fold {}", folds[index]),
                    "parts are train (with a fold), val, cal, test",
                ));
            }
            None => return Err(wrong(format!("row {row} has no part"), "give each row a part")),
        }
    }
    for part in [&mut parts.validation, &mut parts.calibration, &mut parts.test] {
        part.sort_unstable();
    }
    Ok(parts.in_order())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seeded_parts_are_a_partition_with_even_folds() {
        let parts = seeded(235, 5, 1);
        assert_eq!(
            (parts.train.len(), parts.validation.len(), parts.calibration.len(), parts.test.len()),
            (118, 35, 35, 47)
        );
        let mut all = [&parts.train[..], &parts.validation, &parts.calibration, &parts.test].concat();
        all.sort_unstable();
        assert!(all.into_iter().eq(0..235));
        let sizes: Vec<usize> =
            (0..5).map(|fold| parts.folds.iter().filter(|own| **own == fold).count()).collect();
        assert!(sizes.iter().all(|size| (23..=24).contains(size)), "{sizes:?}");
        assert_ne!(seeded(235, 5, 1), seeded(235, 5, 2));
    }

    #[test]
    fn rows_that_go_are_left_out_of_each_part() {
        let parts = seeded(100, 4, 3);
        let kept: Vec<usize> = (0..100).filter(|row| row % 2 == 0).collect();
        let fewer = parts.keep(&kept);
        let total = fewer.train.len() + fewer.validation.len() + fewer.calibration.len() + fewer.test.len();
        assert_eq!(total, 50);
        assert_eq!(fewer.train.len(), fewer.folds.len());
    }
}
