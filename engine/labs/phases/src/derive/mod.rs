//! What follows from the record and the controls: phases and borders under other thresholds, histograms, transects, and a close look
//! at one cell.
//!
//! Contract: nothing here trains anything that the run did not train, except where a view says so (a trajectory is the cell's first
//! network trained again, with the same numbers).

mod borders;
pub(super) mod cell;
pub(super) mod channels;
pub(super) mod connections;
pub(super) mod curvature;
pub(super) mod diagram;
pub(super) mod histograms;
pub(super) mod landscape;
pub(super) mod learning;
pub(super) mod path;
pub(super) mod plane;
pub(super) mod transect;
pub(super) mod weights;

use crate::control;
use crate::plan::{Place, cell_key};
use crate::run::tables::{OfCell, rows};
use weightscope_frame::experiment::number;
use weightscope_frame::lab::Derive;
use weightscope_frame::record::declared::{Of, PictureKind, kinds::OfGrids, kinds::OfText};
use weightscope_frame::record::{Channel, Data, Grid, Record, Timeline};

/// A derived channel with its only picture.
fn picture<K: PictureKind>(of: &impl Of<K>, picture: K::Picture) -> Channel {
    let mut channel = of.channel();
    if let Some(timeline) = K::timeline(&mut channel.data) {
        timeline.push(0, picture);
    }
    channel
}

/// A derived channel of words.
fn text(of: &impl Of<OfText>, words: String) -> Channel {
    Channel { data: Data::Text(words), ..of.channel() }
}

/// The pictures of a channel.
fn grids<'a>(record: &'a Record, of: &impl Of<OfGrids>) -> Option<&'a Timeline<Grid>> {
    match &record.get(&of.id())?.data {
        Data::Grid(timeline) => Some(timeline),
        _ => None,
    }
}

/// Row and column of a cell in a picture.
fn position(grid: &Grid, place: Place) -> Option<(usize, usize)> {
    let at = |labels: &[String], value: f64| {
        let wanted = number(value);
        labels.iter().position(|label| *label == wanted)
    };
    Some((at(&grid.rows, place.temperature)?, at(&grid.columns, place.load)?))
}

/// The cell that the controls choose, among those of the record.
fn chosen_cell(job: &Derive<'_>) -> Option<Place> {
    let wanted = job.controls.word(control::CELL)?;
    rows::<OfCell>(job.record).map(|row| row.place()).find(|place| place.key() == wanted)
}

/// The key of the cell at a place of a picture: what a click selects.
pub(super) fn key_at(grid: &Grid, x: f64, y: f64) -> Option<String> {
    if x < 0.0 || y < 0.0 {
        return None;
    }
    Some(cell_key(grid.columns.get(x as usize)?, grid.rows.get(y as usize)?))
}
