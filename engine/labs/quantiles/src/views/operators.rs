//! What each operator does to the scores of the rows.

use super::controls;
use super::derived;
use super::draw::picture;
use super::look::{self, Look};
use crate::config::Config;
use crate::method::isotonize::Isotonization;
use crate::method::{crossing, pinball};
use crate::scores::Stage;
use weightscope_frame::lab::View;
use weightscope_frame::record::declared::{Declared, kinds::OfTables};
use weightscope_frame::record::{Cell, Channel, Table, ViewKind, ViewSpec};

/// One line an operator.
const OPERATORS: Declared<OfTables> = Declared::new(
    "operators",
    "operators",
    "",
    "What each operator does to the test rows; sort and PAVA worsen none (proposition 2 of the paper).",
);

/// What each operator does to the scores of the rows.
pub(super) fn view() -> View<Config> {
    View::new(ViewSpec {
        empty: "What uncrossing does to the scores appears here when the first model is fitted. Press Run."
            .to_owned(),
        help: include_str!("../help/crossing.md").to_owned(),
        ..derived(
            "operators",
            "Monotone rearrangement",
            ViewKind::Table,
            &[&OPERATORS],
            &[controls::method()],
        )
    })
    .derived(|config, job| look::at(config, job, channels))
}

/// Crossing rate, score and worsened rows for each operator.
fn channels(look: &Look<'_>) -> Vec<Channel> {
    /// Differences of single-precision sums below this are rounding.
    const ROUNDING: f64 = 1e-5;
    let method = look.method();
    let m = look.levels().len();
    let (y, taus) = (look.observations(), look.levels().singles());
    let Some(raw) = look.raw(method) else { return Vec::new() };
    let sums = |q: &[f32]| -> Vec<f64> {
        q.chunks_exact(m).zip(&y).map(|(row, y)| pinball::row_sum(row, *y, &taus)).collect()
    };
    let before = sums(raw);
    let line = |operator: &Isotonization| {
        let q = look.predictions(method, Stage::after(*operator))?;
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
    vec![picture(&OPERATORS, method.name(), table)]
}
