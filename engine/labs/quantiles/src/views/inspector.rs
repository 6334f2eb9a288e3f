//! One row: the quantile function of every model and of the chosen method, the observation and where it falls.

use super::look::{Look, Stage, axis};
use crate::channels::{channel, only};
use crate::method::calibration;
use crate::method::isotonize::Isotonization;
use crate::method::pinball;
use crate::names::name;
use weightscope_frame::record::{Cell, Channel, Curve, Data, Table};

/// Family: quantile functions.
pub(super) const QUANTILES: &str = "inspected/";
/// The target, and which row.
pub(super) const AXIS: &str = "inspected_axis/x";
/// What stands about the row.
pub(super) const FACTS: &str = "inspected_facts";

/// Quantile functions: value over level, the chosen method first, the observation as a level line.
pub(super) fn quantiles(look: &Look<'_>) -> Vec<Channel> {
    let (row, chosen) = (look.row(), look.method());
    let taus = look.levels.values();
    let one = |word: &str, stage: Stage| {
        let q = look.predictions_of_row(word, row, stage)?;
        let curve = Curve { x: q.iter().map(|q| look.shown(*q)).collect(), y: taus.to_vec(), band: None };
        Some(channel(
            &format!("{QUANTILES}{word}"),
            name(word),
            "",
            "Level over predicted quantile.",
            Data::Curve(only(0, curve)),
        ))
    };
    let mut channels: Vec<Channel> = one(&chosen, look.stage()).into_iter().collect();
    let others = look.meta.base_models.iter().filter(|word| **word != chosen);
    channels.extend(others.filter_map(|word| one(word, Stage::After(Isotonization::Sort))));
    if let Some(y) = look.observations().get(row).map(|y| look.shown(*y)) {
        let curve = Curve { x: vec![y, y], y: vec![0.0, 1.0], band: None };
        channels.push(channel(
            &format!("{QUANTILES}observed"),
            "observed",
            "",
            "The observation.",
            Data::Curve(only(0, curve)),
        ));
    }
    channels.push(axis(AXIS, format!("{} of row {row}", look.target())));
    channels
}

/// Features, observation, and for each method the PIT cell, the score and the interval.
pub(super) fn facts(look: &Look<'_>) -> Vec<Channel> {
    let row = look.row();
    let y = look.observations();
    let Some(own) = y.get(row).copied() else { return Vec::new() };
    let taus = look.levels.singles();
    let mut rows: Vec<Vec<Cell>> = look
        .meta
        .features
        .iter()
        .enumerate()
        .map(|(column, name)| line(name, &[look.feature(row, column)]))
        .collect();
    rows.push(line(&look.meta.target.name, &[look.shown(own)]));
    let pair = look.pair();
    for method in look.methods() {
        let Some(q) = look.predictions_of_row(&method, row, look.stage()) else { continue };
        let cell = calibration::pit_cell(&q, own);
        let below = cell.checked_sub(1).map_or(0.0, |level| look.levels.values()[level]);
        let ends = pair.map(|pair| (look.shown(q[pair.lower]), look.shown(q[pair.upper])));
        let score = 2.0 * pinball::row_sum(&q, own, &taus) / taus.len().max(1) as f64;
        let (low, high) = ends.unwrap_or((f64::NAN, f64::NAN));
        rows.push(line(name(&method), &[look.shown(q[look.levels.middle()]), low, high, below, score]));
    }
    let which = format!("row\u{a0}{row}");
    let columns =
        [which.as_str(), "value or median", "lower end", "upper end", "PIT at least", "WIS (standardised)"];
    let table = Table { columns: columns.map(str::to_owned).to_vec(), rows };
    let about = "The row's features and observation, and what each method says about it.";
    vec![channel(FACTS, &format!("row {row}"), "", about, Data::Table(only(0, table)))]
}

fn line(words: &str, numbers: &[f64]) -> Vec<Cell> {
    let mut cells = vec![Cell::Text(words.to_owned())];
    cells.extend(numbers.iter().map(|number| Cell::Number(*number)));
    cells.resize(6, Cell::Text(String::new()));
    cells
}
