//! The cells as numbers.

use weightscope_frame::lab::View;
use weightscope_frame::record::{ViewKind, ViewSpec};

use crate::channels as ch;
use crate::config::Config;

/// The cells as numbers.
pub(super) fn view() -> View<Config> {
    View::new(ViewSpec {
        empty: "The metrics of each cell as numbers appear here. Press Run.".to_owned(),
        help: include_str!("../help/cells.md").to_owned(),
        ..ViewSpec::of("cells", "Cells", ViewKind::Table, &[&ch::CELL_TABLE])
    })
}
