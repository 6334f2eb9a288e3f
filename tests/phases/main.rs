//! The phases lab end to end: threads and interruptions change no number, odd grids are survived, and the desk protocol shows what
//! its reference runs showed.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking, in its helpers too")]

mod desk;
mod fork;
mod grid;
mod views;
mod zoo;

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use weightscope_engine::CATALOGUE;

use weightscope_engine::experiment::{Experiment, check};
use weightscope_engine::lab::Derive;
use weightscope_engine::record::{Cell, Channel, ControlValue, Controls, Data, Grid, Pick};
use weightscope_engine::run::{self, Collector, Control, Event, Nobody};
use weightscope_engine::store::{self, Status};
use weightscope_tests::runs::{cancelled, finished, preset, request};

/// A tiny grid, with typed settings on top.
fn tiny(settings: &[(&str, &str)]) -> Experiment {
    let mut experiment = Experiment::new(CATALOGUE.method("phases").unwrap());
    let small = [
        ("widths", "[4, 9]"),
        ("batch_sizes", "[16, 128]"),
        ("seeds", "2"),
        ("train_rows", "160"),
        ("epochs_min", "6"),
        ("steps_min", "30"),
        ("curve_epochs", "4"),
        ("trace_samples", "5"),
        ("power_iterations", "10"),
    ];
    for (key, value) in small.iter().chain(settings) {
        experiment.set_typed(key, value).unwrap();
    }
    experiment
}

fn grid(folder: &Path) -> String {
    std::fs::read_to_string(folder.join("grid.csv")).unwrap()
}

/// Rows of `grid.csv` by width and batch size.
fn cells(folder: &Path) -> BTreeMap<(u64, u64), BTreeMap<String, String>> {
    let text = grid(folder);
    let mut lines = text.lines();
    let names: Vec<&str> = lines.next().unwrap().split(',').collect();
    lines
        .map(|line| {
            let row: BTreeMap<String, String> =
                names.iter().map(|name| (*name).to_owned()).zip(line.split(',').map(str::to_owned)).collect();
            ((row["width"].parse().unwrap(), row["batch_size"].parse().unwrap()), row)
        })
        .collect()
}

/// Columns of `grid.csv` by cell.
fn column(folder: &Path, name: &str) -> Vec<String> {
    cells(folder).values().map(|row| row[name].clone()).collect()
}
