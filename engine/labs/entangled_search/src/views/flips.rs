//! Changes of the arg-max as a table.

use weightscope_frame::lab::View;
use weightscope_frame::record::{ViewKind, ViewSpec};

use crate::channels as ch;
use crate::config::Config;

/// The view.
pub(super) fn view(_: &Config) -> View<Config> {
    View::new(ViewSpec {
        tab_of: Some("chosen".to_owned()),
        empty: "Changes of the arg-max appear here with their steps. Press Run.".to_owned(),
        help: include_str!("../help/flips.md").to_owned(),
        ..ViewSpec::of("flips", "Flips", ViewKind::Table, &[&ch::FLIPS])
    })
}
