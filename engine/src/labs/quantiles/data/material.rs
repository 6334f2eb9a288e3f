//! Opening, checking, splitting and encoding the table of a run.

use super::encode::Encoder;
use super::split::{Parts, from_file, seeded};
use super::truth;
use crate::data::table::{Column, Table, open_table};
use crate::experiment::Problem;
use crate::labs::quantiles::base::Matrix;
use crate::labs::quantiles::config::{Config, Missing};
use crate::run::RunError;

/// Rows of one part.
#[derive(Clone, Debug, Default)]
pub struct Part {
    /// Standardised features.
    pub x: Matrix,
    /// Standardised observations.
    pub y: Vec<f32>,
    /// Row numbers in the table.
    pub rows: Vec<usize>,
}

/// See the module.
#[derive(Clone, Debug)]
pub struct Material {
    /// Rows that models are fitted on.
    pub train: Part,
    /// Fold of each training row.
    pub folds: Vec<usize>,
    /// Number of folds.
    pub fold_count: usize,
    /// Rows for early stopping and choice.
    pub validation: Part,
    /// Rows for calibration.
    pub calibration: Part,
    /// Rows for the scores.
    pub test: Part,
    /// How columns become features.
    pub encoder: Encoder,
    /// True quantiles of the test rows, standardised, where they are known.
    pub truth: Option<Vec<f32>>,
    /// Content hash of the table.
    pub hash: String,
}

impl Material {
    /// Loads everything. `taus` are the levels of the true quantiles.
    pub fn load(config: &Config, taus: &[f64]) -> Result<Self, RunError> {
        let table = open_table(&config.dataset)?;
        let target = find_target(&table, &config.target)?;
        if table.columns.len() < 2 {
            return Err(problem(
                "dataset",
                "the table has no column beside the target",
                "give at least one feature",
            ));
        }
        let folds = usize::try_from(config.folds).unwrap_or(2);
        let parts = if config.split.contains(".csv:") {
            from_file(&config.split, table.rows)?
        } else {
            let seed = config.split.trim().parse().unwrap_or(0);
            seeded(table.rows, folds, seed)
        };
        let kept = whole_rows(&table, target, config.missing)?;
        let parts = match &kept {
            Some(kept) => dropped(&parts, kept),
            None => parts,
        };
        let fold_count = parts.folds.iter().max().map_or(0, |most| most + 1);
        check_sizes(&parts, fold_count.max(folds))?;
        let encoder = Encoder::fit(&table, target, &parts.train);
        check_target(&table, target, &parts.train)?;
        let part = |rows: &[usize]| Part {
            x: encoder.features(&table, rows),
            y: observations(&table, target, rows, &encoder),
            rows: rows.to_vec(),
        };
        let test = part(&parts.test);
        let truth = true_quantiles(&config.dataset, &encoder, &test.x, taus);
        Ok(Self {
            train: part(&parts.train),
            folds: parts.folds.clone(),
            fold_count,
            validation: part(&parts.validation),
            calibration: part(&parts.calibration),
            test,
            encoder,
            truth,
            hash: table.hash(),
        })
    }

    /// Rows in all parts.
    pub fn rows(&self) -> usize {
        self.train.y.len() + self.validation.y.len() + self.calibration.y.len() + self.test.y.len()
    }
}

/// Parts without the rows that are dropped; row numbers stay those of the table.
fn dropped(parts: &Parts, kept: &[usize]) -> Parts {
    let renumbered = parts.keep(kept);
    let back = |rows: &[usize]| rows.iter().map(|row| kept[*row]).collect::<Vec<_>>();
    Parts {
        train: back(&renumbered.train),
        folds: renumbered.folds.clone(),
        validation: back(&renumbered.validation),
        calibration: back(&renumbered.calibration),
        test: back(&renumbered.test),
    }
}

fn problem(key: &str, why: impl Into<String>, allowed: impl Into<String>) -> RunError {
    RunError::Problems(vec![Problem::error(key, why).allowing(allowed)])
}

