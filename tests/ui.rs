//! The window through the accessibility tree, without a display: set up, run, pause, step, cancel, keyboard only.

#![expect(clippy::panic, reason = "a test fails by panicking, in its helpers too")]

use std::time::{Duration, Instant};

use egui::{Key, Modifiers};
use egui_kittest::Harness;
use egui_kittest::kittest::Queryable as _;
use weightscope::window::App;
use weightscope_engine::store::Status;

/// The app in a harness; unlabelled inputs make the harness fail.
fn workbench(folder: &std::path::Path, size: [f32; 2]) -> Harness<'static, App> {
    let folder = folder.to_owned();
    let mut app: Option<App> = None;
    Harness::builder()
        .with_size(size)
        .build_eframe(move |creation| app.take().unwrap_or_else(|| App::new(creation, &folder)))
}

fn until(harness: &mut Harness<'_, App>, what: &str, done: impl Fn(&App) -> bool) {
    let begun = Instant::now();
    while begun.elapsed() < Duration::from_mins(1) {
        harness.step();
        if done(harness.state()) {
            harness.step();
            return;
        }
        std::thread::sleep(Duration::from_millis(5));
    }
    panic!("never happened: {what}");
}

#[test]
fn a_person_runs_pauses_steps_and_cancels_with_the_mouse() {
    let folder = tempfile::tempdir().unwrap();
    let mut harness = workbench(folder.path(), [1440.0, 900.0]);
    harness.step();
    harness.get_by_label("Run experiment").click();
    until(&mut harness, "the run starts", |app| app.is_live() && app.step() > 0);
    harness.get_by_label("Pause").click();
    until(&mut harness, "the run is held", App::is_paused);
    std::thread::sleep(Duration::from_millis(300));
    harness.step();
    let held = harness.state().step();
    harness.get_by_label("Step").click();
    until(&mut harness, "one step is done", |app| app.step() > held);
    assert!(
        harness.state().step() <= held + 2,
        "one step, not many: {} after {held}",
        harness.state().step()
    );
    harness.get_by_label("Cancel").click();
    until(&mut harness, "the run ends", |app| !app.is_live());
    assert_eq!(harness.state().status(), Some(Status::Cancelled), "and keeps what it has");
}

#[test]
fn a_person_runs_with_the_keyboard_only() {
    let folder = tempfile::tempdir().unwrap();
    let mut harness = workbench(folder.path(), [1024.0, 680.0]);
    harness.step();
    harness.key_press_modifiers(Modifiers::COMMAND, Key::Enter);
    until(&mut harness, "the run starts", |app| app.is_live() && app.step() > 0);
    harness.key_press(Key::Space);
    until(&mut harness, "the run is held", App::is_paused);
    harness.key_press_modifiers(Modifiers::COMMAND, Key::Period);
    until(&mut harness, "the run ends", |app| !app.is_live());
    assert_eq!(harness.state().status(), Some(Status::Cancelled), "cancelled by key");
}

#[test]
fn an_idle_window_asks_for_no_repaint() {
    let folder = tempfile::tempdir().unwrap();
    let mut harness = workbench(folder.path(), [1440.0, 900.0]);
    harness.run_steps(10);
    std::thread::sleep(Duration::from_millis(200));
    // `run` fails if the window keeps asking for frames.
    harness.run();
}

#[test]
fn plots_carry_a_sentence_for_readers() {
    let folder = tempfile::tempdir().unwrap();
    let mut harness = workbench(folder.path(), [1440.0, 900.0]);
    harness.step();
    harness.get_by_label("Run experiment").click();
    until(&mut harness, "accuracy is measured", |app| app.step() > 600);
    harness.get_by_label("Pause").click();
    until(&mut harness, "the run is held", App::is_paused);
    harness.run_steps(3);
    assert!(
        harness.query_by_label_contains("Accuracy: accuracy over step").is_some(),
        "the accuracy plot has a summary"
    );
    harness.get_by_label("Cancel").click();
    until(&mut harness, "the run ends", |app| !app.is_live());
}
