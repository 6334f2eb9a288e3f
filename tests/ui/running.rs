//! One run in the window: set up, run, pause, step, cancel, keyboard only.

use std::time::Duration;

use egui::{Key, Modifiers};
use egui_kittest::kittest::Queryable as _;
use weightscope_engine::store::Status;
use weightscope_tests::window::{sized, until, workbench};
use weightscope_window::window::App;

#[test]
fn a_person_runs_pauses_steps_and_cancels_with_the_mouse() {
    let folder = tempfile::tempdir().unwrap();
    let mut harness = workbench(folder.path());
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
    let mut harness = sized(folder.path(), [1024.0, 680.0]);
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
    let mut harness = workbench(folder.path());
    harness.run_steps(10);
    std::thread::sleep(Duration::from_millis(200));
    // `run` fails if the window keeps asking for frames.
    harness.run();
}

#[test]
fn plots_carry_a_sentence_for_readers() {
    let folder = tempfile::tempdir().unwrap();
    let mut harness = workbench(folder.path());
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
