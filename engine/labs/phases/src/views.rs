//! What the lab shows, and what a click selects.

mod cell;
mod grid;

use super::config::Config;
use super::derive::{name_at, view};
use super::metric::Metric;
use weightscope_frame::lab::Picked;
use weightscope_frame::record::{ControlValue, Data, Grid, Pick, Record, ViewSpec};

/// The views in the order of the tiles.
pub(super) fn views(config: &Config) -> Vec<ViewSpec> {
    vec![
        grid::diagram(config),
        grid::panels(config),
        grid::loss_histogram(config),
        grid::connectivity_histogram(config),
        grid::cka_histogram(config),
        grid::transect(config),
        cell::learning(),
        cell::landscape(),
        cell::line(),
        cell::spectrum(),
        cell::eigenvalues(),
        cell::connections(),
        cell::trajectory(),
        cell::weights(),
        cell::similarity(),
        grid::progress(),
        grid::cells(),
        grid::networks(),
    ]
}

/// A click on a picture of the grid chooses the cell that is looked at.
pub(super) fn pick(record: &Record, pick: &Pick) -> Picked {
    if ![view::DIAGRAM, view::PANELS].contains(&pick.view.as_str()) {
        return Picked::default();
    }
    let shown = picture(record, &pick.channel, pick.step)
        .or_else(|| picture(record, &Metric::TrainLoss.channel(), pick.step));
    let name = shown.and_then(|grid| name_at(grid, pick.x, pick.y));
    let controls = name
        .map(|name| (super::derive::control::CELL.to_owned(), ControlValue::Word(name)))
        .into_iter()
        .collect();
    Picked { controls, ..Picked::default() }
}

fn picture<'a>(record: &'a Record, channel: &str, step: u64) -> Option<&'a Grid> {
    match &record.get(channel)?.data {
        Data::Grid(timeline) => timeline.at(step).map(|(_, grid)| grid),
        _ => None,
    }
}
