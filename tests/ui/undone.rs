//! What undo brings back beside what is seen at once, and what a deletion leaves behind.

use std::path::Path;

use egui::{Key, Modifiers};
use egui_kittest::Harness;
use egui_kittest::kittest::Queryable as _;
use weightscope_tests::runs::{SHORT, finished, preset};
use weightscope_tests::window::{click, until, workbench};
use weightscope_window::window::App;
use weightscope_window::window::operations::kinds;

/// A window over two finished runs of one lab, `a` and `b`.
fn two(folder: &Path) -> Harness<'static, App> {
    for name in ["a", "b"] {
        finished(preset("oscillation/mlp-lsq", &SHORT), &folder.join(name));
    }
    let mut harness = workbench(folder);
    until(&mut harness, "the list is read", |app| app.listed_runs().len() == 2);
    harness
}

fn open(harness: &mut Harness<'static, App>, id: &str) {
    click(harness, &format!("Open {id}"));
    until(harness, "the run is shown", |app| app.folder().is_some_and(|path| path.ends_with(id)));
    harness.run_steps(3);
}

/// True if a view has a tile.
fn has_tile(harness: &Harness<'_, App>, title: &str) -> bool {
    harness.query_by_label(&format!("Close {title}")).is_some()
}

#[test]
fn a_view_closed_before_the_layout_was_reset_is_closed_again_by_undo_and_stays_so() {
    let folder = tempfile::tempdir().unwrap();
    let mut harness = two(folder.path());
    open(&mut harness, "a");
    click(&mut harness, "Close Loss");
    assert!(!has_tile(&harness, "Loss"), "closed");
    // A person takes longer for the next click than what counts as one change.
    harness.state_mut().changes();
    click(&mut harness, "View");
    harness.get_by_label_contains("Reset layout").click();
    harness.run_steps(4);
    assert!(has_tile(&harness, "Loss"), "the layout is that of the first start");
    harness.key_press_modifiers(Modifiers::COMMAND, Key::Z);
    harness.run_steps(4);
    assert!(!has_tile(&harness, "Loss"), "as before the reset");
    open(&mut harness, "b");
    assert!(!has_tile(&harness, "Loss"), "and in the next run too");
    harness.key_press_modifiers(Modifiers::COMMAND, Key::Z);
    harness.run_steps(4);
}

#[test]
fn a_run_that_is_deleted_while_it_is_read_is_not_shown() {
    let folder = tempfile::tempdir().unwrap();
    let mut harness = two(folder.path());
    click(&mut harness, "Tick b");
    // Both are asked for before a frame can show what was read.
    let context = harness.ctx.clone();
    let place = harness.state().listed_runs().iter().position(|id| id == "b").unwrap();
    let app = harness.state_mut();
    for name in ["OpenRun", "DeleteTicked"] {
        let kind = kinds().iter().position(|known| known == name).unwrap();
        app.operate(kind, place, &context).unwrap();
    }
    until(&mut harness, "it has gone", |app| !app.is_on_its_way() && app.listed_runs() == ["a"]);
    assert!(harness.state().folder().is_none(), "nothing is shown");
    harness.key_press_modifiers(Modifiers::COMMAND, Key::Z);
    until(&mut harness, "it is back, and shown as it was asked for", |app| {
        app.folder().is_some_and(|path| path.ends_with("b"))
    });
    assert_eq!(harness.state().faults(), Vec::<String>::new());
}
