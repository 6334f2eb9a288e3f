//! The head of the runs table, through the accessibility tree: menus of columns, seeds and curves; a column moved by drag.

use std::path::Path;
use std::time::{Duration, Instant};

use egui::accesskit::{Role, Toggled};
use egui_kittest::Harness;
use egui_kittest::kittest::{NodeT as _, Queryable as _};
use weightscope_tests::runs::{SHORT, finished, preset};
use weightscope_tests::window::{click, until, workbench};
use weightscope_window::window::App;

/// Two seeds of one arm, in a window that lists them.
fn two_seeds(folder: &Path) -> Harness<'static, App> {
    for (name, seed) in [("a", 0), ("b", 1)] {
        let mut experiment = preset("oscillation/mlp-lsq", &SHORT);
        experiment.seed = seed;
        finished(experiment, &folder.join(name));
    }
    let mut harness = workbench(folder);
    until(&mut harness, "the list is read", |app| app.listed_runs().len() == 2);
    harness
}

/// Left edge of a heading; nothing if it is not shown.
fn heading(harness: &Harness<'_, App>, words: &str) -> Option<egui::Rect> {
    harness.query_by_label(&format!("Sort by {words}")).map(|node| node.rect())
}

#[test]
fn columns_are_shown_hidden_and_moved_from_the_menu() {
    let folder = tempfile::tempdir().unwrap();
    let mut harness = two_seeds(folder.path());
    assert!(heading(&harness, "Seed").is_some() && heading(&harness, "learning_rate").is_none(), "at first");
    click(&mut harness, "Columns");
    harness.get_by_role_and_label(Role::CheckBox, "Seed").click();
    harness.run_steps(3);
    assert!(heading(&harness, "Seed").is_none(), "hidden");
    let before = heading(&harness, "Name").unwrap();
    click(&mut harness, "Move left Name");
    assert!(heading(&harness, "Name").unwrap().left() < before.left(), "one place to the left");
    click(&mut harness, "As at first");
    assert!(heading(&harness, "Seed").is_some(), "as at first");
}

#[test]
fn a_column_is_moved_by_drag() {
    let folder = tempfile::tempdir().unwrap();
    let mut harness = two_seeds(folder.path());
    let (seed, curve) = (heading(&harness, "Seed").unwrap(), heading(&harness, "Curve").unwrap());
    assert!(curve.left() < seed.left(), "the small curve comes first");
    let at = seed.center();
    harness.hover_at(at);
    harness.step();
    harness.drag_at(at);
    harness.step();
    // A drag begins when the pointer has gone a little way.
    for share in [0.3, 0.7, 1.0] {
        harness.hover_at(at + (curve.center() - at) * share);
        harness.step();
    }
    harness.drop_at(curve.center());
    harness.run_steps(3);
    let (seed, curve) = (heading(&harness, "Seed").unwrap(), heading(&harness, "Curve").unwrap());
    assert!(seed.left() < curve.left(), "the seed stands before it now");
}

#[test]
fn the_menu_of_seeds_says_how_seeds_are_joined() {
    let folder = tempfile::tempdir().unwrap();
    let mut harness = two_seeds(folder.path());
    click(&mut harness, "Open a");
    until(&mut harness, "the run is shown", |app| app.folder().is_some());
    click(&mut harness, "Tick b");
    until(&mut harness, "it is read", |app| app.overlaid_runs().len() == 1);
    harness.run_steps(3);
    let drawn = |harness: &Harness<'_, App>, words: &str| harness.query_all_by_label_contains(words).count();
    assert!(drawn(&harness, "mean min–max, n = 2") > 0, "joined at first");
    click(&mut harness, "Seeds");
    for words in ["median", "95 % CI"] {
        harness.get_by_role_and_label(Role::RadioButton, words).click();
        harness.run_steps(3);
    }
    assert!(drawn(&harness, "median 95 % CI, n = 2") > 0, "as chosen");
    harness.get_by_role_and_label(Role::CheckBox, "Join seeds").click();
    harness.run_steps(3);
    assert_eq!(drawn(&harness, "n = 2"), 0, "each by itself");
}

#[test]
fn the_menu_of_curves_names_the_channel_of_the_small_curves() {
    let folder = tempfile::tempdir().unwrap();
    let mut harness = two_seeds(folder.path());
    // The small curves are read in the background, and the menu lists what they found.
    let begun = Instant::now();
    loop {
        click(&mut harness, "Curves");
        if harness.query_by_label("accuracy/test").is_some() {
            break;
        }
        assert!(begun.elapsed() < Duration::from_secs(20), "the channels are listed");
        click(&mut harness, "Curves");
        std::thread::sleep(Duration::from_millis(20));
    }
    click(&mut harness, "accuracy/test");
    click(&mut harness, "Curves");
    let chosen = harness.get_by_label("accuracy/test");
    assert_eq!(chosen.accesskit_node().toggled(), Some(Toggled::True), "remembered");
}
