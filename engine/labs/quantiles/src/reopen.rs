//! A file of predictions, opened again: intervals over its rows, and the rows with their own columns.
//!
//! Contract: the file alone is read; nothing of the run that made it is needed. The columns are those that `predict` writes.

use std::io::Read as _;
use std::path::Path;

use weightscope_data::table::{Column, Table, read_table};
use weightscope_frame::lab::Reopened;
use weightscope_frame::record::declared::{Declared, Of as _, kinds::OfBands, kinds::OfTables};
use weightscope_frame::record::{
    AxisSpec, BandLine, Bands, Cell, Channel, Data, Record, Table as Rows, Timeline, ViewKind, ViewSpec,
};
use weightscope_frame::run::RunError;

/// Bytes in which the header of a file of predictions begins.
const HEAD: u64 = 64 << 10;
/// Rows that are drawn; more are thinned evenly.
const MOST_DRAWN: usize = 2000;
/// Column of the row's number.
const ROW: &str = "row";
/// Beginnings of the columns of quantiles and of calibrated ends.
const QUANTILE: &str = "q_";
const LOWER: &str = "lower_";
const UPPER: &str = "upper_";

/// The intervals.
const INTERVALS: Declared<OfBands> =
    Declared::new("reopened/intervals", "intervals", "", "Predicted intervals of the rows of the file.");
/// The rows.
const TABLE: Declared<OfTables> =
    Declared::new("reopened/rows", "rows", "", "The rows of the file with all their columns.");

/// The views of a file of predictions; none of any other file, of which the first line is read alone.
pub(super) fn reopened(path: &Path) -> Option<Result<Reopened, RunError>> {
    has_header(path).then(|| {
        let table = read_table(path)?;
        Ok(views(&table))
    })
}

/// True for a file that begins with the columns of a file of predictions.
fn has_header(path: &Path) -> bool {
    let mut head = Vec::new();
    let read = std::fs::File::open(path).and_then(|file| file.take(HEAD).read_to_end(&mut head));
    let text = String::from_utf8_lossy(&head);
    let names: Vec<&str> = text.lines().next().unwrap_or_default().split(',').collect();
    let ends = names.windows(2).any(|pair| pair == ["outside", "method"]);
    let begins = names.first() == Some(&ROW) && names.get(1).is_some_and(|name| name.starts_with(QUANTILE));
    read.is_ok() && begins && ends
}

fn views(table: &Table) -> Reopened {
    let calibrated = ends_of_intervals(table);
    let (intervals, what) = if calibrated.is_empty() {
        (between_quantiles(table), "between quantiles, not calibrated")
    } else {
        (calibrated, "calibrated")
    };
    let every = table.rows.div_ceil(MOST_DRAWN).max(1);
    let thinned = |values: &[f64]| -> Vec<f64> { values.iter().copied().step_by(every).collect() };
    let median = numbers(table, &format!("{QUANTILE}0.5"));
    let line = median.map(|y| BandLine { label: "median".to_owned(), y: thinned(y), series: Some(1) });
    let rows: Vec<f64> = (0..table.rows).map(|row| row as f64).collect();
    let bands = Bands {
        x: thinned(numbers(table, ROW).unwrap_or(&rows)),
        intervals: intervals
            .into_iter()
            .map(|(level, lower, upper)| (level, thinned(lower), thinned(upper)))
            .collect(),
        lines: line.into_iter().collect(),
        ..Bands::default()
    };
    let mut record = Record::default();
    record.insert(Channel { data: Data::Bands(Timeline::one(bands)), ..INTERVALS.channel() });
    record.insert(Channel { data: Data::Table(Timeline::one(given(table))), ..TABLE.channel() });
    let drawn =
        if every > 1 { format!("; of {} rows one in {every} is drawn", table.rows) } else { String::new() };
    let help = include_str!("help/reopened.md").to_owned();
    let fan = ViewSpec {
        x: AxisSpec::new("row of the file", ""),
        y: AxisSpec::new("target", ""),
        help: help.clone(),
        ..ViewSpec::of("reopened", &format!("Predictions ({what}{drawn})"), ViewKind::Bands, &[&INTERVALS])
    };
    let rows =
        ViewSpec { help, ..ViewSpec::of("reopened_rows", "Rows of the file", ViewKind::Table, &[&TABLE]) };
    Reopened { record, views: vec![fan, rows] }
}

/// An interval: its level, and its ends row by row.
type Interval<'a> = (f64, &'a [f64], &'a [f64]);

/// The calibrated intervals, widest first.
fn ends_of_intervals(table: &Table) -> Vec<Interval<'_>> {
    let of = |name: &String| {
        let coverage = name.strip_prefix(LOWER)?;
        let level: f64 = coverage.parse().ok()?;
        Some((level / 100.0, numbers(table, name)?, numbers(table, &format!("{UPPER}{coverage}"))?))
    };
    widest_first(table.names.iter().filter_map(of).collect())
}

