//! What the lab shows: one file a view.

mod accuracy;
mod annealing;
mod attribution;
mod boundary_strip;
mod distance_histogram;
mod latent_histogram;
mod layers;
mod levels;
mod loss;
mod oscillation_map;
mod restless;
mod row_scale;
mod scales;
mod select;
mod trace;

use weightscope_frame::lab::View;

use crate::config::{Config, Remedy};

/// The views in the order of the tiles.
pub(super) fn views(config: &Config) -> Vec<View<Config>> {
    let mut views = vec![
        trace::view(config),
        oscillation_map::view(),
        latent_histogram::view(config),
        accuracy::view(),
        scales::view(),
        attribution::view(),
        distance_histogram::view(),
        loss::view(),
        boundary_strip::view(config),
        row_scale::view(),
        layers::view(),
        restless::view(),
    ];
    if matches!(config.remedy, Remedy::Cga | Remedy::Freezing) {
        views.insert(4, annealing::view(config));
    }
    views
}
