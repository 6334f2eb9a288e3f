//! Leaderboard: every method at the chosen stage, its score in parts, relative to a chosen method, with a paired bootstrap.

use rayon::prelude::*;

use super::look::Look;
use crate::channels::{channel, only};
use crate::method::compare::{Difference, paired_bootstrap};
use crate::method::score::{self, Parts};
use crate::names::name;
use crate::scores;
use weightscope_frame::record::{Bars, Cell, Channel, Data, Table};
use weightscope_frame::run::RunError;
use weightscope_math::rng::stream;

/// The table.
pub(super) const BOARD: &str = "leaderboard";
/// The parts of the scores.
pub(super) const PARTS: &str = "score_parts";

/// Draws of the bootstrap.
const DRAWS: usize = 400;
/// Beyond this many rows the normal approximation gives the same interval.
const MOST_BOOTSTRAPPED: usize = 5000;

/// One method at the stage.
struct Line {
    word: String,
    row: scores::Row,
    parts: Parts,
    /// Score of each row.
    own: Vec<f64>,
    /// To the method that scores are relative to.
    difference: Option<Difference>,
}

/// Both channels, methods by ascending score.
pub(super) fn derive(
    look: &Look<'_>,
    check: &(dyn Fn() -> Result<(), RunError> + Sync),
) -> Result<Vec<Channel>, RunError> {
    let y = look.observations();
    let line = |word: String| {
        check()?;
        let Some(q) = look.predictions(&word, look.stage()) else { return Ok(None) };
        let (row, parts) = (scores::row(&word, "", &q, &y, &look.levels), parts_of(look, &q, &y));
        Ok(Some(Line { row, parts, own: rows_of(look, &q, &y), difference: None, word }))
    };
    let lines: Result<Vec<Option<Line>>, RunError> = look.methods().into_par_iter().map(line).collect();
    let mut lines: Vec<Line> = lines?.into_iter().flatten().collect();
    lines.sort_by(|a, b| a.row.wis.total_cmp(&b.row.wis));
    let reference = lines.iter().find(|line| line.word == look.config.relative_to);
    let reference = reference.map(|line| (line.row.wis, line.own.clone()));
    if let Some((_, reference)) = &reference {
        lines.par_iter_mut().for_each(|line| line.difference = Some(difference(&line.own, reference)));
    }
    let reference = reference.map_or(f64::NAN, |(wis, _)| wis);
    let about = "Scores on the test rows, standardised target.";
    let board = table(&look.config.relative_to, reference, &lines);
    let parts = "The score in parts that add up to it.";
    Ok(vec![
        channel(BOARD, "leaderboard", "", about, Data::Table(only(0, board))),
        channel(PARTS, "weighted interval score", "", parts, Data::Bars(only(0, bars(&lines)))),
    ])
}

fn table(relative_to: &str, reference: f64, lines: &[Line]) -> Table {
    let relative = format!("relative to {}", name(relative_to));
    let columns = [
        "method",
        "WIS",
        &relative,
        "difference [95 %]",
        "dispersion",
        "under",
        "over",
        "crossing rate",
        "coverage 50 %",
        "coverage 80 %",
        "coverage 90 %",
        "width 80 %",
        "MACE",
    ];
    let cells = |line: &Line| {
        let Line { row, parts, .. } = line;
        let interval = line.difference.map_or_else(String::new, |found| {
            format!("{:+.3} [{:+.3},\u{a0}{:+.3}]", found.mean, found.lower, found.upper).replace('-', "−")
        });
        let mut cells = vec![Cell::Text(name(&line.word).to_owned())];
        cells.extend([row.wis, row.wis / reference].map(Cell::Number));
        cells.push(Cell::Text(interval));
        cells.extend([parts.dispersion, parts.underprediction, parts.overprediction].map(Cell::Number));
        let shares = [row.crossing_rate, row.coverage_50, row.coverage_80, row.coverage_90];
        cells.extend(shares.into_iter().chain([row.width_80, row.mace]).map(Cell::Number));
        cells
    };
    Table { columns: columns.map(str::to_owned).to_vec(), rows: lines.iter().map(cells).collect() }
}

fn bars(lines: &[Line]) -> Bars {
    let part = |label: &str, of: fn(&Parts) -> f64| {
        (label.to_owned(), lines.iter().map(|line| of(&line.parts)).collect())
    };
    Bars {
        edges: Vec::new(),
        labels: lines.iter().map(|line| name(&line.word).to_owned()).collect(),
        series: vec![
            part("dispersion", |parts| parts.dispersion),
            part("underprediction", |parts| parts.underprediction),
            part("overprediction", |parts| parts.overprediction),
        ],
    }
}

/// Score of each row.
fn rows_of(look: &Look<'_>, q: &[f32], y: &[f32]) -> Vec<f64> {
    let taus = look.levels.singles();
    let scale = 2.0 / taus.len().max(1) as f64;
    q.chunks_exact(taus.len())
        .zip(y)
        .map(|(row, y)| scale * crate::method::pinball::row_sum(row, *y, &taus))
        .collect()
}

fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len().max(1) as f64
}

fn parts_of(look: &Look<'_>, q: &[f32], y: &[f32]) -> Parts {
    if !look.levels.is_symmetric() {
        return Parts { dispersion: f64::NAN, underprediction: f64::NAN, overprediction: f64::NAN };
    }
    let mut sum = Parts::default();
    let (pairs, middle) = (look.levels.pairs(), look.levels.middle());
    for (row, y) in q.chunks_exact(look.levels.len()).zip(y) {
        let parts = score::parts(row, *y, &pairs, middle);
        sum.dispersion += parts.dispersion;
        sum.underprediction += parts.underprediction;
        sum.overprediction += parts.overprediction;
    }
    let count = y.len().max(1) as f64;
    Parts {
        dispersion: sum.dispersion / count,
        underprediction: sum.underprediction / count,
        overprediction: sum.overprediction / count,
    }
}

fn difference(own: &[f64], reference: &[f64]) -> Difference {
    let differences: Vec<f64> = own.iter().zip(reference).map(|(a, b)| a - b).collect();
    if differences.len() <= MOST_BOOTSTRAPPED {
        return paired_bootstrap(&differences, DRAWS, 0.95, &mut stream(0, "leaderboard/bootstrap"));
    }
    let mean = mean(&differences);
    let variance =
        differences.iter().map(|value| (value - mean).powi(2)).sum::<f64>() / differences.len() as f64;
    let half = 1.96 * (variance / differences.len() as f64).sqrt();
    Difference { mean, lower: mean - half, upper: mean + half }
}
