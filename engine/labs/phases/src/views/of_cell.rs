//! What the views of the cell that is looked at have in common.

use weightscope_frame::record::declared::Declaration;
use weightscope_frame::record::{ControlSpec, ViewKind, ViewSpec};

use crate::control;

/// A view of the cell that is looked at, with further controls of its own.
pub(super) fn spec(
    (id, title): (&str, &str),
    kind: ViewKind,
    channels: &[&dyn Declaration],
    more: Vec<ControlSpec>,
) -> ViewSpec {
    let mut controls = vec![control::cell()];
    controls.extend(more);
    ViewSpec {
        derives: controls.iter().map(|control| control.id.clone()).collect(),
        controls,
        empty: "A close look at one cell appears here once its networks are trained and stored: click one in the diagram.".to_owned(),
        ..ViewSpec::of(id, title, kind, channels)
    }
}
