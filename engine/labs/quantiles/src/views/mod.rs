//! What the lab shows: one file a view, in folders where several views follow from one computation. Everything but the training curves
//! follows from the record and the shared controls, so that turning one redraws without training anything again.

mod across;
mod boards;
mod chosen;
mod conformal_pairs;
mod conformal_scores;
mod controls;
mod crossing;
mod draw;
mod facts;
mod fan;
mod inspector;
mod inspector_facts;
mod leaderboard;
mod look;
mod operators;
mod order;
mod pit;
mod reliability;
mod score_parts;
mod slices;
mod speed;
mod training;
mod weights;

use weightscope_frame::lab::View;
use weightscope_frame::record::declared::Declaration;
use weightscope_frame::record::{ControlSpec, ViewKind, ViewSpec};

use super::config::Config;

pub(super) use boards::keep_boards;
pub(super) use controls::NOBODY;
pub(super) use look::grid_of_offsets;
pub(super) use order::Order;

/// The views in the order of the tiles.
pub(super) fn views(config: &Config) -> Vec<View<Config>> {
    let mut views = vec![fan::view()];
    views.extend(in_one_tile([reliability::view(), pit::view()]));
    views.extend(in_one_tile([leaderboard::view(), score_parts::view()].into_iter().chain(across::views())));
    views.extend(in_one_tile(weights::views(config)));
    views.extend(in_one_tile(slices::views().into_iter().chain([crossing::view(), operators::view()])));
    views.extend(in_one_tile(training::views().into_iter().chain([speed::view(), chosen::view()])));
    views.extend(in_one_tile([conformal_scores::view(), conformal_pairs::view()]));
    views.extend(in_one_tile([inspector::view(), inspector_facts::view()]));
    views
}

/// Views of one question share a tile, the first in front: eight tiles are read at a glance, twenty-odd are not.
fn in_one_tile(views: impl IntoIterator<Item = View<Config>>) -> Vec<View<Config>> {
    let mut views: Vec<View<Config>> = views.into_iter().collect();
    if let Some((first, others)) = views.split_first_mut() {
        others.iter_mut().for_each(|view| view.spec.tab_of = Some(first.spec.id.clone()));
    }
    views
}

/// The specification of a view whose channels follow from these controls.
fn derived(
    id: &str,
    title: &str,
    kind: ViewKind,
    channels: &[&dyn Declaration],
    controls: &[ControlSpec],
) -> ViewSpec {
    ViewSpec {
        controls: controls.to_vec(),
        derives: controls.iter().map(|control| control.id.clone()).collect(),
        ..ViewSpec::of(id, title, kind, channels)
    }
}
