//! The largest Hessian eigenvalues of the first network of the cell that is looked at.

use weightscope_frame::lab::View;
use weightscope_frame::record::{AxisSpec, ViewKind, ViewSpec};

use super::of_cell::spec;
use crate::config::Config;
use crate::control::{self as id, Rows, choice};
use crate::derive::cell::look;
use crate::derive::{channels as dc, curvature};

/// The largest eigenvalues by magnitude.
pub(super) fn view() -> View<Config> {
    let rows = choice::<Rows>(id::ROWS, "rows", "Whose loss is meant.");
    let words = ("eigenvalues", "Largest eigenvalues of the cell");
    View::new(ViewSpec {
        x: AxisSpec::new("eigenvalue, by magnitude", ""),
        y: AxisSpec::new("value", ""),
        help: include_str!("../help/eigenvalues.md").to_owned(),
        ..spec(words, ViewKind::Bars, &[&dc::EIGENVALUES], vec![rows])
    })
    .derived(|config, job| look(config, job, curvature::eigenvalues))
}
