//! What calibration does to every interval.

use super::controls;
use super::derived;
use super::draw::picture;
use super::look::{self, Look};
use crate::config::Config;
use crate::method::calibration;
use crate::method::conformal::{self, fewest_rows};
use crate::method::levels::Pair;
use crate::pipeline::calibration::operator;
use crate::scores::Stage;
use weightscope_frame::lab::View;
use weightscope_frame::record::declared::{Declared, kinds::OfTables};
use weightscope_frame::record::{Cell, Channel, Table, ViewKind, ViewSpec};

/// One line an interval.
const PAIRS: Declared<OfTables> = Declared::new(
    "conformal_pairs",
    "calibration",
    "",
    "What calibration does to each central interval on the test rows.",
);

/// What calibration does to every interval.
pub(super) fn view() -> View<Config> {
    View::new(ViewSpec {
        empty: "What calibration does to each interval appears here. Press Run.".to_owned(),
        help: include_str!("../help/conformal.md").to_owned(),
        ..derived("conformal_pairs", "Calibration", ViewKind::Table, &[&PAIRS], &[controls::method()])
    })
    .derived(|config, job| look::at(config, job, channels))
}

/// Rank, offset, coverage and width of every interval before and after.
fn channels(look: &Look<'_>) -> Vec<Channel> {
    let method = look.method();
    let m = look.levels().len();
    let before = look.predictions(method, Stage::after(operator(look.config.isotonization)));
    let (Some(before), Some(after), Some(offsets)) =
        (before, look.predictions(method, Stage::Conformal), look.offsets(method))
    else {
        return Vec::new();
    };
    let y = look.observations();
    let rows = look.calibration(method).map_or(0, |(_, y)| y.len());
    let line = |(pair, offset): (Pair, &conformal::Offset)| {
        let widths = (calibration::mean_width(&before, m, pair), calibration::mean_width(&after, m, pair));
        let inverted = before
            .chunks_exact(m)
            .filter(|row| {
                f64::from(row[pair.lower]) - offset.lower > f64::from(row[pair.upper]) + offset.upper
            })
            .count();
        let note = if !offset.is_reachable() {
            format!("not reachable with {rows} rows, {} needed", fewest_rows(offset.alpha))
        } else if inverted > 0 {
            format!("{inverted} intervals inverted before min–max put them in order")
        } else {
            String::new()
        };
        vec![
            Cell::Number(1.0 - pair.alpha),
            Cell::Number(offset.rank as f64),
            Cell::Number(offset.lower),
            Cell::Number(offset.upper),
            Cell::Number(calibration::coverage(&before, &y, m, pair)),
            Cell::Number(calibration::coverage(&after, &y, m, pair)),
            Cell::Number(100.0 * (widths.1 / widths.0 - 1.0)),
            Cell::Text(note),
        ]
    };
    let columns = [
        "nominal",
        "rank",
        "offset below",
        "offset above",
        "coverage before",
        "coverage after",
        "width change [%]",
        "note",
    ];
    let rows = look.levels().pairs().into_iter().zip(&offsets).map(line).collect();
    let table = Table { columns: columns.map(str::to_owned).to_vec(), rows };
    vec![picture(&PAIRS, method.name(), table)]
}
