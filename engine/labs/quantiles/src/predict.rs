//! Predictions and intervals for new rows from a finished run.
//!
//! Contract: the run folder is enough; the new table needs the run's feature columns by name, in any order, and nothing else.
//! The output has one line for each row: the row's number, every level's quantile, and the calibrated ends of every central interval,
//! in the target's units; the last column names the features that lie far outside the training rows. Words that the run never saw count as
//! none of its words, and are said.

use std::path::Path;

use burn::tensor::Device;
use rayon::prelude::*;

use super::base::{Fitted, Matrix};
use super::config::{Config, Conformal, Missing};
use super::method::conformal;
use super::method::cv_plus::{self, SortedScores};
use super::method::isotonize::Isotonization;
use super::method::levels::Levels;
use super::names::Method;
use super::pipeline::calibration::operator;
use super::pipeline::store::{Finished, Store};
use weightscope_data::table::{Column, Table, TableOptions, read_new_rows, told};
use weightscope_frame::experiment::Problem;
use weightscope_frame::lab::Predicted;
use weightscope_frame::run::{Control, RunError};
use weightscope_frame::store::{self, StoreError};

/// Rows that one task predicts.
const CHUNK: usize = 2048;

/// Predictions for a CSV file as CSV, by a method of one's choice (its word; `None` takes the best on the validation rows).
///
/// # Errors
/// A folder that holds no finished run of this lab, a table that does not fit the run, a word that names no method of the run, and
/// a cancelled control.
pub(super) fn predict(
    run_folder: &Path,
    csv_path: &Path,
    method: Option<&str>,
    control: &Control,
) -> Result<Predicted, RunError> {
    let model = Model::open(run_folder, method)?;
    let new = read_new_rows(csv_path, &model.finished.encoder.wanted(), &model.table_options)?;
    let table = &new.table;
    if table.rows == 0 {
        return Err(
            told("there are no rows below the header; choose a file with data in it", csv_path).into()
        );
    }
    if model.refuses_holes
        && let Some((row, column)) = (0..table.rows).find_map(|row| {
            table.columns.iter().position(|column| column.is_missing(row)).map(|column| (row, column))
        })
    {
        let (line, name) = (table.row_name(row), &table.names[column]);
        let words = format!(
            "{line}, column \"{name}\" has no usable value, and the run was made without imputing; fill the cell with a value \
             that the run knows, or make a run with missing = \"impute\""
        );
        return Err(told(words, csv_path).into());
    }
    let starts: Vec<usize> = (0..table.rows).step_by(CHUNK).collect();
    let parts: Result<Vec<Vec<u8>>, RunError> = starts
        .into_par_iter()
        .map(|start| {
            control.check()?;
            let rows: Vec<usize> = (start..(start + CHUNK).min(table.rows)).collect();
            let x = model.finished.encoder.features(table, &rows);
            Ok(model.lines(start, &x, table))
        })
        .collect();
    let mut csv = model.header(table);
    parts?.iter().for_each(|part| csv.extend_from_slice(part));
    let mut warnings = new.warnings();
    warnings.extend(outside(&model, table));
    Ok(Predicted { csv, warnings })
}

/// How many rows lie far outside the training rows, and in which columns.
fn outside(model: &Model, table: &Table) -> Option<String> {
    let mut columns: std::collections::BTreeMap<&str, usize> = std::collections::BTreeMap::new();
    let mut rows = 0;
    for row in 0..table.rows {
        let outside = model.finished.encoder.outside(table, row);
        rows += usize::from(!outside.is_empty());
        outside.into_iter().for_each(|column| *columns.entry(column).or_default() += 1);
    }
    let named: Vec<String> =
        columns.iter().map(|(column, rows)| format!("{column} in {rows} rows")).collect();
    let of = table.rows;
    (rows > 0).then(|| {
        format!(
            "{rows} of {of} rows lie far outside the rows that the run was trained on ({}): their predictions are guesses, and the column \
             outside of the output names the features",
            named.join(", ")
        )
    })
}

/// What a finished run needs to predict.
struct Model {
    fits: Store,
    finished: Finished,
    levels: Levels,
    /// Place of the method among base models and aggregators.
    place: usize,
    operator: Isotonization,
    refuses_holes: bool,
    table_options: TableOptions,
    device: Device,
    /// Base models that the method needs.
    needed: Vec<bool>,
    /// Scores of CV+ by interval; empty for split calibration.
    scores: Vec<SortedScores>,
}

