//! Sampled text.

use weightscope_frame::lab::View;
use weightscope_frame::record::{ViewKind, ViewSpec};

use crate::channels as ch;
use crate::config::Config;

/// The view.
pub(super) fn view(_: &Config) -> View<Config> {
    View::new(ViewSpec {
        empty: "Text sampled before and after the adaptation appears here at the end.".to_owned(),
        help: include_str!("../help/samples.md").to_owned(),
        ..ViewSpec::of("samples", "Samples", ViewKind::Text, &[&ch::SAMPLES])
    })
}
