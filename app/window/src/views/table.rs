//! Tables and words.

use std::cmp::Ordering;

use weightscope_frame::record::{Cell as RecordCell, Channel, Data, ViewSpec};

use super::options::ViewOptions;
use super::{Source, channels, run_ink};
use crate::figure::model::{Align, Cell, Column, Ink, TableBody};

/// Significant digits of a measured number.
const MOST_DIGITS: usize = 4;

/// The table at the step that is looked at. In a view across runs tables with the same headings stand below each other, each row with the
/// colour of its run.
pub(super) fn table<'a>(
    spec: &'a ViewSpec,
    sources: &[Source<'a>],
    options: &ViewOptions,
    notes: &mut Vec<String>,
) -> Option<TableBody> {
    let at = |channel: &'a Channel| {
        let Data::Table(timeline) = &channel.data else { return None };
        timeline.at(options.step.unwrap_or(u64::MAX)).map(|(_, table)| table)
    };
    let all = channels(spec, *sources.first()?, options);
    let (first, others) = all.split_first()?;
    let table = at(first)?;
    let beside = others.iter().filter(|_| spec.across).filter_map(|channel| Some((*channel, at(channel)?)));
    let parts =
        std::iter::once((*first, table)).chain(beside.filter(|(_, own)| own.columns == table.columns));
    let ink = |channel: &Channel| channel.run.map(|run| run_ink(options, run));
    let (all, inks): (Vec<&Vec<RecordCell>>, Vec<Option<Ink>>) =
        parts.flat_map(|(channel, own)| own.rows.iter().map(move |row| (row, ink(channel)))).unzip();
    let column = |index: usize| all.iter().filter_map(move |row| row.get(index));
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
    let rows = all.iter().map(|row| row.iter().map(cell).collect()).collect();
    let has_colors = !options.overlay.runs.is_empty() && inks.iter().any(Option::is_some);
    let inks = if has_colors { inks } else { Vec::new() };
    let mut body = TableBody { columns, rows, inks, ..TableBody::default() };
    if let Some(order) = &options.order
        && let Some(column) = body.columns.iter().position(|column| column.heading() == order.column)
    {
        arrange(&mut body, column, order.descending);
        let first = if order.descending { "largest" } else { "smallest" };
        notes.push(format!("ordered by {}, {first} first", order.column));
    }
    Some(body)
}

/// Puts the rows in the order of a column; rows alike there stay as they stand in the record.
fn arrange(body: &mut TableBody, column: usize, descending: bool) {
    let mut rows: Vec<(usize, Vec<Cell>)> = std::mem::take(&mut body.rows).into_iter().enumerate().collect();
    rows.sort_by(|(_, a), (_, b)| compare(a.get(column), b.get(column), descending));
    (body.places, body.rows) = rows.into_iter().unzip();
    body.inks = body.places.iter().filter_map(|place| body.inks.get(*place).copied()).collect();
}

