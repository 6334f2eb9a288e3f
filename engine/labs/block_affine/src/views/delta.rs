//! The chosen matrix as a picture: what was added, what stood there, both together.

use weightscope_frame::lab::{Derive, View};
use weightscope_frame::record::declared::Of as _;
use weightscope_frame::record::{
    AxisSpec, Channel, ControlKind, ControlSpec, Data, Grid, Record, Timeline, ViewKind, ViewSpec,
};
use weightscope_frame::run::RunError;

use crate::channels as ch;
use crate::config::Config;

/// The control of the matrix, the same in all views.
pub(super) const MATRIX: &str = "matrix";
/// The control of the part.
const PART: &str = "part";
const UPDATE: &str = "update";
const WEIGHTS: &str = "weights";
const MERGED: &str = "merged";

/// Which matrix is shown.
pub(super) fn matrix() -> ControlSpec {
    let kind = ControlKind::ChoiceFrom { channel: ch::MATRICES.id().to_owned() };
    ControlSpec::new(MATRIX, "Matrix", "The adapted matrix that is looked at.", kind)
}

/// The view.
pub(super) fn view(_: &Config) -> View<Config> {
    let option = |key: &str, words: &str| (key.to_owned(), words.to_owned());
    let options =
        vec![option(UPDATE, "update ΔW"), option(WEIGHTS, "weights W"), option(MERGED, "merged W + ΔW")];
    let part = ControlKind::Choice { options, initial: UPDATE.to_owned() };
    View::new(ViewSpec {
        channels: vec![ch::SHOWN.id("matrix")],
        x: AxisSpec::new("input", ""),
        y: AxisSpec::new("output", ""),
        controls: vec![matrix(), ControlSpec::new(PART, "Show", "What is shown of the matrix.", part)],
        derives: vec![MATRIX.to_owned(), PART.to_owned()],
        empty: "The update of the chosen matrix appears here with the adaptation.".to_owned(),
        help: include_str!("../help/delta.md").to_owned(),
        ..ViewSpec::of("delta", "Update", ViewKind::Grid, &[&ch::SHOWN])
    })
    .derived(derive)
}

fn grids<'a>(record: &'a Record, id: &str) -> Option<&'a Timeline<Grid>> {
    match &record.get(id)?.data {
        Data::Grid(timeline) => Some(timeline),
        _ => None,
    }
}

fn derive(_: &Config, job: &Derive<'_>) -> Result<Vec<Channel>, RunError> {
    let Some(name) = job.controls.word(MATRIX) else { return Ok(Vec::new()) };
    let part = job.controls.word(PART).unwrap_or(UPDATE);
    let (Some(updates), Some(weights)) =
        (grids(job.record, &ch::DELTA.id(name)), grids(job.record, &ch::WEIGHT.id(name)))
    else {
        return Ok(Vec::new());
    };
    let mut shown = Timeline::default();
    let weight = weights.last().map(|(_, grid)| grid.clone()).unwrap_or_default();
    for (step, update) in updates.iter() {
        let grid = match part {
            WEIGHTS => weight.clone(),
            MERGED => {
                let values = weight.values.iter().zip(&update.values).map(|(weight, update)| weight + update);
                Grid { values: values.collect(), ..weight.clone() }
            }
            _ => update.clone(),
        };
        shown.push(step, grid);
    }
    let words = match part {
        WEIGHTS => "W",
        MERGED => "W + ΔW",
        _ => "ΔW",
    };
    let empty = ch::SHOWN.labelled("matrix", &format!("{words}, {name}")).channel();
    Ok(vec![Channel { data: Data::Grid(shown), ..empty }])
}
