//! What a frame costs while a run goes on: real runs, their snapshots replayed into the window one a frame.
//!
//! Limits: with eight tiles or more and a new state of the record in every frame (more often than 200 times a second), a
//! frame takes under 8 ms before painting at 1440 × 900; so it does while a phase diagram fills.
//! Run with `cargo bench -p weightscope-window --bench live`.

#![expect(clippy::unwrap_used, reason = "a bench fails by panicking")]

use std::sync::{Arc, Mutex};

use criterion::{Criterion, criterion_group, criterion_main};
use weightscope_engine::CATALOGUE;
use weightscope_engine::experiment::Experiment;
use weightscope_engine::run::{self, Control, Event, Observer, Place, RunRequest, Snapshot};
use weightscope_engine::store::Status;
use weightscope_window::window::App;

/// Keeps what a window would have been shown.
struct Camera(Arc<Mutex<Vec<Arc<Snapshot>>>>);

impl Observer for Camera {
    fn on(&mut self, _: Event) {}

    fn publish(&mut self, snapshot: Arc<Snapshot>) {
        self.0.lock().unwrap().push(snapshot);
    }
}

/// The states that a run published, in order.
fn filmed(preset: &str) -> (Experiment, Vec<Arc<Snapshot>>) {
    let text = CATALOGUE.preset(preset).unwrap().text;
    let experiment = Experiment::from_toml(CATALOGUE, text).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let film = Arc::new(Mutex::new(Vec::new()));
    let request = RunRequest {
        experiment: experiment.clone(),
        asked: None,
        origin: preset.to_owned(),
        place: Place::New(folder.path().join("run")),
    };
    let outcome = run::run(&request, &mut Camera(Arc::clone(&film)), &Control::default()).unwrap();
    assert_eq!(outcome.status, Status::Done, "{:?}", outcome.reason);
    let states = film.lock().unwrap().clone();
    (experiment, states)
}

fn frames(criterion: &mut Criterion) {
    for preset in ["oscillation/quick", "phases/quick", "quantiles/quick"] {
        let (experiment, states) = filmed(preset);
        let folder = tempfile::tempdir().unwrap();
        let context = egui::Context::default();
        let mut app = App::with_context(CATALOGUE, &context, folder.path(), None);
        app.show_record(&experiment, states.first().unwrap().record.clone());
        let input = || egui::RawInput {
            screen_rect: Some(egui::Rect::from_min_size(egui::Pos2::ZERO, egui::vec2(1440.0, 900.0))),
            ..egui::RawInput::default()
        };
        let mut film = states.iter().cycle();
        let mut frame = || {
            app.update_record(Arc::clone(film.next().unwrap()));
            app.drain(&context);
            context.run_ui(input(), |ui| app.draw(ui)).drop_without_applying_deltas();
        };
        frame();
        let name = format!("frame with a new state each, {preset} ({} states)", states.len());
        criterion.bench_function(&name, |bench| bench.iter(&mut frame));
    }
}

criterion_group!(benches, frames);
criterion_main!(benches);
