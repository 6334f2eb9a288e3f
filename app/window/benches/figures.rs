//! Where views, figures and frames stand against their limits.
//!
//! Run with `cargo bench -p weightscope`; state the machine with every figure.

#![expect(clippy::unwrap_used, reason = "a bench fails by panicking")]

use std::hint::black_box;
use weightscope_engine::CATALOGUE;

use criterion::{Criterion, criterion_group, criterion_main};
use weightscope_engine::experiment::Experiment;
use weightscope_engine::record::{Channel, Data, Record, Series, ViewKind, ViewSpec};
use weightscope_window::exporting::{self, Format};
use weightscope_window::figure::provenance::Provenance;
use weightscope_window::figure::style::Page;
use weightscope_window::views::{self, Resolution, Source, ViewOptions};
use weightscope_window::window::App;

const MILLION: usize = 1_000_000;
const SERIES: usize = 50;

fn record(count: usize) -> Record {
    let mut record = Record::default();
    for index in 0..count {
        let series: Series =
            (0..MILLION).map(|step| (step as f64, (step as f64 * 1e-4 + index as f64).sin() + 1.5)).collect();
        let label = format!("series {index}");
        record.insert(Channel::new(format!("loss/{index}"), label, "nat", "", Data::Scalar(series)));
    }
    record
}

fn files(criterion: &mut Criterion) {
    let record = record(1);
    let spec = ViewSpec::new("loss", "Loss", ViewKind::Lines, &["loss/*"]);
    let source = Source { label: "", origin: None, record: &record };
    let figure =
        views::figure(&spec, &[source], &ViewOptions::default(), &Provenance::new("bench", "loss")).unwrap();
    let bytes = exporting::bytes(&figure, Format::Svg, &Page::Column.style()).unwrap();
    let size = bytes.len();
    let mut group = criterion.benchmark_group(format!("files of a line of 10^6 points (SVG: {size} bytes)"));
    group.sample_size(10);
    for format in Format::ALL {
        group.bench_function(format.extension(), |bench| {
            bench.iter(|| black_box(exporting::bytes(&figure, format, &Page::Column.style()).unwrap()));
        });
    }
    group.finish();
}

fn frames(criterion: &mut Criterion) {
    let record = record(SERIES);
    let spec = ViewSpec::new("loss", "Loss", ViewKind::Lines, &["loss/*"]);
    let options = ViewOptions {
        resolution: Resolution::Screen { from: f64::NEG_INFINITY, to: f64::INFINITY, columns: 800 },
        ..ViewOptions::default()
    };
    criterion.bench_function("view: 50 series of 10^6 points for 800 columns", |bench| {
        let source = Source { label: "", origin: None, record: &record };
        bench
            .iter(|| black_box(views::figure(&spec, &[source], &options, &Provenance::new("bench", "loss"))));
    });
    let folder = tempfile::tempdir().unwrap();
    let context = egui::Context::default();
    let mut app = App::with_context(CATALOGUE, &context, folder.path(), None);
    let method = CATALOGUE.method("oscillation").unwrap();
    app.show_record(&Experiment::new(method), record);
    let input = || egui::RawInput {
        screen_rect: Some(egui::Rect::from_min_size(egui::Pos2::ZERO, egui::vec2(1440.0, 900.0))),
        ..egui::RawInput::default()
    };
    let mut frame = || context.run_ui(input(), |ui| app.draw(ui)).drop_without_applying_deltas();
    frame();
    criterion.bench_function("frame: window at 1440 × 900 with 50 series of 10^6 points", |bench| {
        bench.iter(&mut frame);
    });
}

criterion_group!(benches, files, frames);
criterion_main!(benches);
