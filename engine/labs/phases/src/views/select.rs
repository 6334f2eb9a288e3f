//! What a click on a picture of the grid selects.

use weightscope_frame::lab::Picked;
use weightscope_frame::record::declared::Of as _;
use weightscope_frame::record::{ControlValue, Data, Grid, Pick, Record};

use crate::config::Config;
use crate::control;
use crate::derive::key_at;
use crate::metric::Metric;

/// The cell under the click becomes the one that is looked at.
pub(super) fn cell(_: &Config, record: &Record, pick: &Pick) -> Picked {
    // A brushed rectangle is a part of the grid to refine; what is looked at stays.
    if pick.region.is_some() {
        return Picked::default();
    }
    // A derived picture is not in the record; that of the losses has the same cells.
    let shown = picture(record, &pick.channel, pick.step)
        .or_else(|| picture(record, &Metric::TrainLoss.id(), pick.step));
    let key = shown.and_then(|grid| key_at(grid, pick.x, pick.y));
    let controls = key.map(|key| (control::CELL.to_owned(), ControlValue::Word(key))).into_iter().collect();
    Picked { controls, ..Picked::default() }
}

fn picture<'a>(record: &'a Record, channel: &str, step: u64) -> Option<&'a Grid> {
    match &record.get(channel)?.data {
        Data::Grid(timeline) => timeline.at(step).map(|(_, grid)| grid),
        _ => None,
    }
}
