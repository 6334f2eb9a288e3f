//! Generated networks in a table.

use weightscope_frame::lab::View;
use weightscope_frame::record::{ViewKind, ViewSpec};

use crate::channels as ch;
use crate::config::Config;

/// The view.
pub(super) fn view(_: &Config) -> View<Config> {
    View::new(ViewSpec {
        empty: "Generated networks with their accuracies and nearest networks appear here at the end."
            .to_owned(),
        help: include_str!("../help/models.md").to_owned(),
        ..ViewSpec::of("models", "Networks", ViewKind::Table, &[&ch::MODELS])
    })
}
