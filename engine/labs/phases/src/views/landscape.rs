//! The training loss over a plane through the first network of the cell that is looked at.

use weightscope_frame::lab::View;
use weightscope_frame::record::{AxisScale, AxisSpec, ViewKind, ViewSpec};

use super::of_cell::spec;
use crate::config::Config;
use crate::control::{self as id, PlaneAxes, Resolution, choice};
use crate::derive::cell::look;
use crate::derive::{channels as dc, plane};

/// Loss over a plane, with the path of training where it lies in the plane.
pub(super) fn view() -> View<Config> {
    let axes = choice::<PlaneAxes>(
        id::AXES,
        "axes",
        "Random directions scaled to the filters, towards the other seeds, the largest Hessian eigenvectors, or the main motions of training.",
    );
    let points = choice::<Resolution>(id::RESOLUTION, "points", "Points along each axis.");
    let words = ("landscape", "Loss landscape of the cell");
    View::new(ViewSpec {
        x: AxisSpec::new("first direction", ""),
        y: AxisSpec::new("second direction", ""),
        color: Some(AxisSpec::new("train loss", "nat").scale(AxisScale::Log)),
        overlays: vec![dc::PLANE_PATH.id().to_owned()],
        help: include_str!("../help/landscape.md").to_owned(),
        ..spec(words, ViewKind::Grid, &[&dc::PLANE], vec![axes, points])
    })
    .derived(|config, job| look(config, job, plane::plane))
}
