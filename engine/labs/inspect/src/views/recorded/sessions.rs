//! The recording itself: sessions, seams, what was left out.

use weightscope_frame::lab::View;
use weightscope_frame::record::{ViewKind, ViewSpec};

use crate::channels as ch;
use crate::config::Config;

/// The view.
pub(super) fn view(_: &Config) -> View<Config> {
    View::new(ViewSpec {
        empty: "Sessions of the training appear here, with what was left out.".to_owned(),
        help: include_str!("../../help/recording.md").to_owned(),
        ..ViewSpec::of("recording", "Recording", ViewKind::Table, &[&ch::RECORDING])
    })
}
