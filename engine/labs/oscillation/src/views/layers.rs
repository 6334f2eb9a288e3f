//! The table of the quantized matrices.

use weightscope_frame::lab::View;
use weightscope_frame::record::{ViewKind, ViewSpec};

use crate::channels as ch;
use crate::config::Config;

/// The table of the quantized matrices.
pub(super) fn view() -> View<Config> {
    View::new(ViewSpec {
        empty: "Figures of each layer appear here. Press Run.".to_owned(),
        help: include_str!("../help/layers.md").to_owned(),
        ..ViewSpec::of("layers", "Layers", ViewKind::Table, &[&ch::LAYERS])
    })
}
