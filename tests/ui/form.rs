//! The form and what stands around it: kept for each lab, as wide as it was drawn, undone with words; and the help.

use std::path::Path;

use egui::accesskit::Role;
use egui::{Key, Modifiers};
use egui_kittest::Harness;
use egui_kittest::kittest::{NodeT as _, Queryable as _};
use weightscope_engine::CATALOGUE;
use weightscope_engine::store::Status;
use weightscope_tests::runs::{SHORT, finished, preset};
use weightscope_tests::window::{click, drop_on, sized, until, wait_for, workbench};
use weightscope_window::window::App;

/// Puts a preset into the form, under a name of its own.
#[expect(clippy::unwrap_used, reason = "a test's helper fails by panicking")]
fn put(harness: &mut Harness<'_, App>, root: &Path, name: &str) {
    let path = root.join("mine.toml");
    std::fs::write(&path, CATALOGUE.preset(name).unwrap().text).unwrap();
    let wanted = preset(name, &[]);
    drop_on(harness, &path);
    until(harness, "it is in the form", |app| *app.experiment() == wanted);
}

#[test]
fn each_lab_keeps_its_form_through_switching_and_restarting() {
    let root = tempfile::tempdir().unwrap();
    let mut harness = workbench(root.path());
    harness.step();
    put(&mut harness, root.path(), "oscillation/vit-w2a2-statsq");
    let mine = harness.state().experiment().clone();
    let session = root.path().join("session.json");
    harness.key_press_modifiers(Modifiers::COMMAND, Key::Num3);
    until(&mut harness, "the third lab is set up", |app| app.experiment().lab() == "quantiles");
    harness.key_press_modifiers(Modifiers::COMMAND, Key::Num1);
    until(&mut harness, "the form is as it was left", |app| *app.experiment() == mine);
    harness.key_press_modifiers(Modifiers::COMMAND, Key::Num3);
    until(&mut harness, "and is left again", |app| app.experiment().lab() == "quantiles");
    until(&mut harness, "the session is on disk", |_| {
        std::fs::read_to_string(&session).is_ok_and(|text| text.contains("\"oscillation\":[\""))
    });
    drop(harness);
    let mut again = workbench(root.path());
    again.step();
    assert_eq!(again.state().experiment().lab(), "quantiles", "what was set up");
    again.key_press_modifiers(Modifiers::COMMAND, Key::Num1);
    until(&mut again, "the other form came through the restart", |app| *app.experiment() == mine);
}

#[test]
fn the_set_up_is_as_wide_for_every_choice() {
    let root = tempfile::tempdir().unwrap();
    let mut harness = workbench(root.path());
    harness.run_steps(3);
    let edge = |harness: &Harness<'_, App>| harness.get_by_label("Sweep…").rect().right();
    let before = edge(&harness);
    for preset in CATALOGUE.presets().map(|preset| preset.name).filter(|name| name.contains("vit")) {
        put(&mut harness, root.path(), preset);
        harness.run_steps(3);
        assert_eq!(edge(&harness), before, "{preset}");
    }
}

#[test]
fn what_a_lab_is_about_is_open_at_first_and_its_words_are_whole() {
    let root = tempfile::tempdir().unwrap();
    let mut harness = workbench(root.path());
    harness.step();
    put(&mut harness, root.path(), "compander/quick");
    harness.run_steps(3);
    for label in ["Amplitude a", "Width b", "Start"] {
        assert!(harness.query_all_by_label(label).next().is_some(), "{label} is in sight unasked");
    }
    let label = harness.query_all_by_label("Where the bound is too tight").next().map(|node| node.rect());
    let width = label.map_or(0.0, |rect| rect.width());
    assert!(width > 150.0, "a long label has its whole width instead of being cut: {width}");
    let below = harness.get_by_role_and_label(Role::ComboBox, "Function").rect();
    assert!(below.width() > 180.0, "a long choice stands below its label, as wide as the panel: {below}");
}

