//! The record of the grid: a picture for each metric, the phases, and tables of cells, networks and pairs.

use super::book::Book;
use crate::channels as ch;
use crate::config::Config;
use crate::method::phase::{Phase, Reading};
use crate::metric::{Metric, Values};
use crate::plan::{Cell as PlanCell, Plan};
use weightscope_frame::record::{Cell, Channel, Data, Grid, Record, Table, Timeline};

/// Puts the book as it stands into the record, at a step.
pub(crate) fn show(record: &mut Record, step: u64, config: &Config, plan: &Plan, book: &Book) {
    let values: Vec<Values> = (0..plan.cells.len()).map(|cell| book.values(config, cell)).collect();
    show_metrics(record, step, plan, &values);
    let thresholds = config.thresholds();
    let phases = Book::picture(plan, |cell| {
        let begun = book.networks_of(cell).next().is_some();
        begun.then(|| book.phase(config, &thresholds, cell).index() as f64)
    });
    push_phases(record, step, plan, phases);
}

/// Puts cells of which only the metrics are known into the record.
pub(crate) fn show_values(record: &mut Record, step: u64, plan: &Plan, values: &[Values], phases: &[Phase]) {
    show_metrics(record, step, plan, values);
    let phase = |cell: usize| Some(phases.get(cell)?.index() as f64);
    push_phases(record, step, plan, Book::picture(plan, phase));
}

fn show_metrics(record: &mut Record, step: u64, plan: &Plan, values: &[Values]) {
    let (rows, columns) = plan.labels();
    for metric in Metric::ALL.iter().copied() {
        let picture = Book::picture(plan, |cell| values.get(cell)?.get(metric));
        if picture.iter().all(|value| value.is_nan()) {
            continue;
        }
        let words = metric.words();
        let grid = Grid {
            rows: rows.clone(),
            columns: columns.clone(),
            values: picture,
            diverging: words.diverging,
            ..Grid::default()
        };
        push(record, &metric.channel(), words.label, words.unit, words.about, step, grid);
    }
}

/// Adds the picture of the phases.
fn push_phases(record: &mut Record, step: u64, plan: &Plan, values: Vec<f32>) {
    let (rows, columns) = plan.labels();
    let found = values.iter().map(|value| {
        let phase = (*value >= 0.0).then(|| Phase::ALL.get(*value as usize).copied()).flatten()?;
        Some(Reading::Phase(phase))
    });
    let marks = found.map(|reading| mark(reading, false)).collect();
    let categories = categories();
    let grid = Grid { rows, columns, values, categories, marks, mark_names: mark_names(), ..Grid::default() };
    let about = "The phase of each cell by the thresholds of the settings.";
    push(record, ch::PHASE, "phase", "", about, step, grid);
}

/// The marks of cells that are not what their colour says alone.
pub(crate) fn mark_names() -> Vec<String> {
    ["stuck", "diverged", "unknown"].map(str::to_owned).to_vec()
}

/// The mark of a cell: its number in the names from 1, else 0.
pub(crate) fn mark(reading: Option<Reading>, stuck: bool) -> u8 {
    match reading {
        Some(Reading::Phase(Phase::Diverged)) => 2,
        Some(Reading::Phase(Phase::Unknown)) => 3,
        _ => u8::from(stuck),
    }
}

/// Names of the categories, by their numbers: the phases, then the sides of cells that are not decided yet.
pub(crate) fn categories() -> Vec<String> {
    let sides = ["", "I or II", "III or IV"];
    Phase::ALL.iter().map(|phase| phase.word()).chain(sides).map(str::to_owned).collect()
}

/// Number of what is known of a cell among the categories.
pub(crate) fn category(reading: Reading) -> f32 {
    let number = match reading {
        Reading::Phase(phase) => phase.index(),
        // Colours repeat after eight, as many as there are phases: the sides have those of II and III.
        Reading::Hot => Phase::ALL.len() + Phase::II.index(),
        Reading::Cold => Phase::ALL.len() + Phase::III.index(),
    };
    number as f32
}

