//! Tables and words.

use weightscope_frame::record::{Cell as RecordCell, Data, ViewSpec};

use super::options::ViewOptions;
use super::{Source, channels};
use crate::figure::model::{Align, Cell, Column, TableBody};

/// Significant digits of a measured number.
const MOST_DIGITS: usize = 4;

/// The table at the step that is looked at.
pub(super) fn table(spec: &ViewSpec, sources: &[Source<'_>], options: &ViewOptions) -> Option<TableBody> {
    let channel = *channels(spec, *sources.first()?, options).first()?;
    let Data::Table(timeline) = &channel.data else { return None };
    let (_, table) = timeline.at(options.step.unwrap_or(u64::MAX))?;
    let column = |index: usize| table.rows.iter().filter_map(move |row| row.get(index));
    // Empty words say nothing about a column.
    let is_number = |index: usize| {
        let is_text = |cell: &RecordCell| matches!(cell, RecordCell::Text(text) if !text.is_empty());
        column(index).any(|cell| matches!(cell, RecordCell::Number(_))) && !column(index).any(is_text)
    };
    let columns = table
        .columns
        .iter()
        .enumerate()
        .map(|(index, label)| Column {
            label: label.clone(),
            unit: String::new(),
            align: if is_number(index) { Align::Right } else { Align::Left },
            digits: digits(column(index)),
        })
        .collect();
    let rows = table.rows.iter().map(|row| row.iter().map(cell).collect()).collect();
    Some(TableBody { columns, rows, emphasised: Vec::new() })
}

/// The fewest significant digits that say as much as [`MOST_DIGITS`] of them.
fn digits<'a>(cells: impl Iterator<Item = &'a RecordCell>) -> usize {
    let rounded = |value: f64, digits: usize| format!("{value:.*e}", digits - 1).parse().unwrap_or(value);
    let of = |cell: &RecordCell| match cell {
        RecordCell::Number(value) if value.is_finite() && value.fract() != 0.0 => {
            let whole: f64 = rounded(*value, MOST_DIGITS);
            (1..MOST_DIGITS).find(|digits| rounded(*value, *digits) == whole).unwrap_or(MOST_DIGITS)
        }
        _ => 1,
    };
    cells.map(of).max().unwrap_or(MOST_DIGITS)
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

#[cfg(test)]
mod tests {
    use weightscope_frame::record::{Channel, Record, Table, Timeline, ViewKind};

    use super::*;

    #[test]
    fn columns_stand_by_what_they_hold_with_as_few_digits_as_say_it() {
        let text = |words: &str| RecordCell::Text(words.to_owned());
        let rows = vec![
            vec![text("a"), text(""), RecordCell::Number(0.9), RecordCell::Number(0.123_456)],
            vec![text("b"), RecordCell::Number(2.0), RecordCell::Number(0.85), RecordCell::Number(0.5)],
        ];
        let columns = ["name", "sometimes", "nominal", "measured"].map(str::to_owned).to_vec();
        let data = Data::Table(Timeline::one(Table { columns, rows }));
        let mut record = Record::default();
        record.insert(Channel::new("t".to_owned(), String::new(), "", "", data));
        let spec = ViewSpec::new("t", "T", ViewKind::Table, &["t"]);
        let sources = [Source { origin: None, label: "", record: &record }];
        let body = table(&spec, &sources, &ViewOptions::default()).unwrap();
        let aligned: Vec<Align> = body.columns.iter().map(|column| column.align).collect();
        assert_eq!(aligned, [Align::Left, Align::Right, Align::Right, Align::Right], "numbers to the right");
        assert_eq!(body.columns[2].digits, 2, "0.90 and 0.85");
        assert_eq!(body.columns[3].digits, 4, "a measured number");
    }
}
