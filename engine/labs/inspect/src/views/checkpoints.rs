//! The files of the folder.

use weightscope_frame::lab::View;
use weightscope_frame::record::{ViewKind, ViewSpec};

use crate::channels as ch;
use crate::config::Config;

/// The view.
pub(super) fn view(_: &Config) -> View<Config> {
    View::new(ViewSpec {
        empty: "The files of the folder appear here in their order, with what was left out and why."
            .to_owned(),
        help: include_str!("../help/checkpoints.md").to_owned(),
        ..ViewSpec::of("checkpoints", "Checkpoints", ViewKind::Table, &[&ch::CHECKPOINTS])
    })
}
