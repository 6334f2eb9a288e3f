//! What views of one tensor share: the control that chooses it, and what the record says of it.

use weightscope_frame::lab::{Derive, Picked};
use weightscope_frame::record::declared::{Member, Of as _, kinds::OfCurves};
use weightscope_frame::record::{
    ActionSpec, Acts, Channel, Component, ControlKind, ControlSpec, ControlValue, Curve, Data, Grid, Mark,
    Marks, Record, Series, Table, Timeline, Vector,
};

use crate::channels as ch;
use crate::config::{Config, Grouping, Scale};
use crate::run::STOP;

/// The control of the tensor.
pub(super) const TENSOR: &str = "tensor";
/// The controls of the quantizer.
pub(super) const BITS: &str = "bits";
pub(super) const GROUPING: &str = "grouping";

/// Which tensor is looked at.
pub(super) fn tensor() -> ControlSpec {
    let kind = ControlKind::Row { of: ch::MAP.id().to_owned() };
    ControlSpec::new(
        TENSOR,
        "Tensor",
        "The tensor that is looked at; a click on a row or a dot chooses it in all views.",
        kind,
    )
    .starting_at(ch::FIRST_LOOK.id())
}

/// How many bits the levels have.
pub(super) fn bits(config: &Config) -> ControlSpec {
    let kind = widths(config);
    ControlSpec::new(BITS, "Bits", "Width of the integer levels, without running anything again.", kind)
}

/// The widths of levels that can be chosen.
pub(super) fn widths(config: &Config) -> ControlKind {
    let options = (2_u8..=8).map(|bits| (bits.to_string(), bits.to_string()));
    ControlKind::Choice { options: options.collect(), initial: config.bits.to_string() }
}

/// What shares a step.
pub(super) fn grouping(config: &Config) -> ControlSpec {
    let options =
        Grouping::ALL.iter().map(|grouping| (grouping.key().to_owned(), words(*grouping).to_owned()));
    let kind = ControlKind::Choice { options: options.collect(), initial: config.grouping.key().to_owned() };
    ControlSpec::new(
        GROUPING,
        "Grouping",
        "What shares one quantization step, without running anything again.",
        kind,
    )
}

/// A grouping in words.
pub(super) fn words(grouping: Grouping) -> &'static str {
    match grouping {
        Grouping::Tensor => "tensor",
        Grouping::Row => "row",
        Grouping::Of32 => "groups of 32",
        Grouping::Of64 => "groups of 64",
        Grouping::Of128 => "groups of 128",
    }
}

/// The scale in words.
pub(super) fn scale_words(config: &Config) -> &'static str {
    match config.scale {
        Scale::Max => "largest magnitude",
        Scale::StatsQ => "StatsQ",
        Scale::Lsq => "start of LSQ",
    }
}

/// The button that ends the watching of a folder.
pub(super) fn stop() -> ActionSpec {
    ActionSpec {
        id: STOP.to_owned(),
        label: "Stop watching".to_owned(),
        about: "Waits for nothing more: the run ends with what it has, and its final figures appear."
            .to_owned(),
        acts: Acts::InWork,
    }
}

/// A channel over the checkpoints with the steps of the training as x.
pub(super) fn by_training_step(record: &Record, channel: &Channel) -> Option<Channel> {
    let steps = match &record.get(ch::CHECKPOINT_STEPS.id())?.data {
        Data::Curve(timeline) => timeline.last()?.1,
        _ => return None,
    };
    let of = |at: f64| {
        let place = steps.x.iter().position(|step| *step == at)?;
        steps.y.get(place).copied()
    };
    let moved = |series: &Series| {
        let mut by_training = Series::default();
        series.iter().for_each(|point| {
            if let Some(step) = of(point.x) {
                by_training.push(step, point.y);
            }
        });
        by_training
    };
    let data = match &channel.data {
        Data::Vector(vector) => {
            let components = vector
                .components
                .iter()
                .map(|component| Component { series: moved(&component.series), ..component.clone() });
            Data::Vector(Vector { components: components.collect() })
        }
        Data::Scalar(series) => Data::Scalar(moved(series)),
        Data::Marks(marks) => {
            let mut all = Marks { categories: marks.categories.clone(), ..Marks::default() };
            let events = marks.marks.iter();
            all.marks.extend(events.filter_map(|mark| Some(Mark { step: of(mark.step)?, ..*mark })));
            Data::Marks(all)
        }
        _ => return None,
    };
    Some(Channel { data, ..channel.clone() })
}