impl Model {
    fn open(run_folder: &Path, method: Option<&str>) -> Result<Self, RunError> {
        let experiment = store::read_experiment(crate::OWN, run_folder)?;
        let Some(config) = experiment.method.settings::<Config>().cloned() else {
            return Err(wrong(
                "lab",
                format!("this is a run of the lab \"{}\"", experiment.lab()),
                "a run of the lab quantiles",
            ));
        };
        let damaged = |why: &str| {
            RunError::Store(StoreError::Damaged {
                what: "the stored models",
                why: why.to_owned(),
                advice: "resume the run to its end, then predict",
                path: run_folder.to_owned(),
            })
        };
        let newest = store::checkpoints(run_folder);
        let newest = newest.last().ok_or_else(|| damaged("the run has no checkpoint"))?;
        let mut fits = Store::default();
        store::restore(&mut fits, &store::read_checkpoint(newest)?.state)?;
        let finished = fits.finished.clone().ok_or_else(|| damaged("the run has not come to its end"))?;
        let levels = Levels::new(finished.levels.clone()).map_err(|why| damaged(&why))?;
        let methods = finished.methods();
        let word = method.unwrap_or_else(|| finished.best.key());
        let Some(place) = methods.iter().position(|method| method.key() == word) else {
            let known: Vec<&str> = methods.into_iter().map(Method::key).collect();
            return Err(wrong("method", format!("the run has no method \"{word}\""), &known.join(", ")));
        };
        let scores = methods.get(place).and_then(|method| finished.cv_scores.get(method));
        let sorted = |scores: &Vec<f64>| SortedScores::new(scores, &finished.folds);
        let scores = scores.map(|scores| scores.iter().map(sorted).collect()).unwrap_or_default();
        let models = finished.base_models.len();
        let needed = (0..models).map(|model| place >= models || place == model).collect();
        Ok(Self {
            fits,
            levels,
            place,
            operator: config.isotonization,
            refuses_holes: config.missing != Missing::Impute,
            table_options: config.table_options(),
            device: Device::flex(),
            needed,
            scores,
            finished,
        })
    }

    /// Names of the columns: row, quantiles, calibrated intervals, warnings; behind them the method and the row as it was given.
    fn header(&self, table: &Table) -> Vec<u8> {
        let mut names = vec!["row".to_owned()];
        names.extend(self.levels.values().iter().map(|tau| format!("q_{tau}")));
        if self.calibrates() {
            for pair in self.levels.pairs() {
                let coverage = pair.coverage_percent();
                names.push(format!("lower_{coverage}"));
                names.push(format!("upper_{coverage}"));
            }
        }
        names.push("outside".to_owned());
        names.push("method".to_owned());
        for given in &table.names {
            let taken = names.contains(given);
            names.push(quoted(&if taken { format!("{given} (given)") } else { given.clone() }));
        }
        let mut line = names.join(",").into_bytes();
        line.push(b'\n');
        line
    }

    fn calibrates(&self) -> bool {
        self.finished.conformal != Conformal::None && self.levels.is_symmetric()
    }

    /// Predictions of the method, from full fits or from those without a fold; `None` where that fold's models were not kept.
    fn quantiles(&self, x: &Matrix, fold: Option<usize>) -> Option<Vec<f32>> {
        let taus = self.levels.values();
        let models = self.finished.base_models.len();
        let fitted = |model: usize| -> Option<&Fitted> {
            match fold {
                None => self.fits.full.get(&model).map(|fit| &fit.fitted),
                Some(fold) => self.fits.folds.get(&(model, fold)).and_then(|fit| fit.fitted.as_ref()),
            }
        };
        let one = |model: usize| fitted(model).map(|fitted| fitted.predict(x, taus, &self.device));
        let Some(aggregator) = self.place.checked_sub(models) else { return one(self.place) };
        let parts: Option<Vec<Vec<f32>>> = (0..models)
            .map(|model| if self.needed[model] { one(model) } else { Some(vec![0.0; x.rows() * taus.len()]) })
            .collect();
        let parts = parts?;
        let z = super::pipeline::stack(&parts.iter().map(Vec::as_slice).collect::<Vec<_>>(), taus.len());
        let nested = fold.and_then(|fold| self.fits.nested.get(&(aggregator, fold)));
        let combined = match nested {
            Some(combined) => combined,
            None => &self.fits.aggregated.get(&aggregator)?.combined,
        };
        Some(combined.predict(x, &z, taus, &self.device))
    }

