//! Taking something away from a finished run by clicks alone: predictions for new rows, the zoo of a phases run.

use std::path::{Path, PathBuf};

use egui::Key;
use egui_kittest::Harness;
use egui_kittest::kittest::{NodeT as _, Queryable as _};
use weightscope_engine::store::Status;
use weightscope_tests::runs::{SHORT, cancelled, finished, preset};
use weightscope_tests::window::{click, click_when_ready, drop_on, until, wait_for, workbench};
use weightscope_window::window::App;

/// A finished run of the quantiles lab that takes a moment.
fn quantiles(root: &Path) -> PathBuf {
    let path = root.join("quantiles");
    let settings = [
        ("base_models", "linear, knn"),
        ("aggregators", "average, median"),
        ("net_steps", "50"),
        ("aggregator_steps", "50"),
    ];
    finished(preset("quantiles/quick", &settings), &path);
    path
}

/// A finished run of the phases lab with two cells.
fn phases(root: &Path) -> PathBuf {
    let path = root.join("phases");
    let settings = [
        ("widths", "4"),
        ("batch_sizes", "16, 64"),
        ("epochs_min", "2"),
        ("steps_min", "20"),
        ("curve_epochs", "2"),
    ];
    finished(preset("phases/quick", &settings), &path);
    path
}

/// A window that shows a run.
fn showing(root: &Path, run: &Path, status: Status) -> Harness<'static, App> {
    let mut harness = workbench(root);
    harness.step();
    drop_on(&mut harness, run);
    until(&mut harness, "the run is shown", |app| app.status() == Some(status));
    until(&mut harness, "the list is read", |app| !app.listed_runs().is_empty());
    harness.run_steps(3);
    harness
}

fn open_from_menu(harness: &mut Harness<'_, App>) {
    click(harness, "File");
    // The inspector has a button of the same words; the menu's item is drawn over it, so it comes last.
    harness.query_all_by_label("Take away…").last().into_iter().for_each(|item| item.click());
    harness.run_steps(4);
}

#[test]
fn new_rows_are_predicted_by_clicks_alone_and_nothing_is_replaced_unasked() {
    let root = tempfile::tempdir().unwrap();
    let tables = tempfile::tempdir().unwrap();
    let deep = tables.path().join("measured");
    std::fs::create_dir(&deep).unwrap();
    std::fs::write(deep.join("rows.csv"), "income\n500\n900\n1400\n").unwrap();
    std::fs::write(deep.join("wrong.csv"), "a,b\n1,2\n").unwrap();
    let run = quantiles(root.path());
    let mut harness = showing(root.path(), &run, Status::Done);
    open_from_menu(&mut harness);
    assert!(harness.query_by_label("Predictions for new rows").is_some(), "what there is");
    assert!(harness.get_by_label("Predict").accesskit_node().is_disabled(), "no table is chosen yet");
    // The table's field has the keyboard; the folder is the test's own, the rest are clicks.
    harness.event(egui::Event::Text(format!("{}/", tables.path().display())));
    harness.run_steps(2);
    wait_for(&mut harness, "measured");
    click(&mut harness, "measured");
    wait_for(&mut harness, "wrong.csv");
    click(&mut harness, "wrong.csv");
    click_when_ready(&mut harness, "Predict");
    wait_for(&mut harness, "income");
    assert!(!deep.join("wrong-predictions.csv").exists(), "nothing is written after an error");
    click(&mut harness, "rows.csv");
    let out = deep.join("rows-predictions.csv");
    harness.run_steps(3);
    click_when_ready(&mut harness, "Predict");
    wait_for(&mut harness, "Written: ");
    let text = std::fs::read_to_string(&out).unwrap();
    assert_eq!(text.lines().count(), 4, "a header and three rows: {text}");
    assert!(text.starts_with("row,q_"), "every level");
    // The same again: the file is there now.
    std::fs::write(&out, "mine").unwrap();
    click(&mut harness, "Predict");
    wait_for(&mut harness, "There is a file of this name already");
    assert_eq!(std::fs::read_to_string(&out).unwrap(), "mine", "untouched");
    click(&mut harness, "Replace the file");
    // The notification of the first file may still be there, so the file itself tells.
    until(&mut harness, "it is replaced when asked", |_| {
        std::fs::read_to_string(&out).is_ok_and(|text| text.starts_with("row,q_"))
    });
    // The file is looked at: intervals over its rows, and the rows with their own columns.
    harness.key_press(Key::Escape);
    harness.run_steps(2);
    drop_on(&mut harness, &out);
    wait_for(&mut harness, "rows-predictions.csv is looked at");
    assert!(harness.state().folder().is_none(), "it is no run");
    wait_for(&mut harness, "Order by income");
    assert!(harness.query_all_by_label_contains("Predictions (").next().is_some(), "the intervals");
}

#[test]
fn a_zoo_is_made_from_the_inspector_and_lies_in_the_run_folder() {
    let root = tempfile::tempdir().unwrap();
    let run = phases(root.path());
    let mut harness = showing(root.path(), &run, Status::Done);
    click(&mut harness, "Take away…");
    assert!(harness.query_by_label("Model zoo with data card").is_some(), "the lab's own words");
    click(&mut harness, "Make");
    wait_for(&mut harness, "Written: ");
    assert!(run.join("exports/zoo/README.md").is_file(), "with its card");
    click(&mut harness, "Make");
    wait_for(&mut harness, "name a new or an empty folder");
}

#[test]
fn what_gives_nothing_says_so() {
    let root = tempfile::tempdir().unwrap();
    let path = root.path().join("plain");
    let mut experiment = preset("oscillation/mlp-lsq", &SHORT);
    experiment.set_typed("quantizer", "float").unwrap();
    finished(experiment, &path);
    let mut harness = showing(root.path(), &path, Status::Done);
    assert!(harness.query_by_label("Take away…").is_none(), "no button in the inspector");
    click(&mut harness, "File");
    let item = harness.get_by_label("Take away…");
    assert!(item.accesskit_node().is_disabled(), "grey");
    item.hover();
    wait_for(&mut harness, "give nothing to take away");
    harness.key_press(Key::Escape);
    harness.run_steps(2);
}

#[test]
fn a_run_that_was_cancelled_cannot_predict() {
    let root = tempfile::tempdir().unwrap();
    let path = root.path().join("half");
    cancelled(preset("quantiles/quick", &[]), &path, 1);
    let mut harness = showing(root.path(), &path, Status::Cancelled);
    let button = harness.get_by_label("Predict new rows…");
    assert!(button.accesskit_node().is_disabled(), "grey in the inspector");
    button.hover();
    wait_for(&mut harness, "resume it first");
}
