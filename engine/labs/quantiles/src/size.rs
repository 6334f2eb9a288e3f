//! What a table of one's own asks of this machine, found before it is read: memory that is not there is refused with the estimate,
//! and long work is announced.
//!
//! Contract: the estimate is a guide from measured rates (10⁶ × 200 numbers: 12 bytes a cell while reading). It decides whether a run
//! starts and what is said, never a result.

use std::path::Path;

use sysinfo::System;

use super::base::Kind;
use super::config::Config;
use super::ensemble::Aggregator;
use weightscope_data::table::extent;
use weightscope_frame::experiment::Problem;
use weightscope_frame::run::{Context, RunError};

/// Share of the free memory that a run may plan with.
const SHARE: f64 = 0.9;
/// Bytes of a cell while the table is read: double precision, then single precision.
const READING: f64 = 12.0;
/// Bytes of a cell that stay.
const KEPT: f64 = 4.0;
/// Training rows among all.
const TRAINING: f64 = 0.5;
/// Seconds of one base model from which on it is announced.
const LONG: f64 = 300.0;

/// Refuses what does not fit, announces what takes long. Tables whose size cannot be told in advance pass.
pub(super) fn check(config: &Config, context: &mut Context<'_>) -> Result<(), RunError> {
    if let Some(problem) = refused(config) {
        return Err(RunError::Problems(vec![problem]));
    }
    let Some((rows, columns)) = extent(Path::new(&config.dataset)) else { return Ok(()) };
    let levels = config.grid().map_or(19, |grid| grid.len());
    for kind in config.base_models.iter().copied() {
        let one = seconds(kind, TRAINING * rows, columns as f64, levels as f64);
        if one > LONG {
            context.warn(&format!(
                "{} needs about {:.0} minutes for each of {} fits of so large a table; the others go on beside it",
                kind.key(),
                one / 60.0,
                config.folds + 1
            ));
        }
    }
    Ok(())
}

/// Why the table does not fit in memory; nothing if it does, or if its size cannot be told in advance.
pub(super) fn refused(config: &Config) -> Option<Problem> {
    let extent = extent(Path::new(&config.dataset))?;
    let levels = config.grid().map_or(19, |grid| grid.len());
    let wanted = memory(config, extent, levels, rayon::current_num_threads());
    refusal(extent, wanted, free_memory())
}

/// What to say when a run of so many bytes meets so few free ones.
fn refusal((rows, columns): (f64, usize), wanted: f64, free: f64) -> Option<Problem> {
    if wanted <= SHARE * free {
        return None;
    }
    let why = format!(
        "about {rows:.0} rows of {columns} columns need about {:.1} GB of memory, and {:.1} GB are free",
        wanted / 1e9,
        free / 1e9
    );
    let allowed = "fewer rows, columns or levels, base_models without linear and forests, conformal = \"split\", or more free memory";
    Some(Problem::error("dataset", why).allowing(allowed))
}

/// Bytes at the peak of a run.
fn memory(config: &Config, (rows, columns): (f64, usize), levels: usize, threads: usize) -> f64 {
    let cells = rows * columns as f64;
    let kinds = &config.base_models;
    let of_fit = |kind: &Kind| match kind {
        // Two copies in double precision, and the vectors of the interior-point method.
        Kind::Linear => 16.0 * cells + 120.0 * rows,
        // Bins: a byte and a number a cell.
        Kind::RandomForest | Kind::ExtraTrees | Kind::Boosting => 5.0 * cells + 220.0 * rows,
        Kind::Knn => 0.0,
        _ => 4.0 * rows,
    };
    let mut fits: Vec<f64> = kinds.iter().map(of_fit).collect();
    fits.sort_by(|a, b| b.total_cmp(a));
    // A fit without a fold works on a copy of its rows.
    let working: f64 = fits.iter().take(threads).map(|fit| TRAINING * (fit + 4.0 * cells)).sum();
    let keeps_folds = config.keeps_fold_models();
    let kept_fits = if keeps_folds { 1.0 + config.folds as f64 } else { 1.0 };
    let forests = kinds.iter().filter(|kind| matches!(kind, Kind::RandomForest | Kind::ExtraTrees)).count();
    let forest = forests as f64 * kept_fits * 50.0 * 4.0 * TRAINING * rows;
    let predictions = 4.0 * rows * levels as f64 * kinds.len() as f64 * (1.0 + 0.2 * (kept_fits - 1.0));
    // CV+ keeps a score for each method, interval and training row.
    let methods = (kinds.len() + config.aggregators.len()) as f64;
    let scores = if keeps_folds { 8.0 * TRAINING * rows * levels as f64 / 2.0 * methods } else { 0.0 };
    let stored = forest + predictions + scores;
    // Stacks of predictions and the aggregates; a checkpoint is the stored work once as text and twice as bytes.
    let joined = 4.0 * rows * levels as f64 * (2.0 * kinds.len() as f64 + 0.5 * learners(config) as f64);
    let later = KEPT * cells + stored + (4.0 * stored).max(joined);
    let early = KEPT * cells + working + stored;
    1e8 + (READING * cells).max(early).max(later)
}

fn learners(config: &Config) -> usize {
    config.aggregators.iter().copied().filter(|one| Aggregator::learns(*one)).count()
}

/// Seconds of one fit with its predictions, two side by side on two cores; rates were measured with 10,000 training rows of 200 columns.
fn seconds(kind: Kind, rows: f64, columns: f64, levels: f64) -> f64 {
    let cells = rows * columns;
    let depth = rows.max(2.0).log2();
    match kind {
        Kind::Linear => 1.8e-9 * cells * columns * levels,
        Kind::Knn => 9.3e-11 * cells * rows.min(20_000.0),
        Kind::RandomForest => 3.5e-7 * cells * depth,
        Kind::ExtraTrees => 2.4e-7 * cells * depth,
        Kind::Boosting => 1.5e-7 * cells * levels,
        // The steps of a net do not depend on the rows.
        _ => 0.0,
    }
}

/// Free memory in bytes; without end where the system does not say.
fn free_memory() -> f64 {
    let mut system = System::new();
    system.refresh_memory();
    match system.available_memory() {
        0 => f64::INFINITY,
        bytes => bytes as f64,
    }
}

#[cfg(test)]
mod tests {
    use super::super::config::Conformal;
    use super::*;

    #[test]
    fn the_estimate_grows_with_the_table_and_with_what_is_asked() {
        let config = Config::default();
        let small = memory(&config, (1e4, 10), 19, 2);
        assert!(small < 5e8, "{small}");
        let large = memory(&config, (1e6, 200), 19, 2);
        assert!((4e9..2e10).contains(&large), "{large}");
        assert!(free_memory() > 1e8, "the system says what is free");
        assert_eq!(refusal((1e6, 200), large, 2.0 * large), None);
        let words = refusal((1e6, 200), 5e9, 4e9).unwrap().to_string();
        assert!(
            words.contains("1000000 rows of 200 columns need about 5.0 GB of memory, and 4.0 GB are free"),
            "{words}"
        );
        let nets = Config { base_models: vec![Kind::JointQuantile], ..Config::default() };
        assert!(memory(&nets, (1e6, 200), 19, 2) < 3.5e9, "nets need no more than the table");
        let nested = Config { conformal: Conformal::NestedCvPlus, ..Config::default() };
        assert!(memory(&nested, (1e6, 200), 19, 2) > large);
    }
}
