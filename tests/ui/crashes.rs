//! What was open when the program died: opened without the view that it died of, after two deaths not at all, each with a sentence; and as
//! it was where something else ended the program.

#![expect(clippy::unwrap_used, reason = "a test fails by it")]

use std::path::Path;

use egui_kittest::Harness;
use egui_kittest::kittest::Queryable as _;
use weightscope_engine::store::Status;
use weightscope_tests::runs::{SHORT, finished, preset};
use weightscope_tests::window::{click, until, wait_for, workbench};
use weightscope_window::window::App;

/// The view that has the focus in the sessions below, and the words of its button.
const VIEW: &str = "accuracy";
const BUTTON: &str = "Export Accuracy";

/// A window whose last program left such a session behind, with a run open and at work on these views of it.
fn after(root: &Path, running: bool, crashes: u32, views: &[&str]) -> Harness<'static, App> {
    let run = root.join("finished");
    if !run.is_dir() {
        finished(preset("oscillation/mlp-lsq", &SHORT), &run);
    }
    let boot = std::fs::read_to_string("/proc/sys/kernel/random/boot_id").unwrap_or_default();
    let works: Vec<_> = views.iter().map(|view| serde_json::json!({ "run": run, "view": view })).collect();
    let entries = serde_json::json!({ "boot": boot.trim(), "works": works });
    std::fs::write(root.join("session.lock"), entries.to_string()).unwrap();
    let session = serde_json::json!({
        "open": run, "focus": VIEW, "running": running, "crashes": crashes, "panels": [true, true, true], "zoom": 1.0
    });
    std::fs::write(root.join("session.json"), session.to_string()).unwrap();
    let mut harness = workbench(root);
    until(&mut harness, "the list is read", |app| !app.listed_runs().is_empty());
    harness
}

fn has_view(harness: &Harness<'_, App>) -> bool {
    harness.query_all_by_label(BUTTON).next().is_some()
}

#[test]
fn after_a_good_end_the_run_is_there_with_its_view() {
    let root = tempfile::tempdir().unwrap();
    let mut harness = after(root.path(), false, 0, &[]);
    until(&mut harness, "the run is shown", |app| app.status() == Some(Status::Done));
    harness.run_steps(3);
    assert!(has_view(&harness) && harness.state().focused_view() == VIEW, "as it was");
}

#[test]
fn after_a_crash_the_run_is_opened_without_its_view_which_comes_back_by_hand() {
    let root = tempfile::tempdir().unwrap();
    let mut harness = after(root.path(), true, 0, &[VIEW]);
    until(&mut harness, "the run is shown", |app| app.status() == Some(Status::Done));
    wait_for(&mut harness, ": its view Accuracy was left out");
    assert!(!has_view(&harness), "the view has no tile");
    assert_ne!(harness.state().focused_view(), VIEW, "nor the focus");
    let session = root.path().join("session.json");
    let text = std::fs::read_to_string(&session).unwrap();
    assert!(
        text.contains("\"running\":true") && text.contains("\"crashes\":1"),
        "the next start knows: {text}"
    );
    click(&mut harness, "View");
    click(&mut harness, "Views");
    click(&mut harness, "Add Accuracy");
    harness.run_steps(4);
    assert!(has_view(&harness), "it can be opened again");
    drop(harness);
    let text = std::fs::read_to_string(&session).unwrap();
    assert!(text.contains("\"running\":false"), "this one ended well: {text}");
}

#[test]
fn after_two_crashes_the_run_is_not_opened_until_it_is_asked_for() {
    let root = tempfile::tempdir().unwrap();
    let mut harness = after(root.path(), true, 1, &[VIEW]);
    wait_for(&mut harness, "twice in a row with finished open, so the run was not opened again");
    harness.run_steps(20);
    assert_eq!(harness.state().status(), None, "nothing is shown");
    click(&mut harness, "Open");
    until(&mut harness, "the run is shown", |app| app.status() == Some(Status::Done));
    harness.run_steps(3);
    assert!(has_view(&harness), "with all its views");
}

#[test]
fn a_program_that_is_killed_between_frames_leaves_every_view_where_it_was() {
    let root = tempfile::tempdir().unwrap();
    let mut harness = after(root.path(), false, 0, &[]);
    until(&mut harness, "the run is shown", |app| app.status() == Some(Status::Done));
    let read = |file: &str| std::fs::read_to_string(root.path().join(file)).unwrap();
    until(&mut harness, "all is written and nothing is in work", |_| {
        let session = read("session.json");
        let knows = session.contains("\"running\":true") && session.contains("finished");
        knows && read("session.lock").lines().next().is_some_and(|line| line.ends_with("\"works\":[]}"))
    });
    // What a signal leaves is what stands on the disk this moment; the run lies where it lay.
    let killed = tempfile::tempdir().unwrap();
    for file in ["session.json", "session.lock"] {
        std::fs::copy(root.path().join(file), killed.path().join(file)).unwrap();
    }
    let mut harness = workbench(killed.path());
    until(&mut harness, "the run is shown", |app| app.status() == Some(Status::Done));
    harness.run_steps(3);
    assert!(has_view(&harness) && harness.state().focused_view() == VIEW, "as it was");
    assert!(harness.query_all_by_label_contains("left out").next().is_none(), "and nothing is said");
}
