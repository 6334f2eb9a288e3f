//! A click on "Try rates": the runs of the comparison wait, ticked, behind the run that stays in view.

use weightscope_engine::CATALOGUE;
use weightscope_engine::record::Controls;
use weightscope_engine::store;
use weightscope_tests::runs::{finished, preset};
use weightscope_tests::window::{click, click_when_ready, until, wait_for, workbench};

/// A run that is over in a moment.
const TINY: [(&str, &str); 9] = [
    ("base", "train"),
    ("base_steps", "4"),
    ("width", "16"),
    ("layers", "1"),
    ("heads", "2"),
    ("context", "16"),
    ("block", "4"),
    ("steps", "4"),
    ("sample_length", "4"),
];

#[test]
fn one_click_runs_the_methods_and_rates_that_follow_from_a_run() {
    let folder = tempfile::tempdir().unwrap();
    let parent = folder.path().join("one");
    finished(preset("block_affine/quick", &TINY), &parent);
    let mut harness = workbench(folder.path());
    until(&mut harness, "the list is read", |app| app.listed_runs().len() == 1);
    click(&mut harness, "Open one");
    until(&mut harness, "the run is shown", |app| app.folder().is_some());
    click(&mut harness, "Queue");
    harness.state_mut().look_at("rate_map", &Controls::default());
    harness.run_steps(4);
    click_when_ready(&mut harness, "Try rates");
    until(&mut harness, "the runs wait", |app| !app.waiting().is_empty());
    assert_eq!(harness.state().ticked_runs().len(), 25, "five methods, five rates");
    click_when_ready(&mut harness, "Try rates");
    wait_for(&mut harness, "wait in the queue already");
    assert_eq!(harness.state().ticked_runs().len(), 25, "none twice");
    until(&mut harness, "three of them end", |app| app.waiting().len() < 22);
    harness.key_press_modifiers(egui::Modifiers::COMMAND, egui::Key::J);
    harness.run_steps(4);
    click(&mut harness, "Clear");
    until(&mut harness, "the queue is at rest", |app| app.busy() == 0 && app.waiting().is_empty());
    assert_eq!(harness.state().folder(), Some(parent.as_path()), "the run stays in view");
    let done = harness.state().ticked_runs().iter().find(|path| store::read_manifest(path).is_ok()).unwrap();
    let experiment = store::read_experiment(CATALOGUE, done).unwrap();
    let of = |key: &str| experiment.get(key).map(|value| value.to_string()).unwrap_or_default();
    assert_eq!((of("steps"), of("width"), of("full_beside")), ("4".into(), "16".into(), "false".into()));
    assert!(done.parent().is_some_and(|sweep| sweep != folder.path()), "in a folder of the sweep");
}
