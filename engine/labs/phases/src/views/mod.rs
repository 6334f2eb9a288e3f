//! What the lab shows: one file a view. Views of the grid are derived from the record, those of a cell from the networks in the run's zoo.

mod cells;
mod cka_histogram;
mod connections;
mod connectivity_histogram;
mod diagram;
mod eigenvalues;
mod histogram;
mod landscape;
mod landscape_line;
mod learning_curves;
mod loss_histogram;
mod networks;
mod networks_done;
mod of_cell;
mod panels;
mod refine;
mod select;
mod similarity;
mod spectrum;
mod thresholds;
mod trajectory;
mod transect;
mod weights;

use weightscope_frame::lab::View;
use weightscope_frame::record::AxisSpec;

use crate::config::Config;

/// The views in the order of the tiles.
pub(super) fn views(config: &Config) -> Vec<View<Config>> {
    vec![
        diagram::view(config),
        panels::view(config),
        loss_histogram::view(config),
        connectivity_histogram::view(config),
        cka_histogram::view(config),
        transect::view(config),
        learning_curves::view(),
        landscape::view(),
        landscape_line::view(),
        spectrum::view(),
        eigenvalues::view(),
        connections::view(),
        trajectory::view(),
        weights::view(),
        similarity::view(),
        networks_done::view(),
        cells::view(),
        networks::view(),
    ]
}

/// The axes of a picture of the grid: load and temperature.
fn axes(config: &Config) -> (AxisSpec, AxisSpec) {
    (AxisSpec::new(config.load.axis(), ""), AxisSpec::new(config.temperature.axis(), ""))
}
