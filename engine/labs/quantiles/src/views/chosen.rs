//! With which settings each model was fitted.

use crate::channels as ch;
use crate::config::Config;
use weightscope_frame::lab::View;
use weightscope_frame::record::{ViewKind, ViewSpec};

/// With which settings each model was fitted.
pub(super) fn view() -> View<Config> {
    View::new(ViewSpec {
        empty: "The settings of each model appear here as they are fitted. Press Run.".to_owned(),
        help: include_str!("../help/settings.md").to_owned(),
        ..ViewSpec::of("chosen", "Settings of the models", ViewKind::Table, &[&ch::CHOSEN])
    })
}
