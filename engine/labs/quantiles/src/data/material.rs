//! Opening, checking, splitting and encoding the table of a run.

use super::encode::Encoder;
use super::split::{Parts, from_file, seeded};
use super::truth;
use crate::base::Matrix;
use crate::config::{Config, Missing, Split};
use weightscope_data::table::{Column, MISSING, Table, open_table_with};
use weightscope_data::{Doubt, Read, Scope};
use weightscope_frame::run::RunError;

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

/// The encoded table in its parts: training, validation, calibration and test rows.
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
    /// What was read.
    pub read: Read,
}

impl Material {
    /// Loads everything. `taus` are the levels of the true quantiles.
    pub fn load(config: &Config, taus: &[f64]) -> Result<Self, RunError> {
        let opened = Opened::open(config)?;
        let read = opened.read();
        let Opened { table, target, parts, fold_count, .. } = opened;
        let encoder = Encoder::fit(&table, target, &parts.train);
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
            hash: read.hash.clone(),
            read,
        })
    }

    /// Rows in all parts.
    pub fn rows(&self) -> usize {
        self.train.y.len() + self.validation.y.len() + self.calibration.y.len() + self.test.y.len()
    }
}

/// A table that can be used, and its parts.
pub(crate) struct Opened {
    table: Table,
    target: usize,
    parts: Parts,
    fold_count: usize,
    /// Rows that are left out because they have holes.
    dropped: usize,
}

impl Opened {
    /// What was read, and what is doubtful about it for this lab.
    pub(crate) fn read(&self) -> Read {
        let mut read = self.table.read.clone();
        if self.dropped > 0 {
            read.rows -= self.dropped;
            read.left_out.push(("with missing values".to_owned(), self.dropped));
        }
        Scope::PerColumn.words().clone_into(&mut read.scale);
        let encoder = Encoder::fit(&self.table, self.target, &self.parts.train);
        for (name, _) in
            encoder.names.iter().zip(&encoder.deviation).filter(|(_, deviation)| **deviation == 0.0)
        {
            let why = "holds one value in all training rows, and has no weight";
            read.doubts.push(Doubt::of_column(name, why, "leave the column out, or choose other rows"));
        }
        read.doubts.extend(self.tied());
        read
    }

    /// Whole numbers that come again and again, as grades do: scores tie, and intervals cover more than asked.
    fn tied(&self) -> Option<Doubt> {
        /// Values that tie: fewer than one in so many rows differs.
        const ROWS: usize = 10;
        let name = self.table.names.get(self.target)?;
        let Column::Numbers(values) = self.table.columns.get(self.target)? else { return None };
        let present = values.iter().filter(|value| value.is_finite());
        let distinct: std::collections::BTreeSet<u64> =
            present.clone().map(|value| value.to_bits()).collect();
        let is_whole = present.clone().all(|value| value.fract() == 0.0);
        let ties = is_whole && distinct.len() * ROWS < present.count();
        ties.then(|| {
            let why = format!("is the target and has {} whole values: scores tie, and calibrated intervals cover more than asked", distinct.len());
            Doubt::of_column(name, why, "read the coverage as an upper bound")
        })
    }

