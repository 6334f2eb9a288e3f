//! The figures of each network and of its twin.

use weightscope_frame::lab::View;
use weightscope_frame::record::{ViewKind, ViewSpec};

use crate::channels as ch;
use crate::config::Config;

/// The view.
pub(super) fn view(_: &Config) -> View<Config> {
    View::new(ViewSpec {
        empty: "The figures of each network appear here as repeats are done.".to_owned(),
        help: include_str!("../help/networks.md").to_owned(),
        ..ViewSpec::of("networks", "Networks", ViewKind::Table, &[&ch::NETWORKS])
    })
}
