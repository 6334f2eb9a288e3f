//! The window with many runs, through the accessibility tree: sort, filter, tick, group, compare, mark; queue, sweep, fork, verify.

use std::path::Path;
use std::time::{Duration, Instant};

use egui::accesskit::Role;
use egui::{Key, Modifiers};
use egui_kittest::Harness;
use egui_kittest::kittest::{NodeT as _, Queryable as _};
use weightscope_engine::store;
use weightscope_tests::runs::{SHORT, finished, preset};
use weightscope_tests::window::{click, until, workbench};
use weightscope_window::window::App;

/// Three short runs: two seeds of one arm, and another arm.
fn three_runs(folder: &Path) {
    for (folder_name, name, seed) in
        [("a", "oscillation/mlp-lsq", 0), ("b", "oscillation/mlp-lsq", 1), ("c", "oscillation/mlp-statsq", 0)]
    {
        let mut experiment = preset(name, &SHORT);
        experiment.seed = seed;
        finished(experiment, &folder.join(folder_name));
    }
}

fn order(harness: &Harness<'_, App>) -> String {
    harness.state().listed_runs().concat()
}

#[test]
fn a_person_sorts_filters_groups_and_compares() {
    let folder = tempfile::tempdir().unwrap();
    three_runs(folder.path());
    let mut harness = workbench(folder.path());
    until(&mut harness, "the list is read", |app| app.listed_runs().len() == 3);
    click(&mut harness, "Sort by Seed");
    assert_eq!(order(&harness).chars().last(), Some('b'), "seed 1 comes last");
    click(&mut harness, "Sort by Seed");
    assert_eq!(order(&harness).chars().next(), Some('b'), "and first the other way");
    harness.get_by_role_and_label(Role::TextInput, "Filter").focus();
    harness.run_steps(2);
    harness.get_by_role_and_label(Role::TextInput, "Filter").type_text("quantizer=statsq");
    harness.run_steps(3);
    assert_eq!(order(&harness), "c", "the filter narrows as one types");
    let place =
        |harness: &Harness<'_, App>| harness.get_by_role_and_label(Role::TextInput, "Filter").rect().top();
    let stood = place(&harness);
    harness.get_by_role_and_label(Role::TextInput, "Filter").type_text(" seed=99");
    harness.run_steps(3);
    assert_eq!(
        (order(&harness).as_str(), place(&harness)),
        ("", stood),
        "the panel stands though the list is empty"
    );
    harness.key_press_modifiers(Modifiers::COMMAND, Key::A);
    for typed in ["quantizer=statsq", " acuracy>1"] {
        harness.get_by_role_and_label(Role::TextInput, "Filter").type_text(typed);
        harness.run_steps(3);
    }
    assert!(harness.query_by_label_contains("did you mean").is_some(), "a wrong key is named");
    assert_eq!(order(&harness), "c", "and the last filter that could be read stands");
    harness.key_press_modifiers(Modifiers::COMMAND, Key::A);
    harness.key_press(Key::Delete);
    harness.run_steps(3);
    assert_eq!(order(&harness).len(), 3, "all again");
    for id in ["a", "c"] {
        click(&mut harness, &format!("Tick {id}"));
    }
    // The form has the same words.
    let listed = |harness: &Harness<'_, App>, words: &str| harness.query_all_by_label(words).count();
    let before = (listed(&harness, "Weight quantizer"), listed(&harness, "Batch size"));
    click(&mut harness, "Compare");
    assert_eq!(listed(&harness, "Weight quantizer"), before.0 + 1, "what differs is listed by its label");
    assert_eq!(listed(&harness, "Batch size"), before.1, "what does not is left out");
    click(&mut harness, "Copy as LaTeX");
    click(&mut harness, "Runs");
    harness.get_by_label("Group by").click();
    harness.run_steps(3);
    harness.get_by_role_and_label(Role::Button, "Seed").click();
    harness.run_steps(3);
    click(&mut harness, "Fold group 0");
    assert_eq!(order(&harness), "b", "a folded group hides its runs");
}

#[test]
fn ticked_runs_are_drawn_together_and_seeds_become_one_line() {
    let folder = tempfile::tempdir().unwrap();
    three_runs(folder.path());
    let mut harness = workbench(folder.path());
    until(&mut harness, "the list is read", |app| app.listed_runs().len() == 3);
    click(&mut harness, "Open c");
    until(&mut harness, "the run is shown", |app| app.folder().is_some());
    click(&mut harness, "Tick a");
    click(&mut harness, "Tick b");
    until(&mut harness, "both are read", |app| app.overlaid_runs().len() == 2);
    harness.run_steps(3);
    let legends = harness.query_all_by_label_contains("n = 2").count();
    assert!(legends > 0, "the legends count the seeds");
    click(&mut harness, "Untick 2");
    assert!(harness.state().overlaid_runs().is_empty(), "alone again");
}