/// The intervals between quantiles that lie as far from both ends, widest first.
fn between_quantiles(table: &Table) -> Vec<Interval<'_>> {
    /// Largest distance of two levels that belong together.
    const ALIKE: f64 = 1e-9;
    let level = |name: &String| name.strip_prefix(QUANTILE)?.parse::<f64>().ok();
    let levels: Vec<(f64, &[f64])> =
        table.names.iter().filter_map(|name| Some((level(name)?, numbers(table, name)?))).collect();
    let upper = |low: f64| levels.iter().find(|(high, _)| (high + low - 1.0).abs() < ALIKE);
    let below = levels.iter().filter(|(low, _)| *low < 0.5);
    widest_first(below.filter_map(|(low, lower)| Some((1.0 - 2.0 * low, *lower, upper(*low)?.1))).collect())
}

fn widest_first(mut intervals: Vec<Interval<'_>>) -> Vec<Interval<'_>> {
    intervals.sort_by(|a, b| b.0.total_cmp(&a.0));
    intervals
}

fn numbers<'a>(table: &'a Table, name: &str) -> Option<&'a [f64]> {
    match table.columns.get(table.position(name)?)? {
        Column::Numbers(values) => Some(values),
        Column::Words { .. } => None,
    }
}

/// All columns as they stand in the file.
fn given(table: &Table) -> Rows {
    let cell = |column: &Column, row: usize| match column {
        Column::Numbers(values) => Cell::Number(values.get(row).copied().unwrap_or(f64::NAN)),
        Column::Words { names, codes } => {
            let word = codes.get(row).and_then(|code| names.get(*code as usize));
            Cell::Text(word.cloned().unwrap_or_default())
        }
    };
    let rows = (0..table.rows).map(|row| table.columns.iter().map(|column| cell(column, row)).collect());
    Rows { columns: table.names.clone(), rows: rows.collect() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn opened(text: &str) -> Option<Reopened> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("p.csv");
        std::fs::write(&path, text).unwrap();
        reopened(&path).map(Result::unwrap)
    }

    fn intervals(opened: &Reopened) -> Bands {
        match &opened.record.get("reopened/intervals").unwrap().data {
            Data::Bands(timeline) => timeline.last().unwrap().1.clone(),
            other => panic!("no intervals: {other:?}"),
        }
    }

    #[test]
    fn calibrated_ends_are_drawn_where_the_file_has_them() {
        let text = "row,q_0.1,q_0.5,q_0.9,lower_80,upper_80,outside,method,size\n\
                    0,1,2,3,0.5,3.5,,linear,7\n1,2,3,4,1.5,4.5,size,linear,9\n";
        let found = opened(text).unwrap();
        let bands = intervals(&found);
        assert_eq!(bands.intervals, [(0.8, vec![0.5, 1.5], vec![3.5, 4.5])]);
        assert_eq!(bands.lines[0].y, [2.0, 3.0], "the median");
        assert!(found.views[0].title.contains("calibrated"), "{}", found.views[0].title);
        let Data::Table(table) = &found.record.get("reopened/rows").unwrap().data else { panic!("a table") };
        let (_, rows) = table.last().unwrap();
        assert_eq!(rows.columns.last().map(String::as_str), Some("size"), "the rows' own columns");
        assert_eq!(rows.rows[1].last(), Some(&Cell::Number(9.0)));
    }

    #[test]
    fn without_calibration_the_quantiles_are_the_ends() {
        let text =
            "row,q_0.05,q_0.25,q_0.75,q_0.95,outside,method,x\n0,1,2,3,4,,linear,1\n1,1,2,3,4,,linear,2\n";
        let bands = intervals(&opened(text).unwrap());
        let levels: Vec<String> = bands.intervals.iter().map(|(level, ..)| format!("{level:.2}")).collect();
        assert_eq!(levels, ["0.90", "0.50"], "widest first");
        assert!(bands.lines.is_empty(), "no median among the levels");
    }

    #[test]
    fn a_long_file_is_thinned_and_says_so() {
        let lines: Vec<String> = (0..4001).map(|row| format!("{row},1,2,,linear,{row}")).collect();
        let text = format!("row,q_0.1,q_0.9,outside,method,x\n{}\n", lines.join("\n"));
        let found = opened(&text).unwrap();
        assert_eq!(intervals(&found).x[..2], [0.0, 3.0]);
        assert!(found.views[0].title.contains("of 4001 rows one in 3"), "{}", found.views[0].title);
    }

    #[test]
    fn other_tables_are_none() {
        assert!(opened("row,x,outside,method\n0,1,,a\n").is_none(), "no quantiles");
        assert!(opened("a,b\n1,2\n").is_none());
    }
}
