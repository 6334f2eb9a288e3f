//! The change of one tensor as a picture of blocks.

use weightscope_frame::lab::{Derive, View};
use weightscope_frame::record::declared::Of as _;
use weightscope_frame::record::{AxisSpec, Channel, Data, Grid, Timeline, ViewKind, ViewSpec};
use weightscope_frame::run::RunError;

use super::shown::{TENSOR, name_of, row, row_of, tensor};
use crate::channels as ch;
use crate::config::Config;

/// The view.
pub(super) fn view(_: &Config) -> View<Config> {
    View::new(ViewSpec {
        subject: Some(TENSOR.to_owned()),
        x: AxisSpec::new("part of the columns", ""),
        y: AxisSpec::new("part of the rows", ""),
        color: Some(AxisSpec::new("mean |ΔW|", "")),
        channels: vec![ch::SHOWN_GRID.id().to_owned()],
        controls: vec![tensor()],
        derives: vec![TENSOR.to_owned()],
        empty: "The change of the chosen tensor appears here, block by block.".to_owned(),
        help: include_str!("../help/delta.md").to_owned(),
        ..ViewSpec::of("delta", "ΔW", ViewKind::Grid, &[&ch::SHOWN_GRID])
    })
    .derived(derive)
}

fn derive(_: &Config, job: &Derive<'_>) -> Result<Vec<Channel>, RunError> {
    let row = row(job);
    let Some(values) = row_of(job.record, ch::DELTAS.id(), row) else { return Ok(Vec::new()) };
    let side = (values.len() as f64).sqrt() as usize;
    let known = |line: &[f32]| line.iter().take_while(|value| !value.is_nan()).count();
    let lines: Vec<&[f32]> = values.chunks(side.max(1)).filter(|line| known(line) > 0).collect();
    let columns = lines.iter().map(|line| known(line)).max().unwrap_or(0);
    if columns == 0 {
        return Ok(Vec::new());
    }
    let names = |count: usize| (0..count).map(|number| number.to_string()).collect::<Vec<_>>();
    // As matrices are written: the first row above.
    let picture = Grid {
        rows: names(lines.len()).into_iter().rev().collect(),
        columns: names(columns),
        values: lines.iter().rev().flat_map(|line| line.iter().take(columns).copied()).collect(),
        ..Grid::default()
    };
    let label = format!("ΔW, {}", name_of(job.record, row));
    Ok(vec![Channel { label, data: Data::Grid(Timeline::one(picture)), ..ch::SHOWN_GRID.channel() }])
}