#[test]
fn star_and_note_reach_the_manifest() {
    let folder = tempfile::tempdir().unwrap();
    three_runs(folder.path());
    let mut harness = workbench(folder.path());
    until(&mut harness, "the list is read", |app| app.listed_runs().len() == 3);
    click(&mut harness, "Star a");
    assert!(harness.query_by_label("Unstar a").is_some(), "seen at once");
    click(&mut harness, "Note of a");
    harness.get_by_role_and_label(Role::TextInput, "Note of a").type_text("fc2 again");
    harness.run_steps(2);
    harness.key_press(Key::Enter);
    harness.run_steps(2);
    let path = folder.path().join("a");
    until(&mut harness, "it is on disk", |_| {
        store::read_manifest(&path).is_ok_and(|manifest| manifest.star && manifest.note == "fc2 again")
    });
}

#[test]
fn a_run_is_verified_on_a_worker() {
    let folder = tempfile::tempdir().unwrap();
    three_runs(folder.path());
    let mut harness = workbench(folder.path());
    until(&mut harness, "the list is read", |app| app.listed_runs().len() == 3);
    click(&mut harness, "Verify b");
    let path = folder.path().join("b");
    until(&mut harness, "it is repeated", |_| {
        store::read_manifest(&path)
            .is_ok_and(|manifest| manifest.verified.is_some_and(|verified| verified.identical))
    });
    until(&mut harness, "the worker is free", |app| app.busy() == 0);
    harness.run_steps(5);
    std::thread::sleep(Duration::from_millis(100));
    harness.run_steps(5);
    assert!(harness.query_by_label("reproduced").is_some(), "and the table says so");
}

#[test]
fn the_queue_keeps_its_order_and_runs_go_on_behind() {
    let folder = tempfile::tempdir().unwrap();
    let mut harness = workbench(folder.path());
    harness.step();
    for _ in 0..3 {
        click(&mut harness, "Run experiment");
    }
    until(&mut harness, "the first runs", |app| app.is_live() && app.step() > 0);
    let workers = harness.state().busy();
    assert_eq!(harness.state().waiting().len(), 3 - workers, "the others wait");
    assert!(workers >= 1, "at least one worker");
    // Four more that wait, told apart by the preset's name and their place.
    let before = harness.state().waiting().len();
    for label in ["Duplicate oscillation/quick", "Remove oscillation/quick"] {
        let node = harness.query_all_by_label(label).next();
        if let Some(node) = node {
            node.click();
        }
        harness.run_steps(2);
    }
    assert_eq!(harness.state().waiting().len(), before, "one more, one less");
    if before > 0 {
        harness.query_all_by_label("Start now oscillation/quick").next().unwrap().click();
        until(&mut harness, "two are in work", |app| app.busy() == workers + 1);
        let first = harness.state().folder().map(Path::to_owned);
        harness.query_all_by_label("Show oscillation/quick").nth(1).unwrap().click();
        harness.run_steps(3);
        assert_ne!(harness.state().folder().map(Path::to_owned), first, "the other one is shown");
    }
    click(&mut harness, "Clear");
    assert!(harness.state().waiting().is_empty(), "nothing waits");
    for _ in 0..4 {
        if let Some(node) = harness.query_all_by_label("Cancel oscillation/quick").next() {
            node.click();
        }
        harness.run_steps(2);
        std::thread::sleep(Duration::from_millis(200));
    }
    until(&mut harness, "all have ended", |app| app.busy() == 0);
}

#[test]
fn a_sweep_fills_the_queue() {
    let folder = tempfile::tempdir().unwrap();
    let mut harness = workbench(folder.path());
    harness.step();
    click(&mut harness, "Sweep…");
    assert!(harness.query_by_label_contains("9 runs").is_some(), "three rates, three seeds, counted");
    harness.get_by_role_and_label(Role::TextInput, "Seeds").focus();
    harness.run_steps(2);
    harness.key_press_modifiers(Modifiers::COMMAND, Key::A);
    harness.get_by_role_and_label(Role::TextInput, "Seeds").type_text("5, 7");
    harness.run_steps(3);
    assert!(harness.query_by_label_contains("6 runs").is_some(), "two seeds now");
    click(&mut harness, "Add to queue");
    let state = harness.state();
    assert_eq!(state.waiting().len() + state.busy(), 6, "in work or waiting");
    let words = state.waiting();
    assert!(
        words.last().is_some_and(|label| label.contains("learning_rate=") && label.ends_with("seed=7")),
        "{words:?}"
    );
    click(&mut harness, &format!("Move down {}", words[0]));
    assert_eq!(harness.state().waiting()[..2], [words[1].clone(), words[0].clone()], "one place down");
    click(&mut harness, "Clear");
    harness.key_press_modifiers(Modifiers::COMMAND, Key::Period);
    until(&mut harness, "all have ended", |app| app.busy() == 0);
}