#[test]
fn a_run_that_its_data_refuse_leaves_the_views_and_is_said_at_the_form() {
    let root = tempfile::tempdir().unwrap();
    finished(preset("compander/quick", &[("epochs", "2")]), &root.path().join("one"));
    let mut harness = workbench(root.path());
    until(&mut harness, "the list is read", |app| app.listed_runs().len() == 1);
    click(&mut harness, "Open one");
    until(&mut harness, "a run is shown", |app| app.status() == Some(Status::Done));
    let before = harness.state().folder().map(Path::to_owned);
    let path = root.path().join("mine.toml");
    std::fs::write(&path, "schema = 1\nlab = \"compander\"\ntrain_rows = 1796\nrepeats = 1\n").unwrap();
    drop_on(&mut harness, &path);
    until(&mut harness, "it is in the form", |app| {
        app.experiment().get("train_rows").and_then(|rows| rows.as_integer()) == Some(1796)
    });
    click(&mut harness, "Run experiment");
    wait_for(&mut harness, "could not start");
    harness.run_steps(4);
    assert_eq!(harness.state().folder().map(Path::to_owned), before, "the same run is shown");
    assert_eq!(harness.state().status(), Some(Status::Done), "as it was");
    assert!(harness.query_by_label_contains("The run failed").is_none(), "no tile is replaced");
    let said = harness.query_all_by_label_contains("leaves 1 of the 1797").count();
    assert!(said >= 2, "at the field and by the button: {said}");
    assert!(!harness.get_by_label("Run experiment").accesskit_node().is_disabled(), "files may be mended");
}

#[test]
fn undo_says_what_it_undid_and_opens_what_is_hidden() {
    let root = tempfile::tempdir().unwrap();
    let mut harness = workbench(root.path());
    harness.step();
    let before = harness.state().experiment().clone();
    put(&mut harness, root.path(), "oscillation/mlp-statsq");
    harness.run_steps(8);
    harness.key_press_modifiers(Modifiers::COMMAND, Key::B);
    harness.run_steps(3);
    assert!(harness.query_by_label("Run experiment").is_none(), "the set-up is hidden");
    harness.key_press_modifiers(Modifiers::COMMAND, Key::Z);
    wait_for(&mut harness, "Undone: mine.toml in the set-up instead of");
    assert_eq!(*harness.state().experiment(), before, "undone");
    assert!(harness.query_by_label("Run experiment").is_some(), "and seen");
}

#[test]
fn ticks_are_undone_and_done_again() {
    let root = tempfile::tempdir().unwrap();
    for name in ["one", "two"] {
        finished(preset("oscillation/mlp-lsq", &SHORT), &root.path().join(name));
    }
    let mut harness = workbench(root.path());
    until(&mut harness, "the list is read", |app| app.listed_runs().len() == 2);
    click(&mut harness, "Open one");
    until(&mut harness, "a run is shown", |app| app.status() == Some(Status::Done));
    harness.run_steps(12);
    click(&mut harness, "Tick two");
    until(&mut harness, "it is beside", |app| app.overlaid_runs().len() == 1);
    harness.run_steps(8);
    harness.key_press_modifiers(Modifiers::COMMAND, Key::Z);
    wait_for(&mut harness, "Undone: 1 run ticked");
    until(&mut harness, "it is gone", |app| app.overlaid_runs().is_empty());
    harness.key_press_modifiers(Modifiers::COMMAND.plus(Modifiers::SHIFT), Key::Z);
    wait_for(&mut harness, "Done again: 1 run ticked");
    until(&mut harness, "it is back", |app| app.overlaid_runs().len() == 1);
}

#[test]
fn the_help_finds_a_term_with_its_formula_and_its_place() {
    let root = tempfile::tempdir().unwrap();
    let mut harness = sized(root.path(), [1024.0, 680.0]);
    harness.step();
    harness.key_press(Key::F1);
    harness.run_steps(3);
    harness.event(egui::Event::Text("pinball".to_owned()));
    harness.run_steps(4);
    wait_for(&mut harness, "The loss whose expectation is least at the quantile of a level.");
    assert!(harness.query_by_label_contains("ψ_τ(e)").is_some(), "its formula");
    assert!(harness.query_by_label_contains("Koenker").is_some(), "where it stands");
    harness.key_press(Key::Escape);
    harness.run_steps(3);
    assert!(harness.query_by_label("Look for").is_none(), "Escape closes it");
}

#[test]
fn the_log_has_time_level_and_run() {
    let root = tempfile::tempdir().unwrap();
    finished(preset("oscillation/mlp-lsq", &SHORT), &root.path().join("one"));
    let mut harness = workbench(root.path());
    harness.step();
    drop_on(&mut harness, &root.path().join("gone"));
    wait_for(&mut harness, "could not be opened");
    click(&mut harness, "Log (1)");
    assert!(harness.query_by_label("window").is_some(), "of no run");
    let times = harness.query_all_by_label_contains(":").filter(|node| {
        let rect = node.rect();
        rect.width() < 80.0
    });
    assert!(times.count() > 0, "with the time of day");
}
