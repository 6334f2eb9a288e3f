//! The Hessian spectrum of the first network of the cell that is looked at.

use weightscope_frame::lab::View;
use weightscope_frame::record::{AxisScale, AxisSpec, ViewKind, ViewSpec};

use super::of_cell::spec;
use crate::config::Config;
use crate::derive::cell::look;
use crate::derive::{channels as dc, curvature};

/// Density of the Hessian's eigenvalues, on training and test rows.
pub(super) fn view() -> View<Config> {
    let words = ("spectrum", "Hessian spectrum of the cell");
    View::new(ViewSpec {
        x: AxisSpec::new("eigenvalue", ""),
        y: AxisSpec::new("density", "").scale(AxisScale::Log),
        help: include_str!("../help/spectrum.md").to_owned(),
        ..spec(words, ViewKind::Curve, &[&dc::DENSITY], Vec::new())
    })
    .derived(|config, job| look(config, job, curvature::spectrum))
}
