//! A metric along a row, a column, or the diagonal of the brushed rectangle, with the spread of the seeds.

use super::control as id;
use super::{grids, place};
use crate::channels as ch;
use crate::config::Config;
use crate::metric::Metric;
use crate::run::REGION;
use weightscope_frame::lab::Derive;
use weightscope_frame::record::{Cell, Channel, Curve, Data, Grid, Record, Timeline};

/// Channel of the transect.
pub(crate) const CHANNEL: &str = "transect";
/// Words of its axes.
pub(crate) const PLACE: &str = "transect_place";
pub(crate) const METRIC: &str = "transect_metric";
/// Points of a drawn line.
const POINTS: usize = 61;

/// The transect that the controls choose.
pub(super) fn channels(config: &Config, job: &Derive<'_>) -> Vec<Channel> {
    let wanted = job.controls.word(id::METRIC).unwrap_or_default();
    let metric = Metric::ALL
        .iter()
        .copied()
        .find(|metric| metric.words().id == wanted)
        .unwrap_or(Metric::TestAccuracy);
    let Some((_, grid)) = grids(job.record, &metric.channel()).and_then(Timeline::last) else {
        return Vec::new();
    };
    let direction = job.controls.word(id::DIRECTION).unwrap_or("row");
    let drawn = job.controls.region(REGION).filter(|_| direction == "line");
    let curve = match drawn {
        Some(region) => along_line(grid, region),
        None => along_axis(job.record, metric, grid, job.controls.word(id::CELL), direction == "column"),
    };
    let words = metric.words();
    let Some(curve) = curve else { return Vec::new() };
    let place = match direction {
        "column" => config.temperature.axis(),
        "line" if drawn.is_some() => "share of the drawn line",
        _ => config.load.axis(),
    };
    let heading = match words.unit {
        "" => words.label.to_owned(),
        unit => format!("{} [{unit}]", words.label),
    };
    let text = |id: &str, words: &str| {
        Channel::new(id, "axis", "", "Words of an axis.", Data::Text(words.to_owned()))
    };
    vec![
        Channel::new(CHANNEL, words.label, words.unit, words.about, Data::Curve(Timeline::one(curve))),
        text(PLACE, place),
        text(METRIC, &heading),
    ]
}

fn along_axis(
    record: &Record,
    metric: Metric,
    grid: &Grid,
    cell: Option<&str>,
    column: bool,
) -> Option<Curve> {
    let (row, at_column) = cell.and_then(|name| place(grid, name)).unwrap_or((0, 0));
    let names = if column { &grid.rows } else { &grid.columns };
    let mut points = Vec::new();
    for (index, name) in names.iter().enumerate() {
        let (row, column) = if column { (index, at_column) } else { (row, index) };
        let (Ok(x), Some(value)) = (name.parse::<f64>(), grid.values.get(row * grid.columns.len() + column))
        else {
            continue;
        };
        if value.is_finite() {
            let range = spread(record, metric, grid.columns.get(column)?, grid.rows.get(row)?);
            points.push((x, f64::from(*value), range));
        }
    }
    points.sort_by(|a, b| a.0.total_cmp(&b.0));
    let band = points
        .iter()
        .map(|(_, _, range)| *range)
        .collect::<Option<Vec<_>>>()
        .map(|ranges| ranges.into_iter().unzip());
    let (x, y) = points.iter().map(|(x, y, _)| (*x, *y)).unzip();
    Some(Curve { x, y, band })
}

/// Smallest and largest value over the seeds or pairs of a cell, for metrics that the tables hold.
fn spread(record: &Record, metric: Metric, load: &str, temperature: &str) -> Option<(f64, f64)> {
    let (table, column, map): (_, usize, fn(f64) -> f64) = match metric {
        Metric::TrainLoss => (ch::NETWORK_TABLE, 3, |value| value),
        Metric::TrainAccuracy => (ch::NETWORK_TABLE, 4, |value| value),
        Metric::TestLoss => (ch::NETWORK_TABLE, 5, |value| value),
        Metric::TestAccuracy => (ch::NETWORK_TABLE, 6, |value| value),
        Metric::Norm => (ch::NETWORK_TABLE, 7, |value| value),
        Metric::LogLambda => (ch::NETWORK_TABLE, 10, f64::ln),
        Metric::LogTrace => (ch::NETWORK_TABLE, 11, |value| value.abs().ln()),
        Metric::Trace => (ch::NETWORK_TABLE, 11, |value| value),
        Metric::Connectivity => (ch::PAIR_TABLE, 7, |value| value),
        Metric::Cka => (ch::PAIR_TABLE, 8, |value| value),
        Metric::Distance => (ch::PAIR_TABLE, 9, |value| value),
        _ => return None,
    };
    let Data::Table(timeline) = &record.get(table)?.data else { return None };
    let (load, temperature): (f64, f64) = (load.parse().ok()?, temperature.parse().ok()?);
    let number = |row: &[Cell], column: usize| match row.get(column) {
        Some(Cell::Number(value)) => *value,
        _ => f64::NAN,
    };
    let mut range: Option<(f64, f64)> = None;
    for row in &timeline.last()?.1.rows {
        if number(row, 0) == load && number(row, 1) == temperature {
            let value = map(number(row, column));
            if value.is_finite() {
                let (low, high) = range.unwrap_or((value, value));
                range = Some((low.min(value), high.max(value)));
            }
        }
    }
    range
}

/// Along the diagonal of a rectangle, interpolated between the middles of the cells; the position runs from 0 to 1.
fn along_line(grid: &Grid, [left, right, bottom, top]: [f64; 4]) -> Option<Curve> {
    let columns = grid.columns.len();
    let value = |row: usize, column: usize| {
        grid.values.get(row * columns + column).map_or(f64::NAN, |value| f64::from(*value))
    };
    let between = |x: f64, y: f64| {
        let limit = |at: f64, count: usize| (at - 0.5).clamp(0.0, count.saturating_sub(1) as f64);
        let (x, y) = (limit(x, columns), limit(y, grid.rows.len()));
        let (c, r) = (x as usize, y as usize);
        let (c1, r1) =
            ((c + 1).min(columns.saturating_sub(1)), (r + 1).min(grid.rows.len().saturating_sub(1)));
        let (fx, fy) = (x - c as f64, y - r as f64);
        let low = value(r, c) * (1.0 - fx) + value(r, c1) * fx;
        let high = value(r1, c) * (1.0 - fx) + value(r1, c1) * fx;
        low * (1.0 - fy) + high * fy
    };
    let mut curve = Curve::default();
    for index in 0..POINTS {
        let share = index as f64 / (POINTS - 1) as f64;
        let y = between(left + share * (right - left), bottom + share * (top - bottom));
        curve.x.push(share);
        curve.y.push(y);
    }
    curve.y.iter().any(|value| value.is_finite()).then_some(curve)
}
