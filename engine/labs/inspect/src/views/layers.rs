//! The table of tensors.

use weightscope_frame::lab::View;
use weightscope_frame::record::{ViewKind, ViewSpec};

use super::shown::{pick_row, tensor};
use crate::channels as ch;
use crate::config::Config;

/// The view.
pub(super) fn view(_: &Config) -> View<Config> {
    View::new(ViewSpec {
        controls: vec![tensor()],
        empty: "The tensors of the file appear here as soon as it is open. Press Run, or drop a weight file on the window.".to_owned(),
        help: include_str!("../help/layers.md").to_owned(),
        ..ViewSpec::of("layers", "Tensors", ViewKind::Table, &[&ch::LAYERS])
    })
    .clicked(|_, _, pick| pick_row(pick.y))
}
