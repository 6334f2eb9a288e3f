//! Learning curves of the cell that is looked at.

use weightscope_frame::lab::View;
use weightscope_frame::record::{AxisScale, AxisSpec, ViewKind, ViewSpec};

use super::of_cell::spec;
use crate::config::Config;
use crate::control::{self as id, Quantity, choice};
use crate::derive::cell::look;
use crate::derive::{channels as dc, learning};

/// Loss or accuracy over the epochs.
pub(super) fn view() -> View<Config> {
    let quantity = choice::<Quantity>(id::QUANTITY, "show", "Loss or accuracy.");
    let words = ("learning_curves", "Learning curves of the cell");
    View::new(ViewSpec {
        x: AxisSpec::new("epoch", "").scale(AxisScale::Symlog),
        y: AxisSpec::new("loss or accuracy", ""),
        help: include_str!("../help/learning_curves.md").to_owned(),
        ..spec(words, ViewKind::Curve, &[&dc::LEARNING], vec![quantity])
    })
    .derived(|config, job| look(config, job, |cell, job| Ok(learning::channels(cell, job))))
}