#[test]
fn a_held_run_is_forked_and_the_child_knows_its_parent() {
    let folder = tempfile::tempdir().unwrap();
    let mut harness = workbench(folder.path());
    harness.step();
    click(&mut harness, "Run experiment");
    until(&mut harness, "the run goes", |app| app.is_live() && app.step() > 30);
    harness.key_press_modifiers(Modifiers::COMMAND.plus(Modifiers::SHIFT), Key::F);
    until(&mut harness, "it is held", App::is_paused);
    let parent = harness.state().folder().unwrap().to_owned();
    let begun = Instant::now();
    while harness.get_by_label("Fork now").accesskit_node().is_disabled() {
        assert!(begun.elapsed() < Duration::from_mins(1), "a checkpoint is there");
        std::thread::sleep(Duration::from_millis(20));
        harness.step();
    }
    click(&mut harness, "Fork now");
    until(&mut harness, "the child goes", |app| {
        app.folder().is_some_and(|folder| folder != parent) && app.is_live() && app.step() > 30
    });
    let child = harness.state().folder().unwrap().to_owned();
    let lineage = store::read_manifest(&child).unwrap().parent.unwrap();
    assert_eq!(Some(lineage.id.as_str()), parent.file_name().and_then(|name| name.to_str()), "its parent");
    assert_eq!(harness.state().busy(), 2, "the parent stands behind it");
    click(&mut harness, "Queue 2");
    for _ in 0..20 {
        let labels = ["Cancel fork of ", "Cancel oscillation/quick"];
        for label in labels {
            if let Some(node) = harness.query_all_by_label_contains(label).next() {
                node.click();
            }
        }
        harness.run_steps(2);
        std::thread::sleep(Duration::from_millis(50));
    }
    until(&mut harness, "both have ended", |app| app.busy() == 0);
}

#[test]
fn what_waits_comes_back_after_a_restart_and_starts_only_when_asked() {
    let folder = tempfile::tempdir().unwrap();
    let mut harness = workbench(folder.path());
    harness.step();
    click(&mut harness, "Sweep…");
    click(&mut harness, "Add to queue");
    click(&mut harness, "Pause queue");
    harness.key_press_modifiers(Modifiers::COMMAND, Key::Period);
    until(&mut harness, "the run in work ends", |app| app.busy() == 0);
    let waiting = harness.state().waiting();
    assert!(!waiting.is_empty(), "others wait");
    let session = folder.path().join("session.json");
    let last = waiting.last().unwrap().clone();
    until(&mut harness, "the session is on disk", |app| {
        app.busy() == 0 && std::fs::read_to_string(&session).is_ok_and(|text| text.contains(&last))
    });
    drop(harness);
    let mut harness = workbench(folder.path());
    harness.run_steps(5);
    assert_eq!(harness.state().waiting(), waiting, "in the same order");
    assert_eq!(harness.state().busy(), 0, "nothing starts by itself");
    let queue = format!("Queue {}", waiting.len());
    click(&mut harness, &queue);
    click(&mut harness, "Resume queue");
    until(&mut harness, "the next one goes", |app| app.busy() > 0 && app.step() > 0);
    click(&mut harness, "Clear");
    harness.key_press_modifiers(Modifiers::COMMAND, Key::Period);
    until(&mut harness, "it has ended", |app| app.busy() == 0);
}

#[test]
fn a_fork_dialog_that_is_closed_lets_the_run_go_on() {
    let folder = tempfile::tempdir().unwrap();
    let mut harness = workbench(folder.path());
    harness.step();
    click(&mut harness, "Run experiment");
    until(&mut harness, "the run goes", |app| app.is_live() && app.step() > 30);
    let fork = Modifiers::COMMAND.plus(Modifiers::SHIFT);
    harness.key_press_modifiers(fork, Key::F);
    until(&mut harness, "the dialog holds it", App::is_paused);
    // Asked for again, the dialog still knows that it was the one.
    harness.key_press_modifiers(fork, Key::F);
    harness.run_steps(3);
    assert!(harness.state().is_paused(), "held all the time");
    click(&mut harness, "Close");
    until(&mut harness, "it goes on", |app| app.is_live() && !app.is_paused());
    harness.key_press(Key::Space);
    until(&mut harness, "held by hand", App::is_paused);
    harness.key_press_modifiers(fork, Key::F);
    harness.run_steps(3);
    click(&mut harness, "Close");
    harness.run_steps(3);
    assert!(harness.state().is_paused(), "what was held before stays held");
    harness.key_press_modifiers(Modifiers::COMMAND, Key::Period);
    until(&mut harness, "it has ended", |app| app.busy() == 0);
}
