//! Quantile models: whole runs on the embedded tables, and how fast views of a hundred thousand test rows follow a control.
//!
//! Run with `cargo bench -p weightscope-engine --bench quantiles`; state the machine with every figure.

#![expect(clippy::unwrap_used, reason = "a bench fails by panicking")]

use std::hint::black_box;

use criterion::{BenchmarkId, Criterion, criterion_group, criterion_main};
use weightscope_engine::CATALOGUE;
use weightscope_engine::experiment::Experiment;
use weightscope_engine::lab::Derive;
use weightscope_engine::math::stream;
use weightscope_engine::record::{
    Cell, Channel, ControlValue, Controls, Data, Grid, Record, Table, Timeline,
};
use weightscope_engine::run::{self, Control, Nobody, Place, RunRequest};
use weightscope_engine::store::Status;

const ROWS: usize = 100_000;
const LEVELS: usize = 19;
const MODELS: [&str; 3] = ["linear", "knn", "boosting"];

/// Views that follow the stage after the fits.
const STAGED: [&str; 11] = [
    "fan",
    "reliability",
    "pit",
    "crossing",
    "operators",
    "slice_coverage",
    "leaderboard",
    "conformal_scores",
    "conformal_pairs",
    "inspector",
    "inspector_facts",
];

/// Views that follow other controls, with what is turned.
const TURNED: [(&str, [(&str, &str); 2]); 5] = [
    ("fan", [("order", "width"), ("second", "linear")]),
    ("fan", [("order", "a"), ("compare", "difference")]),
    ("slice_width", [("slice_by", "width"), ("slice", "b")]),
    ("slice_table", [("slice_by", "cluster"), ("slice", "b")]),
    ("crossing", [("slice", "b"), ("method", "boosting")]),
];

fn runs(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("quantiles: whole run");
    group.sample_size(10);
    for table in ["engel", "diabetes", "synth1", "synth5"] {
        let preset = CATALOGUE.preset(&format!("quantiles/{table}")).unwrap();
        let experiment = Experiment::from_toml(CATALOGUE, preset.text).unwrap();
        let request =
            RunRequest { experiment, asked: None, origin: "bench".to_owned(), place: Place::Memory };
        group.bench_function(table, |bench| {
            bench.iter(|| {
                let outcome = run::run(&request, &mut Nobody, &Control::default()).unwrap();
                assert_eq!(outcome.status, Status::Done, "{:?}", outcome.reason);
                black_box(outcome)
            });
        });
    }
    group.finish();
}

/// A finished run's record with many test rows, half as many calibration rows, two features.
fn large_record() -> Record {
    let mut random = stream(1, "large record");
    let mut record = Record::default();
    let scale = |name: &str| vec![Cell::Text(name.to_owned()), Cell::Number(0.0), Cell::Number(1.0)];
    let scales = Table { rows: ["a", "b", "y"].map(scale).to_vec(), ..Table::default() };
    record.insert(Channel::new("scales", "", "", "", Data::Table(Timeline::one(scales))));
    let methods = MODELS.map(|model| (model.to_owned(), model.to_owned())).to_vec();
    record.insert(Channel::new("methods", "", "", "", Data::Choices(methods)));
    let mut put = |id: String, values: Vec<f32>| {
        let mut timeline = Timeline::default();
        timeline.push(0, Grid { values, ..Grid::default() });
        record.insert(Channel::new(id, "", "", "", Data::Grid(timeline)));
    };
    for (part, family, rows) in [("rows/test", "raw", ROWS), ("rows/calibration", "calibration", ROWS / 2)] {
        put(part.to_owned(), (0..rows * 3).map(|_| random.normal()).collect());
        for model in MODELS {
            let level = |cell: usize| (cell % LEVELS) as f32 / 6.0 - 1.5;
            let values = (0..rows * LEVELS).map(|cell| level(cell) + 0.2 * random.normal()).collect();
            put(format!("{family}/{model}"), values);
        }
    }
    record
}

fn views(criterion: &mut Criterion) {
    let record = large_record();
    let mut experiment =
        Experiment::from_toml(CATALOGUE, CATALOGUE.preset("quantiles/quick").unwrap().text).unwrap();
    for (key, typed) in [("relative_to", "linear"), ("base_models", "linear, knn, boosting")] {
        experiment.set_typed(key, typed).unwrap();
    }
    let method = experiment.method;
    let mut controls = Controls::default().complete(&method.views(), &record);
    let mut turn = |id: &str, word: &str| {
        controls.set(id, ControlValue::Word(word.to_owned()));
        controls.clone()
    };
    turn("method", "knn");
    let mut group = criterion.benchmark_group("quantiles: a view of 100,000 rows");
    group.sample_size(10);
    let control = Control::default();
    let mut measure = |name: BenchmarkId, view: &str, controls: &Controls| {
        let job = Derive::new(view, &record, controls, &control);
        assert!(!method.derive(&job).unwrap().is_empty(), "{view} draws something");
        group.bench_function(name, |bench| bench.iter(|| black_box(method.derive(&job).unwrap())));
    };
    for stage in ["none", "sort", "pava", "sweep", "conformal"] {
        let controls = turn("stage", stage);
        for view in STAGED {
            measure(BenchmarkId::new(view, stage), view, &controls);
        }
    }
    for (view, turned) in TURNED {
        let [_, controls] = turned.map(|(id, word)| turn(id, word));
        let words = turned.map(|(id, word)| format!("{id} {word}")).join(", ");
        measure(BenchmarkId::new(view, words), view, &controls);
    }
    group.finish();
}

criterion_group!(benches, runs, views);
criterion_main!(benches);