fn push(record: &mut Record, id: &str, label: &str, unit: &str, about: &str, step: u64, grid: Grid) {
    let channel =
        record.declare(id, || Channel::new(id, label, unit, about, Data::Grid(Timeline::default())));
    if let Data::Grid(timeline) = &mut channel.data {
        timeline.push(step, grid);
    }
}

/// Name of a cell, as in the list of cells.
pub(crate) fn cell_name(cell: &PlanCell) -> String {
    let number = weightscope_frame::experiment::number;
    format!("{} × {}", number(cell.load), number(cell.temperature))
}

/// Puts the tables into the record.
pub(crate) fn tables(record: &mut Record, config: &Config, plan: &Plan, book: &Book) {
    let thresholds = config.thresholds();
    let cells = 0..plan.cells.len();
    let values: Vec<Values> = cells.clone().map(|cell| book.values(config, cell)).collect();
    let phases: Vec<Phase> = cells.map(|cell| book.phase(config, &thresholds, cell)).collect();
    tables_of(record, config, plan, book, &values, &phases);
}

/// The same for cells whose metrics and phases do not come from the book alone.
pub(crate) fn tables_of(
    record: &mut Record,
    config: &Config,
    plan: &Plan,
    book: &Book,
    values: &[Values],
    phases: &[Phase],
) {
    let order = plan.table_order();
    // The first name is the cell that is looked at before one is chosen: the one in the middle.
    let middle = order.iter().position(|index| {
        plan.cells
            .get(*index)
            .is_some_and(|cell| (cell.row, cell.column) == (plan.temperature.len() / 2, plan.load.len() / 2))
    });
    let mut listed = order.clone();
    if let Some(front) = listed.get_mut(..=middle.unwrap_or(0)) {
        front.rotate_right(1);
    }
    let names: Vec<String> = listed.iter().filter_map(|cell| plan.cells.get(*cell)).map(cell_name).collect();
    record.insert(Channel::new(
        ch::CELLS,
        "cells",
        "",
        "The cells by load and temperature.",
        Data::Text(names.join("\n")),
    ));
    let axes = [config.load.label().to_lowercase(), config.temperature.label().to_lowercase()];
    insert(
        record,
        ch::CELL_TABLE,
        "cells",
        "Means over the seeds of each cell.",
        cells(plan, values, phases, &order, &axes),
    );
    insert(record, ch::NETWORK_TABLE, "networks", "Each network.", networks(plan, book, &order, &axes));
    insert(
        record,
        ch::PAIR_TABLE,
        "pairs",
        "What each two seeds alone would say.",
        readings(config, plan, book, &order, &axes),
    );
    insert(
        record,
        ch::PROFILE_TABLE,
        "profiles",
        "Curves and lines between the seeds.",
        profiles(plan, book, &order, &axes),
    );
}

fn insert(record: &mut Record, id: &str, label: &str, about: &str, table: Table) {
    record.insert(Channel::new(id, label, "", about, Data::Table(Timeline::one(table))));
}

fn number(value: Option<f64>) -> Cell {
    Cell::Number(value.unwrap_or(f64::NAN))
}

fn headings(axes: &[String; 2], rest: &[&str]) -> Vec<String> {
    axes.iter().cloned().chain(rest.iter().map(|name| (*name).to_owned())).collect()
}

fn place(cell: &PlanCell) -> [Cell; 2] {
    [Cell::Number(cell.load), Cell::Number(cell.temperature)]
}

fn cells(plan: &Plan, values: &[Values], phases: &[Phase], order: &[usize], axes: &[String; 2]) -> Table {
    let mut columns = headings(axes, &["phase"]);
    columns.extend(Metric::ALL.iter().map(|metric| {
        let words = metric.words();
        if words.unit.is_empty() {
            words.label.to_owned()
        } else {
            format!("{} [{}]", words.label, words.unit)
        }
    }));
    let rows = order
        .iter()
        .filter_map(|index| Some((plan.cells.get(*index)?, values.get(*index)?, phases.get(*index)?)))
        .map(|(cell, values, phase)| {
            let mut row = place(cell).to_vec();
            row.push(Cell::Text(phase.word().to_owned()));
            row.extend(Metric::ALL.iter().map(|metric| number(values.get(*metric))));
            row
        })
        .collect();
    Table { columns, rows }
}

