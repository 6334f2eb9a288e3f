//! How long each model takes.

use crate::channels as ch;
use crate::config::Config;
use weightscope_frame::lab::View;
use weightscope_frame::record::{ViewKind, ViewSpec};

/// How long each model takes.
pub(super) fn view() -> View<Config> {
    View::new(ViewSpec {
        empty: "How long each model takes appears here as they are fitted. Press Run.".to_owned(),
        help: include_str!("../help/speed.md").to_owned(),
        ..ViewSpec::of("speed", "Speed", ViewKind::Table, &[&ch::SPEED])
    })
}