fn find_target(table: &Table, name: &str) -> Result<usize, RunError> {
    let Some(index) = table.position(name) else {
        return Err(problem(
            "target",
            format!("the table has no column \"{name}\""),
            table.names.iter().take(40).cloned().collect::<Vec<_>>().join(", "),
        ));
    };
    match &table.columns[index] {
        Column::Numbers(_) => Ok(index),
        Column::Words { .. } => Err(problem(
            "target",
            format!("the column \"{name}\" holds words, not numbers"),
            "a column of numbers",
        )),
    }
}

fn check_target(table: &Table, target: usize, train: &[usize]) -> Result<(), RunError> {
    let Column::Numbers(values) = &table.columns[target] else { return Ok(()) };
    let first = train.first().map(|row| values[*row]);
    if train.iter().all(|row| Some(values[*row]) == first) {
        return Err(problem(
            "target",
            format!("\"{}\" has the same value in all training rows", table.names[target]),
            "a column that varies",
        ));
    }
    Ok(())
}

/// The rows without holes when they are dropped; `None` when all rows stay.
fn whole_rows(table: &Table, target: usize, missing: Missing) -> Result<Option<Vec<usize>>, RunError> {
    let hole = |row: usize| table.columns.iter().position(|column| column.is_missing(row));
    let with_holes = (0..table.rows).filter_map(|row| hole(row).map(|column| (row, column)));
    match missing {
        Missing::Drop => {
            let kept: Vec<usize> = (0..table.rows).filter(|row| hole(*row).is_none()).collect();
            Ok((kept.len() < table.rows).then_some(kept))
        }
        Missing::Refuse => match with_holes.clone().next() {
            None => Ok(None),
            Some((row, column)) => Err(problem(
                "missing",
                format!(
                    "{} rows have missing values, the first at {}, column \"{}\"",
                    with_holes.count(),
                    table.row_name(row),
                    table.names[column]
                ),
                "drop, impute, or a table without holes",
            )),
        },
        Missing::Impute => {
            let column = &table.columns[target];
            match (0..table.rows).find(|row| column.is_missing(*row)) {
                None => Ok(None),
                Some(row) => Err(problem(
                    "missing",
                    format!(
                        "the target \"{}\" is missing at {}; a target is never imputed",
                        table.names[target],
                        table.row_name(row)
                    ),
                    "drop, or a complete target",
                )),
            }
        }
    }
}

fn check_sizes(parts: &Parts, folds: usize) -> Result<(), RunError> {
    const FEWEST: usize = 2;
    if parts.train.len() < folds.max(FEWEST) {
        return Err(problem(
            "folds",
            format!("{} training rows do not fill {folds} folds", parts.train.len()),
            "fewer folds, or a table with more rows",
        ));
    }
    let sizes: Vec<usize> =
        (0..folds).map(|fold| parts.folds.iter().filter(|own| **own == fold).count()).collect();
    if let Some(empty) = sizes.iter().position(|size| *size == 0) {
        return Err(problem(
            "folds",
            format!("fold {empty} has no training row"),
            "the number of folds of the split file, or fewer",
        ));
    }
    for (name, rows) in [("validation", &parts.validation), ("test", &parts.test)] {
        if rows.is_empty() {
            return Err(problem(
                "split",
                format!("the {name} part has no rows"),
                "a table with more rows, or another split",
            ));
        }
    }
    Ok(())
}

fn observations(table: &Table, target: usize, rows: &[usize], encoder: &Encoder) -> Vec<f32> {
    let Column::Numbers(values) = &table.columns[target] else { return Vec::new() };
    rows.iter().map(|row| ((values[*row] - encoder.target.mean) / encoder.target.deviation) as f32).collect()
}

fn true_quantiles(dataset: &str, encoder: &Encoder, x: &Matrix, taus: &[f64]) -> Option<Vec<f32>> {
    let mut out = Vec::with_capacity(x.rows() * taus.len());
    for row in x.each_row() {
        let units: Vec<f64> =
            row.iter().enumerate().map(|(column, value)| encoder.in_units(column, *value)).collect();
        for tau in taus {
            let value = truth::quantile(dataset, &units, *tau)?;
            out.push(((value - encoder.target.mean) / encoder.target.deviation) as f32);
        }
    }
    Some(out)
}
