//! Alarms with their rules and what to do.

use weightscope_frame::lab::View;
use weightscope_frame::record::{ViewKind, ViewSpec};

use crate::channels as ch;
use crate::config::Config;

/// The view.
pub(super) fn view(_: &Config) -> View<Config> {
    View::new(ViewSpec {
        empty: "Alarms appear here with their rules as they are raised. Press Run.".to_owned(),
        help: include_str!("../help/alarms.md").to_owned(),
        ..ViewSpec::of("alarms", "Alarms", ViewKind::Table, &[&ch::ALARMS])
    })
}
