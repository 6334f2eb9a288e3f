//! A metric along a row, a column, or the diagonal of the brushed rectangle, with the spread of the seeds.

use super::{channels as dc, chosen_cell, grids, picture, position, text};
use crate::config::Config;
use crate::control::{self, Direction};
use crate::metric::Metric;
use crate::plan::{Place, cell_key};
use crate::run::REGION;
use crate::run::tables::{Column, OfNetwork, OfPair, rows};
use weightscope_frame::lab::Derive;
use weightscope_frame::record::{Channel, Curve, Grid, Record, Timeline};

/// Points of a drawn line.
const POINTS: usize = 61;

/// The transect that the controls choose.
pub(crate) fn channels(config: &Config, job: &Derive<'_>) -> Vec<Channel> {
    let wanted = job.controls.word(control::METRIC).unwrap_or_default();
    let chosen = Metric::ALL.iter().copied().find(|metric| metric.words().id == wanted);
    let metric = chosen.unwrap_or(Metric::TestAccuracy);
    let Some((_, grid)) = grids(job.record, &metric).and_then(Timeline::last) else {
        return Vec::new();
    };
    let direction = control::chosen(job, control::DIRECTION).unwrap_or(Direction::Row);
    let drawn = job.controls.region(REGION).filter(|_| direction == Direction::Line);
    let curve = match drawn {
        Some(region) => along_line(grid, region),
        None => along_axis(job.record, metric, grid, chosen_cell(job), direction == Direction::Column),
    };
    let Some(curve) = curve else { return Vec::new() };
    let place = match direction {
        Direction::Column => config.temperature.axis(),
        Direction::Line if drawn.is_some() => "share of the drawn line",
        _ => config.load.axis(),
    };
    let words = metric.words();
    let transect = Channel {
        label: words.label.to_owned(),
        unit: words.unit.to_owned(),
        about: words.about.to_owned(),
        ..picture(&dc::TRANSECT, curve)
    };
    vec![transect, text(&dc::TRANSECT_PLACE, place.to_owned()), text(&dc::TRANSECT_METRIC, words.heading())]
}

fn along_axis(
    record: &Record,
    metric: Metric,
    grid: &Grid,
    cell: Option<Place>,
    along_column: bool,
) -> Option<Curve> {
    let (row, at_column) = cell.and_then(|place| position(grid, place)).unwrap_or((0, 0));
    let names = if along_column { &grid.rows } else { &grid.columns };
    let mut points = Vec::new();
    for (index, name) in names.iter().enumerate() {
        let (row, column) = if along_column { (index, at_column) } else { (row, index) };
        let (Ok(x), Some(value)) = (name.parse::<f64>(), grid.values.get(row * grid.columns.len() + column))
        else {
            continue;
        };
        if value.is_finite() {
            let range = spread(record, metric, &cell_key(grid.columns.get(column)?, grid.rows.get(row)?));
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
fn spread(record: &Record, metric: Metric, cell: &str) -> Option<(f64, f64)> {
    let same = |value: f64| value;
    match metric {
        Metric::TrainLoss => ends(record, cell, OfNetwork::TrainLoss, same),
        Metric::TrainAccuracy => ends(record, cell, OfNetwork::TrainAccuracy, same),
        Metric::TestLoss => ends(record, cell, OfNetwork::TestLoss, same),
        Metric::TestAccuracy => ends(record, cell, OfNetwork::TestAccuracy, same),
        Metric::Norm => ends(record, cell, OfNetwork::Norm, same),
        Metric::LogLambda => ends(record, cell, OfNetwork::Lambda, f64::ln),
        Metric::LogTrace => ends(record, cell, OfNetwork::Trace, |value| value.abs().ln()),
        Metric::Trace => ends(record, cell, OfNetwork::Trace, same),
        Metric::Connectivity => ends(record, cell, OfPair::Connectivity, same),
        Metric::Cka => ends(record, cell, OfPair::Cka, same),
        Metric::Distance => ends(record, cell, OfPair::Distance, same),
        _ => None,
    }
}

/// The ends of a column over the rows of a cell; values that are no finite numbers are left out.
fn ends<C: Column>(record: &Record, cell: &str, column: C, map: fn(f64) -> f64) -> Option<(f64, f64)> {
    let rows = rows::<C>(record).filter(|row| row.place().key() == cell);
    let values = rows.map(|row| map(row.number(column))).filter(|value| value.is_finite());
    values.fold(None, |range: Option<(f64, f64)>, value| {
        let (low, high) = range.unwrap_or((value, value));
        Some((low.min(value), high.max(value)))
    })
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
