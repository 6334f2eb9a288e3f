//! The networks as numbers.

use weightscope_frame::lab::View;
use weightscope_frame::record::{ViewKind, ViewSpec};

use crate::channels as ch;
use crate::config::Config;

/// The networks as numbers.
pub(super) fn view() -> View<Config> {
    View::new(ViewSpec {
        empty: "Each network as numbers appears here. Press Run.".to_owned(),
        help: include_str!("../help/networks.md").to_owned(),
        ..ViewSpec::of("networks", "Networks", ViewKind::Table, &[&ch::NETWORK_TABLE])
    })
}