fn networks(plan: &Plan, book: &Book, order: &[usize], axes: &[String; 2]) -> Table {
    let columns = headings(
        axes,
        &[
            "seed",
            "train loss [nat]",
            "train accuracy",
            "test loss [nat]",
            "test accuracy",
            "norm",
            "epochs",
            "steps",
            "λ max",
            "trace",
            "trace error",
            "further λ",
            "λ max (test)",
            "trace (test)",
        ],
    );
    let mut rows = Vec::new();
    for index in order {
        let Some(cell) = plan.cells.get(*index) else { continue };
        for (seed, network) in book.networks_of(*index) {
            let bends = book.bends_of(*index, seed);
            let bend = bends.and_then(|bends| bends.train.as_ref());
            let test = bends.and_then(|bends| bends.test.as_ref());
            let further: Vec<String> = bend.map_or_else(Vec::new, |bend| {
                bend.further.iter().map(|value| format!("{value:.4}")).collect()
            });
            let mut row = place(cell).to_vec();
            row.extend([
                Cell::Number(seed as f64),
                Cell::Number(network.train[0]),
                Cell::Number(network.train[1]),
                Cell::Number(network.test[0]),
                Cell::Number(network.test[1]),
                Cell::Number(network.norm),
                Cell::Number(network.epochs as f64),
                Cell::Number(network.steps as f64),
                number(bend.map(|bend| bend.lambda)),
                number(bend.map(|bend| bend.trace)),
                number(bend.map(|bend| bend.trace_error)),
                Cell::Text(further.join(", ")),
                number(test.map(|bend| bend.lambda)),
                number(test.map(|bend| bend.trace)),
            ]);
            rows.push(row);
        }
    }
    Table { columns, rows }
}

/// Columns of the table of pairs behind the axes and the two seeds: what the rule of the phases reads.
fn readings(config: &Config, plan: &Plan, book: &Book, order: &[usize], axes: &[String; 2]) -> Table {
    let columns = headings(
        axes,
        &[
            "first",
            "second",
            "train loss [nat]",
            "ln λ max",
            "ln trace",
            "mode connectivity [pp]",
            "CKA",
            "distance",
        ],
    );
    let mut rows = Vec::new();
    for index in order {
        let (Some(cell), Some(together)) = (plan.cells.get(*index), book.together_of(*index)) else {
            continue;
        };
        for (pair, reading) in together.pairs.iter().zip(book.readings(config, *index)) {
            let mut row = place(cell).to_vec();
            row.extend([Cell::Number(pair.first as f64), Cell::Number(pair.second as f64)]);
            row.extend(
                [
                    reading.train_loss,
                    reading.log_lambda,
                    reading.log_trace,
                    reading.connectivity,
                    reading.cka,
                    Some(pair.distance),
                ]
                .map(number),
            );
            rows.push(row);
        }
    }
    Table { columns, rows }
}

fn profiles(plan: &Plan, book: &Book, order: &[usize], axes: &[String; 2]) -> Table {
    let columns = headings(
        axes,
        &["first", "second", "on a line", "place", "train loss [nat]", "train error [%]", "test error [%]"],
    );
    let mut rows = Vec::new();
    for index in order {
        let (Some(cell), Some(together)) = (plan.cells.get(*index), book.together_of(*index)) else {
            continue;
        };
        for pair in &together.pairs {
            for (line, profile) in [(0.0, &pair.curve), (1.0, &pair.line)] {
                let last = profile.len().saturating_sub(1).max(1) as f64;
                for (at, [loss, error, test]) in profile.iter().enumerate() {
                    let mut row = place(cell).to_vec();
                    let numbers =
                        [pair.first as f64, pair.second as f64, line, at as f64 / last, *loss, *error, *test];
                    row.extend(numbers.map(Cell::Number));
                    rows.push(row);
                }
            }
        }
    }
    Table { columns, rows }
}
