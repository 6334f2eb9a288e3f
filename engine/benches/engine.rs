//! Where the engine stands: series, snapshots, recording, one training step.
//!
//! Run with `cargo bench -p weightscope-engine`; state the machine with every figure.

#![expect(clippy::unwrap_used, reason = "a bench fails by panicking")]

use std::hint::black_box;
use std::time::Duration;

use criterion::{Criterion, criterion_group, criterion_main};
use weightscope_engine::CATALOGUE;
use weightscope_engine::experiment::Experiment;
use weightscope_engine::record::{Channel, Data, Detail, Query, Record, Series};
use weightscope_engine::run::{self, Control, Nobody, Place, RunRequest};

const MILLION: usize = 1_000_000;

fn series() -> Series {
    (0..MILLION).map(|step| (step as f64, (step as f64 * 1e-3).sin())).collect()
}

fn records(criterion: &mut Criterion) {
    let series = series();
    criterion.bench_function("series: query of 10^6 points for 800 columns", |bench| {
        let identity = |x: f64| x;
        let query = Query { from: 0.0, to: 1e6, columns: 800, detail: Detail::Full, to_axis: &identity };
        bench.iter(|| black_box(series.query(&query)));
    });
    let mut record = Record::default();
    for index in 0..50 {
        record.insert(Channel::new(format!("loss/{index}"), "", "", "", Data::Scalar(series.clone())));
    }
    criterion.bench_function("record: snapshot of 50 series of 10^6 points", |bench| {
        bench.iter(|| black_box(record.clone()));
    });
    criterion.bench_function("series: append a point that a snapshot shares", |bench| {
        let mut growing = series.clone();
        bench.iter(|| {
            let shared = growing.clone();
            growing.push(1e6, 0.0);
            black_box(shared);
        });
    });
}

/// Seconds of a whole short run with settings on top of a preset, in memory or in a folder.
fn seconds(preset: &str, settings: &[(&str, &str)], stored: bool) -> f64 {
    let mut experiment = Experiment::from_toml(CATALOGUE, CATALOGUE.preset(preset).unwrap().text).unwrap();
    for (key, value) in settings {
        experiment.set_typed(key, value).unwrap();
    }
    let folder = tempfile::tempdir().unwrap();
    let place = if stored { Place::New(folder.path().join("run")) } else { Place::Memory };
    let request = RunRequest { experiment, asked: None, origin: "bench".to_owned(), place };
    let outcome = run::run(&request, &mut Nobody, &Control::default()).unwrap();
    1.0 / outcome.results["steps_per_second"]
}

/// Name, preset, settings on top of it.
type Case = (&'static str, &'static str, &'static [(&'static str, &'static str)]);

/// Time per step, from the rate that the run itself reports for its quantized stage.
fn steps(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("oscillation: one step, batch 64");
    group.sample_size(10);
    let cases: [Case; 4] = [
        (
            "perceptron 48-48, 2-bit LSQ, recorded in a folder",
            "oscillation/mlp-lsq",
            &[("float_epochs", "1"), ("epochs", "20")],
        ),
        (
            "perceptron 48-48, 2-bit LSQ, hardly recorded, in memory",
            "oscillation/mlp-lsq",
            &[("float_epochs", "1"), ("epochs", "20"), ("record_every", "10000"), ("traced_weights", "1")],
        ),
        (
            "tiny transformer, W2A2 LSQ",
            "oscillation/vit-w2a2-lsq",
            &[("float_epochs", "1"), ("epochs", "2"), ("warmup_epochs", "0")],
        ),
        (
            "tiny transformer, W2A2 StatsQ with QKR",
            "oscillation/vit-w2a2-statsq-qkr",
            &[("float_epochs", "1"), ("epochs", "2"), ("warmup_epochs", "0")],
        ),
    ];
    for (name, preset, settings) in cases {
        let stored = name.ends_with("folder");
        group.bench_function(name, |bench| {
            bench.iter_custom(|iterations| {
                let total: f64 = (0..iterations).map(|_| seconds(preset, settings, stored)).sum();
                Duration::from_secs_f64(total)
            });
        });
    }
    group.finish();
}

criterion_group!(benches, records, steps);
criterion_main!(benches);
