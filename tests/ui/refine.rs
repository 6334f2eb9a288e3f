//! A finished phase diagram is refined: a rectangle is brushed, and a fork with the denser grid is offered and made.

use egui::accesskit::Role;
use egui_kittest::kittest::{NodeT as _, Queryable as _};
use weightscope_engine::CATALOGUE;
use weightscope_engine::record::{ControlValue, Controls};
use weightscope_engine::store::{self, Status};
use weightscope_tests::runs::{finished, preset};
use weightscope_tests::window::{click, click_when_ready, until, wait_for, workbench};

/// A grid that is trained in a moment.
const TINY: [(&str, &str); 9] = [
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

#[test]
fn a_finished_grid_is_refined_by_a_fork() {
    let folder = tempfile::tempdir().unwrap();
    let parent = folder.path().join("grid");
    finished(preset("phases/quick", &TINY), &parent);
    let mut harness = workbench(folder.path());
    until(&mut harness, "the list is read", |app| app.listed_runs().len() == 1);
    click(&mut harness, "Open grid");
    until(&mut harness, "the run is shown", |app| app.folder().is_some());
    harness.state_mut().look_at("diagram", &Controls::default());
    harness.run_steps(4);
    let button = harness.get_by_label("Refine here");
    assert!(button.accesskit_node().is_disabled(), "nothing is brushed yet");
    let mut brushed = Controls::default();
    brushed.set("region", ControlValue::Region([0.0, 2.0, 0.0, 1.0]));
    harness.state_mut().look_at("diagram", &brushed);
    harness.run_steps(2);
    click_when_ready(&mut harness, "Refine here");
    wait_for(&mut harness, "Fork now");
    assert!(harness.query_all_by_label_contains("[4, 6, 9]").next().is_some(), "the denser axis is told");
    click_when_ready(&mut harness, "Fork now");
    until(&mut harness, "the child ends", |app| {
        app.busy() == 0
            && app.folder().is_some_and(|path| path != parent)
            && app.status() == Some(Status::Done)
    });
    let child = harness.state().folder().unwrap().to_owned();
    let manifest = store::read_manifest(&child).unwrap();
    assert_eq!(manifest.parent.map(|parent| parent.id).as_deref(), Some("grid"), "its parent");
    assert!(
        (manifest.results["models_trained"] - 12.0).abs() < 1e-9,
        "six cells of two: {:?}",
        manifest.results
    );
    let settings = store::read_experiment(CATALOGUE, &child).unwrap();
    assert_eq!(settings.get("widths").unwrap().to_string(), "[4, 6, 9]");
    // The log names the fork and what it changes.
    harness.key_press(egui::Key::M);
    harness.run_steps(2);
    harness.key_press_modifiers(egui::Modifiers::COMMAND, egui::Key::J);
    harness.run_steps(2);
    harness.get_by_role_and_label(Role::Button, "Log").click();
    harness.run_steps(4);
    let told = harness.query_all_by_label_contains("Forked from").next().is_some();
    assert!(told, "the log tells it");
}
