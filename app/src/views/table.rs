//! Tables and words.

use weightscope_engine::record::{Cell as RecordCell, Data, ViewSpec};

use super::options::ViewOptions;
use super::{Source, channels};
use crate::figure::model::{Align, Cell, Column, TableBody};

/// The table at the step that is looked at.
pub(super) fn table(spec: &ViewSpec, sources: &[Source<'_>], options: &ViewOptions) -> Option<TableBody> {
    let channel = *channels(spec, *sources.first()?, options).first()?;
    let Data::Table(timeline) = &channel.data else { return None };
    let (_, table) = timeline.at(options.step.unwrap_or(u64::MAX))?;
    let is_number = |index: usize| {
        matches!(table.rows.first().and_then(|row| row.get(index)), Some(RecordCell::Number(_)))
    };
    let columns = table
        .columns
        .iter()
        .enumerate()
        .map(|(index, label)| Column {
            label: label.clone(),
            unit: String::new(),
            align: if is_number(index) { Align::Right } else { Align::Left },
            digits: 4,
        })
        .collect();
    let rows = table.rows.iter().map(|row| row.iter().map(cell).collect()).collect();
    Some(TableBody { columns, rows, emphasised: Vec::new() })
}

/// The words of a text channel.
pub(super) fn text(spec: &ViewSpec, sources: &[Source<'_>]) -> Option<String> {
    let record = sources.first()?.record;
    record.select(&spec.channels).into_iter().find_map(|channel| match &channel.data {
        Data::Text(text) if !text.is_empty() => Some(text.clone()),
        _ => None,
    })
}

fn cell(cell: &RecordCell) -> Cell {
    match cell {
        RecordCell::Number(value) if value.fract() == 0.0 && (0.0..1e15).contains(value) => {
            Cell::Count(*value as u64)
        }
        RecordCell::Number(value) if value.is_finite() => Cell::Number(*value),
        RecordCell::Number(_) => Cell::Missing,
        RecordCell::Text(text) => Cell::Text(text.clone()),
    }
}
