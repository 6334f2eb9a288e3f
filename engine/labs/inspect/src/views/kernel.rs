//! The kernel of a convolution, position by position.

use weightscope_frame::lab::{Derive, View};
use weightscope_frame::record::declared::Of as _;
use weightscope_frame::record::{AxisSpec, Channel, Data, Grid, Timeline, ViewKind, ViewSpec};
use weightscope_frame::run::RunError;

use super::shown::{TENSOR, name_of, row, row_of, shape, tensor};
use crate::channels as ch;
use crate::config::Config;

/// The view.
pub(super) fn view(_: &Config) -> View<Config> {
    View::new(ViewSpec {
        subject: Some(TENSOR.to_owned()),
        x: AxisSpec::new("column of the kernel", ""),
        y: AxisSpec::new("row of the kernel", ""),
        color: Some(AxisSpec::new("root mean square weight", "")),
        channels: vec![ch::SHOWN_GRID.id().to_owned()],
        controls: vec![tensor()],
        derives: vec![TENSOR.to_owned()],
        tab_of: Some("outliers".to_owned()),
        empty:
            "The kernel of the chosen convolution appears here, pooled over its channels; vectors have none."
                .to_owned(),
        help: include_str!("../help/kernel.md").to_owned(),
        ..ViewSpec::of("kernel", "Kernel positions", ViewKind::Grid, &[&ch::SHOWN_GRID])
    })
    .derived(derive)
}

fn derive(_: &Config, job: &Derive<'_>) -> Result<Vec<Channel>, RunError> {
    let row = row(job);
    let values = row_of(job.record, ch::KERNELS.id(), row).unwrap_or_default();
    let shape = shape(job.record, row).unwrap_or_default();
    let width = shape.get(2..).and_then(<[usize]>::last).copied().unwrap_or(1);
    let known: Vec<f32> = values.iter().copied().take(shape.iter().skip(2).product()).collect();
    if width == 0 || known.is_empty() || known.iter().all(|value| value.is_nan()) {
        return Ok(Vec::new());
    }
    let names = |count: usize| (0..count).map(|number| number.to_string()).collect::<Vec<_>>();
    // As kernels are written: the first row above.
    let picture = Grid {
        rows: names(known.len() / width).into_iter().rev().collect(),
        columns: names(width),
        values: known.chunks(width).rev().flatten().copied().collect(),
        ..Grid::default()
    };
    let label = name_of(job.record, row);
    Ok(vec![Channel { label, data: Data::Grid(Timeline::one(picture)), ..ch::SHOWN_GRID.channel() }])
}
