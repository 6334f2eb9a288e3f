//! The networks of the small tasks, by seed.

use weightscope_frame::lab::View;
use weightscope_frame::record::{ViewKind, ViewSpec};

use crate::channels as ch;
use crate::config::Config;

/// The view.
pub(super) fn view(_: &Config) -> View<Config> {
    View::new(ViewSpec {
        empty: "Accuracy and losses of each network appear here at the end.".to_owned(),
        help: include_str!("../help/seeds.md").to_owned(),
        ..ViewSpec::of("seeds", "Networks", ViewKind::Table, &[&ch::SEEDS])
    })
}
