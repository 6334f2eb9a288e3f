//! Profiles of the curves and straight lines between the seeds of a cell, as the run measured them.

use super::{channels as dc, picture};
use crate::control::{self, Profile};
use crate::run::tables::{OfProfile, Row, rows};
use weightscope_frame::lab::Derive;
use weightscope_frame::record::{Channel, Curve};

/// Which curve a row of the table belongs to.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Way {
    first: u64,
    second: u64,
    on_line: bool,
}

impl Way {
    fn of(row: &Row<'_, OfProfile>) -> Self {
        Self {
            first: row.number(OfProfile::First) as u64,
            second: row.number(OfProfile::Second) as u64,
            on_line: row.number(OfProfile::OnLine) > 0.0,
        }
    }
}

/// One curve for each pair of seeds and kind of way.
pub(crate) fn channels(job: &Derive<'_>) -> Vec<Channel> {
    let Some(wanted) = job.controls.word(control::CELL) else { return Vec::new() };
    let (column, unit) = match control::chosen(job, control::PROFILE) {
        Some(Profile::TrainLoss) => (OfProfile::TrainLoss, "nat"),
        Some(Profile::TestError) => (OfProfile::TestError, "%"),
        _ => (OfProfile::TrainError, "%"),
    };
    let mut curves: Vec<(Way, Curve)> = Vec::new();
    for row in rows::<OfProfile>(job.record).filter(|row| row.place().key() == wanted) {
        let way = Way::of(&row);
        if curves.last().is_none_or(|(last, _)| *last != way) {
            curves.push((way, Curve::default()));
        }
        if let Some((_, curve)) = curves.last_mut() {
            curve.x.push(row.number(OfProfile::At));
            curve.y.push(row.number(column));
        }
    }
    let channel = |(Way { first, second, on_line }, curve): (Way, Curve)| {
        let kind = if on_line { "line" } else { "curve" };
        let label = format!("{kind}, seeds {first} and {second}");
        let member = dc::CONNECTION.labelled(&format!("{kind}/{first}-{second}"), &label);
        Channel { unit: unit.to_owned(), ..picture(&member, curve) }
    };
    curves.into_iter().map(channel).collect()
}
