//! The ways between the seeds of the cell that is looked at.

use weightscope_frame::lab::View;
use weightscope_frame::record::{AxisSpec, ViewKind, ViewSpec};

use super::of_cell::spec;
use crate::config::Config;
use crate::control::{self as id, Profile, choice};
use crate::derive::{channels as dc, connections};

/// Curves and straight lines between the seeds, as the run measured them.
pub(super) fn view() -> View<Config> {
    let profile = choice::<Profile>(id::PROFILE, "show", "What is drawn along the way.");
    let words = ("connections", "Between the seeds of the cell");
    View::new(ViewSpec {
        x: AxisSpec::new("place between the seeds", "").limits(0.0, 1.0),
        y: AxisSpec::new("error or loss", ""),
        help: include_str!("../help/connections.md").to_owned(),
        ..spec(words, ViewKind::Curve, &[&dc::CONNECTION], vec![profile])
    })
    .derived(|_, job| Ok(connections::channels(job)))
}
