//! Profiles of the curves and straight lines between the seeds of a cell, as the run measured them.

use super::control as id;
use crate::channels as ch;
use weightscope_frame::experiment::number;
use weightscope_frame::lab::Derive;
use weightscope_frame::record::{Cell, Channel, Curve, Data, Timeline};

/// Family of the channels.
pub(crate) const FAMILY: &str = "connection/";

/// One curve for each pair and kind.
pub(super) fn channels(job: &Derive<'_>) -> Vec<Channel> {
    let Some(wanted) = job.controls.word(id::CELL) else { return Vec::new() };
    let Some(Data::Table(timeline)) = job.record.get(ch::PROFILE_TABLE).map(|channel| &channel.data) else {
        return Vec::new();
    };
    let (column, unit) = match job.controls.word(id::PROFILE) {
        Some("train_loss") => (6, "nat"),
        Some("test_error") => (8, "%"),
        _ => (7, "%"),
    };
    let mut curves: Vec<((u64, u64, bool), Curve)> = Vec::new();
    for row in timeline.last().map(|(_, table)| &table.rows).into_iter().flatten() {
        let value = |column: usize| match row.get(column) {
            Some(Cell::Number(value)) => *value,
            _ => f64::NAN,
        };
        if format!("{} × {}", number(value(0)), number(value(1))) != wanted {
            continue;
        }
        let key = (value(2) as u64, value(3) as u64, value(4) > 0.0);
        if curves.last().is_none_or(|(last, _)| *last != key) {
            curves.push((key, Curve::default()));
        }
        if let Some((_, curve)) = curves.last_mut() {
            curve.x.push(value(5));
            curve.y.push(value(column));
        }
    }
    curves
        .into_iter()
        .map(|((first, second, line), curve)| {
            let kind = if line { "line" } else { "curve" };
            Channel::new(
                format!("{FAMILY}{kind}/{first}-{second}"),
                format!("{kind}, seeds {first} and {second}"),
                unit,
                "Along a Bézier curve of low loss, and along the straight line between two seeds.",
                Data::Curve(Timeline::one(curve)),
            )
        })
        .collect()
}
