//! A thousand runs: typed filter, order, groups, reading the list from disk, and the palette over them.
//!
//! Limits: filter as one types under 16 ms, the table there within 1 s. Run with `cargo bench -p weightscope-window --bench runs`.

#![expect(clippy::unwrap_used, reason = "a bench fails by panicking")]

use std::collections::BTreeSet;
use std::hint::black_box;
use weightscope_engine::CATALOGUE;

use criterion::{Criterion, criterion_group, criterion_main};
use weightscope_engine::experiment::{Comments, Experiment, to_toml};
use weightscope_engine::store;
use weightscope_window::window::App;
use weightscope_window::window::runs::arrange::{Arrangement, arrange};
use weightscope_window::window::runs::model::{Keys, samples};
use weightscope_window::window::runs::query::Query;

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

/// A folder with many runs.
fn stored() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let settings = to_toml(&Experiment::new(CATALOGUE.method("oscillation").unwrap()), Comments::Each);
    for row in samples(RUNS) {
        let path = folder.path().join(&row.manifest.id);
        std::fs::create_dir(&path).unwrap();
        std::fs::write(path.join("resolved.toml"), &settings).unwrap();
        store::write_manifest(&path, &row.manifest).unwrap();
    }
    folder
}

fn list(criterion: &mut Criterion) {
    let folder = stored();
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

fn frames(criterion: &mut Criterion) {
    let folder = stored();
    let context = egui::Context::default();
    let mut app = App::with_context(CATALOGUE, &context, folder.path(), None);
    let mut frame = |keys: Option<(egui::Modifiers, egui::Key)>| {
        let press = |(modifiers, key)| egui::Event::Key {
            key,
            physical_key: None,
            pressed: true,
            repeat: false,
            modifiers,
        };
        let input = egui::RawInput {
            screen_rect: Some(egui::Rect::from_min_size(egui::Pos2::ZERO, egui::vec2(1440.0, 900.0))),
            events: keys.map(press).into_iter().collect(),
            ..egui::RawInput::default()
        };
        app.drain(&context);
        context.run_ui(input, |ui| app.draw(ui)).drop_without_applying_deltas();
        app.listed_runs().len()
    };
    let begun = std::time::Instant::now();
    while frame(None) < RUNS {
        std::thread::sleep(std::time::Duration::from_millis(2));
    }
    let seconds = begun.elapsed().as_secs_f64();
    criterion.bench_function(
        &format!("frame with {RUNS} runs in the table (there after {seconds:.2} s)"),
        |bench| {
            bench.iter(|| black_box(frame(None)));
        },
    );
    criterion.bench_function(&format!("palette opened and closed, {RUNS} runs, two frames"), |bench| {
        bench.iter(|| {
            frame(Some((egui::Modifiers::COMMAND, egui::Key::P)));
            black_box(frame(Some((egui::Modifiers::NONE, egui::Key::Escape))))
        });
    });
}

criterion_group!(benches, typed, list, frames);
criterion_main!(benches);
