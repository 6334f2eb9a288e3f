//! Errors of merging, taking apart, a second adapter, and conversions.

use weightscope_frame::lab::View;
use weightscope_frame::record::{ViewKind, ViewSpec};

use crate::channels as ch;
use crate::config::Config;

/// The view.
pub(super) fn view(_: &Config) -> View<Config> {
    View::new(ViewSpec {
        empty: "Errors of merging and of conversions appear here at the end.".to_owned(),
        help: include_str!("../help/merge.md").to_owned(),
        ..ViewSpec::of("merge", "Merging", ViewKind::Table, &[&ch::MERGING])
    })
}
