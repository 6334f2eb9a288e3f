//! Crossing: where neighbouring levels cross, before and after the chosen operator, and what operators do to the score of each row.

use super::look::{Look, Stage, axis, groups, short};
use crate::channels::{channel, only};
use crate::method::isotonize::Isotonization;
use crate::method::{crossing, pinball};
use crate::names::name;
use weightscope_frame::record::{Cell, Channel, Data, Grid, Table};

/// The feature along which rows are grouped.
pub(super) const AXIS: &str = "crossing_axis/x";
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
    let stages = [("before", "raw", Stage::After(Isotonization::None)), ("after", words(look), look.stage())];
    let map = |(place, words, stage): (&'static str, &str, Stage)| {
        let q = look.predictions(&method, stage)?;
        let share = 100.0 * crossing::rate(&q, look.levels.len());
        let share = if share > 0.0 { format!("{share:.2} %") } else { "no levels".to_owned() };
        let label = format!("{}, {words}: {share} cross", name(&method));
        Some((place, label, map(look, &q, &parts, &values)))
    };
    let mut maps: Vec<_> = stages.into_iter().filter_map(map).collect();
    // One scale for both, so that what is left can be compared with what was there.
    let most =
        maps.iter().flat_map(|(_, _, grid)| &grid.values).fold(0.0_f32, |most, share| most.max(*share));
    let top = if most > 0.0 { f64::from(most) } else { 1.0 };
    maps.iter_mut().for_each(|(_, _, grid)| grid.limits = Some((0.0, top)));
    let about = "Share of the rows of a group whose neighbouring levels cross.";
    let one = |(place, label, grid): (&str, String, Grid)| {
        channel(&format!("{MAPS}{place}"), &label, "", about, Data::Grid(only(0, grid)))
    };
    let mut channels: Vec<Channel> = maps.into_iter().map(one).collect();
    channels.push(axis(AXIS, look.meta.features.get(column).cloned().unwrap_or_default()));
    channels
}

/// The chosen stage in words.
fn words(look: &Look<'_>) -> &'static str {
    match look.stage() {
        Stage::After(Isotonization::None) => "unchanged",
        Stage::After(Isotonization::Sort) => "sorted",
        Stage::After(Isotonization::Pava) => "PAVA",
        Stage::After(Isotonization::Sweep) => "sweep",
        Stage::Conformal => "conformal",
    }
}

fn map(look: &Look<'_>, q: &[f32], parts: &[Vec<usize>], values: &[f64]) -> Grid {
    let m = look.levels.len();
    let taus = look.levels.values();
    let rows = taus.windows(2).map(|pair| format!("{:.2}–{:.2}", pair[0], pair[1])).collect();
    let columns =
        parts.iter().map(|part| part.first().map_or_else(String::new, |row| short(values[*row]))).collect();
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
    Grid { rows, columns, values: shares, ..Grid::default() }
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
    vec![channel(OPERATORS, name(&method), "", about, Data::Table(only(0, table)))]
}
