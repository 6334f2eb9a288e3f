//! From which size at the start to which size at the end weights went.

use weightscope_frame::lab::View;
use weightscope_frame::record::{AxisSpec, ViewKind, ViewSpec};

use crate::channels as ch;
use crate::config::Config;

/// The view.
pub(super) fn view(_: &Config) -> View<Config> {
    View::new(ViewSpec {
        x: AxisSpec::new("|w| / std at the end", ""),
        y: AxisSpec::new("|w| / std at the start", ""),
        color: Some(AxisSpec::new("share of the row", "")),
        empty: "Where the weights of each size went appears here with the start of the first repeat."
            .to_owned(),
        help: include_str!("../help/revival.md").to_owned(),
        ..ViewSpec::of("revival", "Revived and asleep", ViewKind::Panels, &[&ch::REVIVAL])
    })
}
