//! The weights of one row on the axis of the quantization levels, read from the file again.

use weightscope_frame::lab::{Derive, View};
use weightscope_frame::record::declared::Of as _;
use weightscope_frame::record::{
    AxisSpec, Channel, ControlKind, ControlSpec, Data, Dot, Timeline, ViewKind, ViewSpec,
};
use weightscope_frame::run::RunError;
use weightscope_weights::measure::matrix_of;

use super::shown::{BITS, GROUPING, TENSOR, bits, bits_of, grouping, grouping_of, name_of, row, tensor};
use crate::channels as ch;
use crate::config::{Config, Grouping};
use crate::files;
use crate::levels::{Quantizer, group_of, magnitudes};

/// The control of the row inside the tensor.
const ROW: &str = "row";
/// Most weights of a row that are drawn.
const MOST: usize = 4096;

/// The view.
pub(super) fn view(config: &Config) -> View<Config> {
    let kind = ControlKind::Number { low: 0.0, high: 1e6, initial: 0.0, logarithmic: false };
    let row =
        ControlSpec::new(ROW, "Row", "The row of the tensor whose weights are drawn, counted from 0.", kind);
    View::new(ViewSpec {
        subject: Some(TENSOR.to_owned()),
        x: AxisSpec::new("level", "step"),
        y: AxisSpec::new("column", ""),
        color: Some(AxisSpec::new("to a boundary", "step").limits(0.0, 0.5)),
        channels: vec![ch::SHOWN_POINTS.id().to_owned()],
        controls: vec![tensor(), row, bits(config), grouping(config)],
        derives: [TENSOR, ROW, BITS, GROUPING].map(str::to_owned).to_vec(),
        empty: "Weights of a row on the axis of the levels appear here; they are read from the file again."
            .to_owned(),
        help: include_str!("../help/boundary_strip.md").to_owned(),
        ..ViewSpec::of("boundary_strip", "Boundary strip", ViewKind::Scatter, &[&ch::SHOWN_POINTS])
    })
    .derived(derive)
}

fn derive(config: &Config, job: &Derive<'_>) -> Result<Vec<Channel>, RunError> {
    let name = name_of(job.record, row(job));
    // Until the run says which file it looks at there is nothing to draw.
    let Some(recorded) = files::recorded_state(job.record) else { return Ok(Vec::new()) };
    let Some(place) = files::first_place(config, job.folder)? else { return Ok(Vec::new()) };
    let source = files::open_at("model", &place)?;
    // Another file under the same name is none of this run.
    if files::state_of(source.as_ref()) != recorded {
        let text = format!("the file has changed since the run: run again: {place}");
        return Err(RunError::setting("model", text));
    }
    let Some(at) = source.tensors().iter().position(|tensor| tensor.name == name) else {
        return Ok(Vec::new());
    };
    let shape = source.tensors().get(at).map(|tensor| tensor.shape.clone()).unwrap_or_default();
    let (rows, columns) = matrix_of(&shape);
    let (grouping, quantizer) =
        (grouping_of(config, job), Quantizer::new(config.scale, bits_of(config, job)));
    let Some(quantizer) = quantizer.filter(|_| rows > 0 && columns > 0) else { return Ok(Vec::new()) };
    let row = (job.controls.number(ROW).unwrap_or(0.0).max(0.0) as usize).min(rows - 1);
    let mut values = Vec::new();
    source
        .read(at, row * columns, columns, &mut values)
        .map_err(|error| RunError::setting("model", error.to_string()))?;
    // One step for the whole tensor needs all of it.
    let of_tensor = if grouping == Grouping::Tensor {
        let all = files::whole(source.as_ref(), at, || Ok(job.control.check()?))?;
        Some(magnitudes(&all))
    } else {
        None
    };
    let mut dots = Vec::new();
    for (column, weight) in values.iter().enumerate().take(MOST) {
        let group = values.get(group_of(column, columns, columns, grouping)).unwrap_or(&values);
        let (largest, mean) = of_tensor.unwrap_or_else(|| magnitudes(group));
        let position = quantizer.position(f64::from(*weight), quantizer.step(largest, mean));
        if position.is_finite() {
            let distance = quantizer.to_boundary(position).min(0.5);
            dots.push(Dot::new(position, column as f64, distance, column as u64));
        }
    }
    let label = format!("{name}, row {row} of {rows}");
    let channel = ch::SHOWN_POINTS.channel();
    Ok(vec![Channel { label, data: Data::Points(Timeline::one(dots)), ..channel }])
}
