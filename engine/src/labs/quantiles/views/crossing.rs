//! Crossing: where neighbouring levels cross, before and after the chosen operator, and what operators do to the score of each row.

use super::look::{Look, Stage, groups};
use crate::labs::quantiles::channels::{channel, only};
use crate::labs::quantiles::method::isotonize::Isotonization;
use crate::labs::quantiles::method::{crossing, pinball};
use crate::record::{Cell, Channel, Data, Grid, Table};

/// Family of the two maps.
pub(super) const MAPS: &str = "crossing/";
/// What each operator does.
pub(super) const OPERATORS: &str = "operators";

/// Groups of rows along the feature.
const PARTS: usize = 12;

/// Share of rows that cross, level pair × group of the feature, raw and at the chosen stage.
pub(super) fn maps(look: &Look<'_>) -> Vec<Channel> {
    let method = look.method();
    let column = look.slice();
    let values: Vec<f64> = (0..look.count()).map(|row| look.feature(row, column)).collect();
    let parts = groups(&values, PARTS);
    let stages = [("before", Stage::After(Isotonization::None)), ("after", look.stage())];
    let map = |(name, stage): (&str, Stage)| {
        let q = look.predictions(&method, stage)?;
        let label = format!("{method}, {}", if name == "before" { "raw" } else { "at this stage" });
        let about = "Share of the rows of a group whose neighbouring levels cross.";
        let grid = map(look, &q, &parts, &values);
        Some(channel(&format!("{MAPS}{name}"), &label, "", about, Data::Grid(only(0, grid))))
    };
    stages.into_iter().filter_map(map).collect()
}

fn map(look: &Look<'_>, q: &[f32], parts: &[Vec<usize>], values: &[f64]) -> Grid {
    let m = look.levels.len();
    let taus = look.levels.values();
    let rows = taus.windows(2).map(|pair| format!("{:.2}–{:.2}", pair[0], pair[1])).collect();
    let columns = parts
        .iter()
        .map(|part| part.first().map_or_else(String::new, |row| format!("{:.3}", values[*row])))
        .collect();
    let mut shares = Vec::new();
    for level in 0..m.saturating_sub(1) {
        for part in parts {
            let crossed = part
                .iter()
                .filter(|row| {
                    f64::from(q[**row * m + level + 1])
                        < f64::from(q[**row * m + level]) - crossing::TOLERANCE
                })
                .count();
            shares.push(crossed as f32 / part.len().max(1) as f32);
        }
    }
    Grid { rows, columns, values: shares, limits: Some((0.0, 1.0)), ..Grid::default() }
}

/// Crossing rate, score and worsened rows for each operator.
pub(super) fn operators(look: &Look<'_>) -> Vec<Channel> {
    /// Differences of single-precision sums below this are rounding.
    const ROUNDING: f64 = 1e-5;
    let method = look.method();
    let m = look.levels.len();
    let (y, taus) = (look.observations(), look.levels.singles());
    let Some(raw) = look.raw(&method) else { return Vec::new() };
    let sums = |q: &[f32]| -> Vec<f64> {
        q.chunks_exact(m).zip(&y).map(|(row, y)| pinball::row_sum(row, *y, &taus)).collect()
    };
    let before = sums(raw);
    let line = |operator: &Isotonization| {
        let q = look.predictions(&method, Stage::After(*operator))?;
        let after = sums(&q);
        let worse = after.iter().zip(&before).filter(|(after, before)| **after > **before + ROUNDING).count();
        let better =
            after.iter().zip(&before).filter(|(after, before)| **after < **before - ROUNDING).count();
        let wis = 2.0 * after.iter().sum::<f64>() / (after.len() * m).max(1) as f64;
        Some(vec![
            Cell::Text(operator.label().to_owned()),
            Cell::Number(wis),
            Cell::Number(crossing::rate(&q, m)),
            Cell::Number(better as f64),
            Cell::Number(worse as f64),
        ])
    };
    let columns =
        ["operator", "WIS", "crossing rate", "rows improved", "rows worsened"].map(str::to_owned).to_vec();
    let table = Table { columns, rows: Isotonization::ALL.iter().filter_map(line).collect() };
    let about =
        "What each operator does to the test rows; sort and PAVA worsen none (proposition 2 of the paper).";
    vec![channel(OPERATORS, &method, "", about, Data::Table(only(0, table)))]
}
