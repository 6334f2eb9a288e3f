//! What a frame costs while a person scrolls through the tensors of a model: a real run of the lab `inspect` over a file of 100,000
//! tensors.
//!
//! Limit: 8 ms a frame before painting at 1440 × 900. Run with `cargo bench -p weightscope-window --bench tables`.

#![expect(clippy::unwrap_used, reason = "a bench fails by panicking")]

use std::fmt::Write as _;
use std::path::Path;

use criterion::{Criterion, criterion_group, criterion_main};
use egui::epaint::{ClippedShape, Shape};
use weightscope_engine::CATALOGUE;
use weightscope_engine::experiment::Experiment;
use weightscope_engine::run::{self, Control, Nobody, Place, RunRequest};
use weightscope_engine::store::Status;
use weightscope_window::window::App;

const TENSORS: usize = 100_000;
/// Rows and columns of each.
const SIDES: (usize, usize) = (4, 8);
/// What names of tensors begin with.
const NAME: &str = "block.";
/// Points that a frame scrolls: three rows.
const SCROLLED: f32 = 60.0;

/// A safetensors file of many small matrices.
fn write(path: &Path) {
    let bytes = SIDES.0 * SIDES.1 * 4;
    let mut header = String::from("{");
    for number in 0..TENSORS {
        let (comma, begin) = (if number > 0 { "," } else { "" }, number * bytes);
        let (rows, columns, end) = (SIDES.0, SIDES.1, begin + bytes);
        write!(
            header,
            r#"{comma}"{NAME}{number}.weight":{{"dtype":"F32","shape":[{rows},{columns}],"data_offsets":[{begin},{end}]}}"#
        )
        .unwrap();
    }
    header.push('}');
    let mut file = (header.len() as u64).to_le_bytes().to_vec();
    file.extend_from_slice(header.as_bytes());
    let values = (0..TENSORS * SIDES.0 * SIDES.1).map(|place| ((place as f32) * 0.37).sin());
    file.extend(values.flat_map(f32::to_le_bytes));
    std::fs::write(path, file).unwrap();
}

/// The window over the run of such a file.
fn window(context: &egui::Context, folder: &Path) -> App {
    let path = folder.join("model.safetensors");
    write(&path);
    let mut experiment = Experiment::new(CATALOGUE.method("inspect").unwrap());
    experiment.set_typed("model", &path.display().to_string()).unwrap();
    experiment.set_typed("spectra", "none").unwrap();
    let request = RunRequest {
        experiment: experiment.clone(),
        asked: None,
        origin: "bench".to_owned(),
        place: Place::Memory,
    };
    let outcome = run::run(&request, &mut Nobody, &Control::default()).unwrap();
    assert_eq!(outcome.status, Status::Done, "{:?}", outcome.reason);
    let mut app = App::with_context(CATALOGUE, context, folder, None);
    app.show_record(&experiment, outcome.record);
    app
}

/// Where names of tensors are drawn.
fn names(shapes: &[ClippedShape]) -> Vec<(String, egui::Pos2)> {
    fn add(shape: &Shape, found: &mut Vec<(String, egui::Pos2)>) {
        match shape {
            Shape::Vec(shapes) => shapes.iter().for_each(|shape| add(shape, found)),
            Shape::Text(text) if text.galley.text().starts_with(NAME) => {
                found.push((text.galley.text().to_owned(), text.pos));
            }
            _ => {}
        }
    }
    let mut found = Vec::new();
    shapes.iter().for_each(|clipped| add(&clipped.shape, &mut found));
    found
}

fn scrolled(criterion: &mut Criterion) {
    let folder = tempfile::tempdir().unwrap();
    let context = egui::Context::default();
    let mut app = window(&context, folder.path());
    let mut frame = |events: Vec<egui::Event>| {
        let input = egui::RawInput {
            screen_rect: Some(egui::Rect::from_min_size(egui::Pos2::ZERO, egui::vec2(1440.0, 900.0))),
            events,
            ..egui::RawInput::default()
        };
        app.drain(&context);
        let output = context.run_ui(input, |ui| app.draw(ui));
        let names = names(&output.shapes);
        output.drop_without_applying_deltas();
        names
    };
    // Views are derived beside the frames.
    let mut seen = Vec::new();
    for _ in 0..200 {
        seen = frame(Vec::new());
        if seen.len() > 8 {
            break;
        }
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
    let (before, place) = seen.get(seen.len() / 2).cloned().unwrap();
    frame(vec![egui::Event::PointerMoved(place)]);
    let wheel = || egui::Event::MouseWheel {
        unit: egui::MouseWheelUnit::Point,
        delta: egui::vec2(0.0, -SCROLLED),
        phase: egui::TouchPhase::Move,
        source: egui::MouseWheelSource::Wheel,
        modifiers: egui::Modifiers::NONE,
    };
    for _ in 0..20 {
        seen = frame(vec![wheel()]);
    }
    assert!(seen.len() > 8 && seen.iter().all(|(name, _)| *name != before), "the table moved: {seen:?}");
    criterion.bench_function(&format!("frame while {TENSORS} rows scroll"), |bench| {
        bench.iter(|| frame(vec![wheel()]));
    });
}

criterion_group!(benches, scrolled);
criterion_main!(benches);
