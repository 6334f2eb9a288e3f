//! The arg-max as a network.

use weightscope_frame::lab::View;
use weightscope_frame::record::{ViewKind, ViewSpec};

use crate::channels as ch;
use crate::config::Config;

/// The view.
pub(super) fn view(_: &Config) -> View<Config> {
    View::new(ViewSpec {
        empty: "The network of the arg-max appears here, and is drawn anew at each flip. Press Run."
            .to_owned(),
        help: include_str!("../help/chosen.md").to_owned(),
        ..ViewSpec::of("chosen", "Chosen network", ViewKind::Graph, &[&ch::CHOSEN])
    })
}
