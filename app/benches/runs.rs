//! The runs table at a thousand runs: typed filter, order, groups, and reading the list from disk.
//!
//! Limits: filter as one types under 16 ms, the table there within 1 s. Run with `cargo bench -p weightscope --bench runs`.

#![expect(clippy::unwrap_used, reason = "a bench fails by panicking")]

use std::collections::BTreeSet;
use std::hint::black_box;

use criterion::{Criterion, criterion_group, criterion_main};
use weightscope::window::runs::arrange::{Arrangement, arrange};
use weightscope::window::runs::model::{Keys, samples};
use weightscope::window::runs::query::Query;
use weightscope_engine::experiment::{Comments, Experiment, to_toml};
use weightscope_engine::labs::Method;
use weightscope_engine::store;

const RUNS: usize = 1000;

fn typed(criterion: &mut Criterion) {
    let rows = samples(RUNS);
    let keys = Keys::of(&rows);
    let folded = BTreeSet::new();
    let text = "lab:oscillation quantizer=statsq test_accuracy>0.3 tag:paper -star note~\"again\" lsq";
    for (name, text, group) in [
        ("one word", "statsq", None),
        ("seven terms", text, None),
        ("seven terms, grouped", text, Some("quantizer")),
        ("no filter, grouped", "", Some("learning_rate")),
    ] {
        criterion.bench_function(&format!("filter of {RUNS} runs: {name}"), |bench| {
            bench.iter(|| {
                let query = Query::parse(text, &keys).unwrap();
                let arrangement = Arrangement {
                    query: &query,
                    sort: "test_accuracy",
                    descending: true,
                    group,
                    folded: &folded,
                };
                black_box(arrange(&rows, &arrangement))
            });
        });
    }
}

fn list(criterion: &mut Criterion) {
    let folder = tempfile::tempdir().unwrap();
    let settings = to_toml(&Experiment::new(Method::by_name("oscillation").unwrap()), Comments::Each);
    for row in samples(RUNS) {
        let path = folder.path().join(&row.manifest.id);
        std::fs::create_dir(&path).unwrap();
        std::fs::write(path.join("resolved.toml"), &settings).unwrap();
        store::write_manifest(&path, &row.manifest).unwrap();
    }
    let mut group = criterion.benchmark_group("list");
    group.sample_size(10);
    group.bench_function(format!("{RUNS} runs from disk with their settings"), |bench| {
        bench.iter(|| {
            let index = store::scan(folder.path());
            let settings: Vec<_> =
                index.runs.iter().map(|run| store::read_settings(&run.path).unwrap()).collect();
            black_box((index, settings))
        });
    });
    group.finish();
}

criterion_group!(benches, typed, list);
criterion_main!(benches);