/// Numbers before words before nothing; what is missing stands last either way.
pub(crate) fn compare(a: Option<&Cell>, b: Option<&Cell>, descending: bool) -> Ordering {
    let rank = |cell: Option<&Cell>| match cell {
        Some(Cell::Number(value)) if value.is_finite() => (0, *value),
        Some(Cell::Count(value)) => (0, *value as f64),
        Some(Cell::Text(text)) if !text.is_empty() => (1, 0.0),
        _ => (2, 0.0),
    };
    let text = |cell: Option<&Cell>| match cell {
        Some(Cell::Text(text)) => text.to_lowercase(),
        _ => String::new(),
    };
    let ((kind, x), (other, y)) = (rank(a), rank(b));
    let inside = x.total_cmp(&y).then_with(|| text(a).cmp(&text(b)));
    kind.cmp(&other).then(if descending && kind < 2 { inside.reverse() } else { inside })
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
    let mut most = None;
    for cell in cells {
        most = most.max(Some(of(cell)));
        // Of 100,000 rows the first few tell.
        if most == Some(MOST_DIGITS) {
            break;
        }
    }
    most.unwrap_or(MOST_DIGITS)
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
    use weightscope_frame::record::{Record, Table, Timeline, ViewKind};

    use super::super::options::{Overlay, RunStyle, TableOrder};
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
        let body = table(&spec, &sources, &ViewOptions::default(), &mut Vec::new()).unwrap();
        let aligned: Vec<Align> = body.columns.iter().map(|column| column.align).collect();
        assert_eq!(aligned, [Align::Left, Align::Right, Align::Right, Align::Right], "numbers to the right");
        assert_eq!(body.columns[2].digits, 2, "0.90 and 0.85");
        assert_eq!(body.columns[3].digits, 4, "a measured number");
    }

    #[test]
    fn rows_stand_in_the_order_of_a_column_and_know_their_place() {
        let rows = [("Beta", 0.5), ("alpha", f64::NAN), ("gamma", 0.25)];
        let rows = rows.map(|(name, loss)| vec![RecordCell::Text(name.to_owned()), RecordCell::Number(loss)]);
        let columns = ["name", "loss"].map(str::to_owned).to_vec();
        let data = Data::Table(Timeline::one(Table { columns, rows: rows.to_vec() }));
        let mut record = Record::default();
        record.insert(Channel::new("t".to_owned(), String::new(), "", "", data));
        let spec = ViewSpec::new("t", "T", ViewKind::Table, &["t"]);
        let sources = [Source { origin: None, label: "", record: &record }];
        let by = |column: &str, descending: bool| {
            let order = Some(TableOrder { column: column.to_owned(), descending });
            let mut notes = Vec::new();
            let body =
                table(&spec, &sources, &ViewOptions { order, ..ViewOptions::default() }, &mut notes).unwrap();
            ((0..3).map(|row| body.place(row)).collect::<Vec<_>>(), notes)
        };
        assert_eq!(by("loss", true).0, [0, 2, 1], "largest first, what is missing last");
        assert_eq!(by("loss", false), (vec![2, 0, 1], vec!["ordered by loss, smallest first".to_owned()]));
        assert_eq!(by("name", false).0, [1, 0, 2], "words without regard to case");
        assert_eq!(by("gone", true), (vec![0, 1, 2], Vec::new()), "a column that is not there");
    }

    #[test]
    fn rows_of_several_runs_stand_below_each_other_in_the_colors_of_their_runs() {
        let mut record = Record::default();
        for (rank, (run, gain)) in [(2, 0.75), (0, 0.5), (1, 0.25)].into_iter().enumerate() {
            let rows = vec![vec![RecordCell::Text(format!("run {run}")), RecordCell::Number(gain)]];
            let columns = ["run", "gain"].map(str::to_owned).to_vec();
            let data = Data::Table(Timeline::one(Table { columns, rows }));
            let channel = Channel::new(format!("t/{rank}"), String::new(), "", "", data);
            record.insert(Channel { run: Some(run), ..channel });
        }
        let spec = ViewSpec { across: true, ..ViewSpec::new("t", "T", ViewKind::Table, &["t/*"]) };
        let sources = [Source { origin: None, label: "", record: &record }];
        let look = |colors: &[usize], order| {
            let runs = colors.iter().map(|color| RunStyle { color: *color, ..RunStyle::default() }).collect();
            let overlay = Overlay { runs, ..Overlay::default() };
            let options = ViewOptions { order, overlay, ..ViewOptions::default() };
            table(&spec, &sources, &options, &mut Vec::new()).unwrap()
        };
        let ink = |color| Some(Ink::Series(color));
        let body = look(&[4, 6, 1], None);
        let names: Vec<&Cell> = body.rows.iter().map(|row| &row[0]).collect();
        assert_eq!(names, [&Cell::from("run 2"), &"run 0".into(), &"run 1".into()]);
        assert_eq!(body.inks, [ink(1), ink(4), ink(6)]);
        let order = TableOrder { column: "gain".to_owned(), descending: false };
        assert_eq!(look(&[4, 6, 1], Some(order)).inks, [ink(6), ink(4), ink(1)], "they go with their rows");
        assert!(look(&[], None).inks.is_empty(), "one run alone has no colour");
        let one = ViewSpec { across: false, ..spec.clone() };
        let body = table(&one, &sources, &ViewOptions::default(), &mut Vec::new()).unwrap();
        assert_eq!(body.rows.len(), 1, "elsewhere a view shows its first table");
    }
}
