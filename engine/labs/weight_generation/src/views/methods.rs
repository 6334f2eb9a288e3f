//! Every way to get networks, side by side.

use weightscope_frame::lab::View;
use weightscope_frame::record::{AxisSpec, ViewKind, ViewSpec};

use crate::channels as ch;
use crate::config::Config;

/// The bars.
pub(super) fn view(_: &Config) -> View<Config> {
    View::new(ViewSpec {
        one_channel: true,
        x: AxisSpec::new("zero-shot accuracy", "").limits(0.0, 1.0),
        y: AxisSpec::new("", ""),
        empty: "Accuracies of generated networks and of everything simpler appear here with the evaluation."
            .to_owned(),
        help: include_str!("../help/methods.md").to_owned(),
        ..ViewSpec::of("methods", "Methods", ViewKind::Bars, &[&ch::METHODS])
    })
}

/// The same as a table.
pub(super) fn table(_: &Config) -> View<Config> {
    View::new(ViewSpec {
        tab_of: Some("methods".to_owned()),
        empty: "The table of methods appears here with the evaluation.".to_owned(),
        help: include_str!("../help/methods.md").to_owned(),
        ..ViewSpec::of("method_table", "Methods as a table", ViewKind::Table, &[&ch::METHOD_TABLE])
    })
}