    /// Lines of the output for rows of a table from `start` on.
    fn lines(&self, start: usize, x: &Matrix, table: &Table) -> Vec<u8> {
        use std::io::Write as _;
        let m = self.levels.len();
        let mut q = self.quantiles(x, None).unwrap_or_else(|| vec![f32::NAN; x.rows() * m]);
        self.operator.apply_rows(&mut q, m);
        let intervals = if self.calibrates() { self.intervals(x, &q) } else { Vec::new() };
        let mut out = Vec::with_capacity(x.rows() * (m + 1) * 10);
        let target = &self.finished.encoder.target;
        // As many decimals as single precision resolves of the target's spread, whatever its size.
        let decimals = (-(target.deviation * 1e-8).log10()).ceil().clamp(0.0, 15.0) as usize;
        let units = |value: f32| {
            let text = format!("{:.decimals$}", target.in_units(f64::from(value)));
            if text.contains('.') {
                text.trim_end_matches('0').trim_end_matches('.').to_owned()
            } else {
                text
            }
        };
        for row in 0..x.rows() {
            // Writing to memory cannot fail.
            let _ = write!(out, "{}", start + row);
            for value in &q[row * m..(row + 1) * m] {
                let _ = write!(out, ",{}", units(*value));
            }
            if !intervals.is_empty() {
                for pair in self.levels.pairs() {
                    let (low, high) = (intervals[row * m + pair.lower], intervals[row * m + pair.upper]);
                    let _ = write!(out, ",{},{}", units(low), units(high));
                }
            }
            let outside = self.finished.encoder.outside(table, start + row);
            let _ = write!(out, ",{}", quoted(&outside.join("; ")));
            let method = self.finished.methods().get(self.place).copied().map_or("", Method::key);
            let _ = write!(out, ",{method}");
            for column in &table.columns {
                let _ = write!(out, ",{}", quoted(&given(column, start + row)));
            }
            out.push(b'\n');
        }
        out
    }

    /// Calibrated quantiles of rows whose isotonized predictions are `q`.
    fn intervals(&self, x: &Matrix, q: &[f32]) -> Vec<f32> {
        let m = self.levels.len();
        let operator = operator(self.operator);
        let mut out = q.to_vec();
        operator.apply_rows(&mut out, m);
        let method = self.finished.methods().get(self.place).copied();
        if let Some(offsets) = method.and_then(|method| self.finished.offsets.get(&method)) {
            conformal::apply(&mut out, &self.levels, offsets);
            return out;
        }
        if self.scores.is_empty() {
            return Vec::new();
        }
        let folds = self.finished.folds.iter().max().map_or(0, |most| most + 1);
        let by_fold: Option<Vec<Vec<f32>>> = (0..folds).map(|fold| self.quantiles(x, Some(fold))).collect();
        let Some(mut by_fold) = by_fold else { return Vec::new() };
        by_fold.iter_mut().for_each(|q| operator.apply_rows(q, m));
        let pairs = self.levels.pairs();
        for (row, out) in out.chunks_exact_mut(m).enumerate() {
            cv_plus::calibrate_row(&pairs, &self.scores, &by_fold, row, out);
        }
        out
    }
}

fn wrong(key: &str, why: String, allowed: &str) -> RunError {
    RunError::Problems(vec![Problem::error(key, why).allowing(allowed)])
}

/// A cell of a CSV file.
/// A cell of a new row, as a reader finds it again; empty where it was.
fn given(column: &Column, row: usize) -> String {
    match column {
        Column::Numbers(values) => {
            values.get(row).filter(|value| !value.is_nan()).map_or_else(String::new, ToString::to_string)
        }
        Column::Words { names, codes } => {
            codes.get(row).and_then(|code| names.get(*code as usize)).cloned().unwrap_or_default()
        }
    }
}

fn quoted(text: &str) -> String {
    if text.contains([',', '"', '\n']) {
        format!("\"{}\"", text.replace('"', "\"\""))
    } else {
        text.to_owned()
    }
}
