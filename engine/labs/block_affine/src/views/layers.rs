//! How far each matrix has moved, over steps; a click chooses the matrix that the others show.

use weightscope_frame::lab::{Picked, View};
use weightscope_frame::record::{AxisSpec, ControlValue, Pick, Record, ViewKind, ViewSpec};

use super::delta::MATRIX;
use crate::channels as ch;
use crate::config::Config;

/// The view.
pub(super) fn view(_: &Config) -> View<Config> {
    View::new(ViewSpec {
        y: AxisSpec::new("matrix", ""),
        color: Some(AxisSpec::new("‖ΔW‖/‖W‖", "")),
        empty: "How far each matrix has moved appears here with the first recorded step.".to_owned(),
        help: include_str!("../help/layers.md").to_owned(),
        ..ViewSpec::of("layers", "Layers", ViewKind::HeatMap, &[&ch::RELATIVE])
    })
    .clicked(select)
}

/// The matrix of the row under the click.
fn select(_: &Config, record: &Record, pick: &Pick) -> Picked {
    let row = pick.y.max(0.0) as usize;
    let name = record.vector(ch::RELATIVE.id()).and_then(|vector| vector.components.get(row));
    let controls = name.map(|component| (MATRIX.to_owned(), ControlValue::Word(component.label.clone())));
    Picked {
        controls: controls.into_iter().collect(),
        shown_in: Some("delta".to_owned()),
        ..Picked::default()
    }
}