/// A click on a row of a table or grid over all tensors looks at that tensor.
pub(super) fn pick_row(row: f64) -> Picked {
    if !row.is_finite() || row < 0.0 {
        return Picked::default();
    }
    Picked { controls: vec![(TENSOR.to_owned(), ControlValue::Number(row.floor()))], ..Picked::default() }
}

/// The row that is looked at.
pub(super) fn row(job: &Derive<'_>) -> usize {
    job.controls.number(TENSOR).map_or(0, |row| row.max(0.0) as usize)
}

/// The bits that are looked at.
pub(super) fn bits_of(config: &Config, job: &Derive<'_>) -> u64 {
    job.controls.word(BITS).and_then(|bits| bits.parse().ok()).unwrap_or(config.bits)
}

/// The grouping that is looked at.
pub(super) fn grouping_of(config: &Config, job: &Derive<'_>) -> Grouping {
    let key = job.controls.word(GROUPING);
    Grouping::ALL.iter().copied().find(|grouping| Some(grouping.key()) == key).unwrap_or(config.grouping)
}

/// The newest picture of a grid over all tensors.
pub(super) fn grid<'a>(record: &'a Record, id: &str) -> Option<&'a Grid> {
    match &record.get(id)?.data {
        Data::Grid(timeline) => timeline.last().map(|(_, grid)| grid),
        _ => None,
    }
}

/// One row of a grid over all tensors.
pub(super) fn row_of<'a>(record: &'a Record, id: &str, row: usize) -> Option<&'a [f32]> {
    let grid = grid(record, id)?;
    let width = grid.columns.len();
    grid.values.get(row * width..(row + 1) * width)
}

/// The name of a row's tensor, shortened in front.
pub(super) fn name_of(record: &Record, row: usize) -> String {
    grid(record, ch::MAP.id()).and_then(|grid| grid.rows.get(row).cloned()).unwrap_or_default()
}

/// The table of tensors.
pub(super) fn table(record: &Record) -> Option<&Table> {
    match &record.get(ch::LAYERS.id())?.data {
        Data::Table(timeline) => timeline.last().map(|(_, table)| table),
        _ => None,
    }
}

/// The sides of a tensor, from the table.
pub(super) fn shape(record: &Record, row: usize) -> Option<Vec<usize>> {
    let table = table(record)?;
    let place = table.columns.iter().position(|name| name == "shape")?;
    match table.rows.get(row)?.get(place)? {
        weightscope_frame::record::Cell::Text(shape) => {
            Some(shape.split('x').filter_map(|side| side.parse().ok()).collect())
        }
        weightscope_frame::record::Cell::Number(_) => None,
    }
}

/// A figure of a tensor from the table.
pub(super) fn figure(record: &Record, row: usize, column: &str) -> Option<f64> {
    let table = table(record)?;
    let place = table.columns.iter().position(|name| name == column)?;
    match table.rows.get(row)?.get(place)? {
        weightscope_frame::record::Cell::Number(value) => Some(*value),
        weightscope_frame::record::Cell::Text(_) => None,
    }
}

/// A curve with its legend.
pub(super) fn curve(member: &str, label: &str, x: Vec<f64>, y: Vec<f64>) -> Channel {
    let member: Member<OfCurves> = ch::SHOWN.labelled(member, label);
    let curve = Curve { x, y, band: None };
    Channel { data: Data::Curve(Timeline::one(curve)), ..member.channel() }
}