    /// Opens the table and divides its rows; whatever is wrong with the table for these settings is found here.
    pub(crate) fn open(config: &Config) -> Result<Self, RunError> {
        let table = open_table_with(&config.dataset, &config.table_options())?;
        let target = find_target(&table, &config.target)?;
        if table.columns.len() < 2 {
            return Err(problem(
                &table,
                "dataset",
                "there is no column beside the target",
                "give at least one feature",
            ));
        }
        let folds = usize::try_from(config.folds).unwrap_or(2);
        let parts = match Split::read(&config.split).map_err(|problem| RunError::Problems(vec![problem]))? {
            Split::Seeded(seed) => seeded(table.rows, folds, seed),
            Split::File { path, part, fold } => from_file(&path, &part, &fold, table.rows)
                .map_err(|error| RunError::setting("split", error.to_string()))?,
        };
        let kept = whole_rows(&table, target, config.missing)?;
        let parts = match &kept {
            Some(kept) => dropped(&parts, kept),
            None => parts,
        };
        let fold_count = parts.folds.iter().max().map_or(0, |most| most + 1);
        check_sizes(&table, &parts, fold_count.max(folds))?;
        check_target(&table, target, &parts.train)?;
        let dropped = kept.as_ref().map_or(0, |kept| table.rows - kept.len());
        Ok(Self { table, target, parts, fold_count, dropped })
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

/// What setting does not fit the table, why, and what to do; the message ends with the table.
fn problem(table: &Table, key: &str, why: &str, remedy: &str) -> RunError {
    RunError::setting(key, format!("{why}; {remedy}: {}", table.place))
}

/// So many rows in words.
fn rows(count: usize, what: &str) -> String {
    if count == 1 { format!("1 {what}row") } else { format!("{count} {what}rows") }
}

fn find_target(table: &Table, name: &str) -> Result<usize, RunError> {
    let Some(index) = table.position(name) else {
        let names = table.names.iter().take(40).cloned().collect::<Vec<_>>().join(", ");
        return Err(problem(
            table,
            "target",
            &format!("there is no column \"{name}\""),
            &format!("choose one of {names}"),
        ));
    };
    let Column::Words { names, codes } = &table.columns[index] else { return Ok(index) };
    let first = codes.iter().position(|code| *code != MISSING);
    let first = first.and_then(|row| Some((row, names.get(codes[row] as usize)?)));
    let example = first
        .map_or_else(String::new, |(row, word)| format!(", the first \"{word}\" in {}", table.row_name(row)));
    Err(problem(
        table,
        "target",
        &format!("the column \"{name}\" holds words{example}"),
        "choose a column of numbers",
    ))
}

fn check_target(table: &Table, target: usize, train: &[usize]) -> Result<(), RunError> {
    let Column::Numbers(values) = &table.columns[target] else { return Ok(()) };
    let first = train.first().map(|row| values[*row]);
    if train.iter().all(|row| Some(values[*row]) == first) {
        let why = format!("\"{}\" has the same value in all training rows", table.names[target]);
        return Err(problem(table, "target", &why, "choose a column that varies"));
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
                table,
                "missing",
                &format!(
                    "{} with missing values, the first at {}, column \"{}\"",
                    rows(with_holes.count(), ""),
                    table.row_name(row),
                    table.names[column]
                ),
                "fill them, or set missing to \"drop\" or \"impute\"",
            )),
        },
        Missing::Impute => {
            let column = &table.columns[target];
            match (0..table.rows).find(|row| column.is_missing(*row)) {
                None => Ok(None),
                Some(row) => Err(problem(
                    table,
                    "missing",
                    &format!(
                        "the target \"{}\" is missing at {}, and a target is never imputed",
                        table.names[target],
                        table.row_name(row)
                    ),
                    "fill it, or set missing to \"drop\"",
                )),
            }
        }
    }
}

fn check_sizes(table: &Table, parts: &Parts, folds: usize) -> Result<(), RunError> {
    const FEWEST: usize = 2;
    if parts.train.len() < folds.max(FEWEST) {
        let fill = if parts.train.len() == 1 { "does not fill" } else { "do not fill" };
        let why = format!("{} {fill} {folds} folds", rows(parts.train.len(), "training "));
        return Err(problem(table, "folds", &why, "take fewer folds, or a table with more rows"));
    }
    let sizes: Vec<usize> =
        (0..folds).map(|fold| parts.folds.iter().filter(|own| **own == fold).count()).collect();
    if let Some(empty) = sizes.iter().position(|size| *size == 0) {
        let why = format!("fold {empty} has no training row");
        return Err(problem(table, "folds", &why, "take the number of folds of the split file, or fewer"));
    }
    for (name, rows) in [("validation", &parts.validation), ("test", &parts.test)] {
        if rows.is_empty() {
            let why = format!("the {name} part has no rows");
            return Err(problem(table, "split", &why, "take a table with more rows, or another split"));
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
