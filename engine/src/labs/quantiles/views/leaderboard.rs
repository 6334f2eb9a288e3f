//! Leaderboard: every method at the chosen stage, its score in parts, relative to a chosen method, with a paired bootstrap.

use super::look::Look;
use crate::labs::quantiles::channels::{channel, only};
use crate::labs::quantiles::method::compare::{Difference, paired_bootstrap};
use crate::labs::quantiles::method::score::{self, Parts};
use crate::labs::quantiles::scores;
use crate::math::rng::stream;
use crate::record::{Bars, Cell, Channel, Data, Table};
use crate::run::RunError;

/// The table.
pub(super) const BOARD: &str = "leaderboard";
/// The parts of the scores.
pub(super) const PARTS: &str = "score_parts";

/// Draws of the bootstrap.
const DRAWS: usize = 400;
/// Beyond this many rows the normal approximation gives the same interval.
const MOST_BOOTSTRAPPED: usize = 5000;

/// Both channels, methods by ascending score.
pub(super) fn derive(
    look: &Look<'_>,
    check: &dyn Fn() -> Result<(), RunError>,
) -> Result<Vec<Channel>, RunError> {
    let y = look.observations();
    let reference = look.predictions(&look.config.relative_to, look.stage()).map(|q| rows_of(look, &q, &y));
    let mut lines: Vec<(f64, Vec<Cell>, Parts)> = Vec::new();
    for method in look.methods() {
        check()?;
        let Some(q) = look.predictions(&method, look.stage()) else { continue };
        let row = scores::row(&method, "", &q, &y, &look.levels);
        let own = rows_of(look, &q, &y);
        let parts = parts_of(look, &q, &y);
        let difference = reference.as_ref().map(|reference| difference(&own, reference));
        let relative = reference.as_ref().map_or(f64::NAN, |reference| row.wis / mean(reference));
        let interval = difference.map_or_else(String::new, |found| {
            format!("{:+.4} [{:+.4}, {:+.4}]", found.mean, found.lower, found.upper)
        });
        let numbers = [row.wis, relative, parts.dispersion, parts.underprediction, parts.overprediction];
        let more =
            [row.crossing_rate, row.coverage_50, row.coverage_80, row.coverage_90, row.width_80, row.mace];
        let mut cells = vec![Cell::Text(method.clone())];
        cells.extend(numbers.map(Cell::Number));
        cells.push(Cell::Text(interval));
        cells.extend(more.map(Cell::Number));
        lines.push((row.wis, cells, parts));
    }
    lines.sort_by(|a, b| a.0.total_cmp(&b.0));
    let relative = format!("relative to {}", look.config.relative_to);
    let columns = [
        "method",
        "WIS",
        &relative,
        "dispersion",
        "underprediction",
        "overprediction",
        "difference [95 % bootstrap over test rows]",
        "crossing rate",
        "coverage 50 %",
        "coverage 80 %",
        "coverage 90 %",
        "width 80 %",
        "MACE",
    ];
    let names = lines.iter().map(|(_, cells, _)| match cells.first() {
        Some(Cell::Text(name)) => name.clone(),
        _ => String::new(),
    });
    let bars = Bars {
        edges: Vec::new(),
        labels: names.collect(),
        series: vec![
            ("dispersion".to_owned(), lines.iter().map(|line| line.2.dispersion).collect()),
            ("underprediction".to_owned(), lines.iter().map(|line| line.2.underprediction).collect()),
            ("overprediction".to_owned(), lines.iter().map(|line| line.2.overprediction).collect()),
        ],
    };
    let table = Table {
        columns: columns.map(str::to_owned).to_vec(),
        rows: lines.into_iter().map(|(_, cells, _)| cells).collect(),
    };
    Ok(vec![
        channel(
            BOARD,
            "leaderboard",
            "",
            "Scores on the test rows, standardised target.",
            Data::Table(only(0, table)),
        ),
        channel(
            PARTS,
            "weighted interval score",
            "",
            "The score in parts that add up to it.",
            Data::Bars(only(0, bars)),
        ),
    ])
}

/// Score of each row.
fn rows_of(look: &Look<'_>, q: &[f32], y: &[f32]) -> Vec<f64> {
    let taus = look.levels.singles();
    let scale = 2.0 / taus.len().max(1) as f64;
    q.chunks_exact(taus.len())
        .zip(y)
        .map(|(row, y)| scale * crate::labs::quantiles::method::pinball::row_sum(row, *y, &taus))
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
    let mut row64 = Vec::new();
    for (row, y) in q.chunks_exact(look.levels.len()).zip(y) {
        row64.clear();
        row64.extend(row.iter().map(|value| f64::from(*value)));
        let parts = score::wis_parts(&row64, f64::from(*y), &look.levels);
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
