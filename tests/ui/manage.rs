//! Runs as things: named, told apart, ticked in groups, deleted and brought back, handed on as one file.

#![expect(clippy::unwrap_used, reason = "a test fails by it")]

use std::path::Path;

use egui::accesskit::{Role, Toggled};
use egui::{Key, Modifiers};
use egui_kittest::Harness;
use egui_kittest::kittest::{NodeT as _, Queryable as _};
use weightscope_engine::run::{Control, Nobody, verify};
use weightscope_engine::store::{self, Status};
use weightscope_engine::{CATALOGUE, run};
use weightscope_tests::runs::{SHORT, finished, preset, request};
use weightscope_tests::window::{click, drop_on, until, wait_for, workbench};
use weightscope_window::window::App;

/// Two seeds of one arm, and another arm, as if they came from their presets.
fn three_runs(folder: &Path) {
    for (folder_name, name, seed) in
        [("a", "oscillation/mlp-lsq", 0), ("b", "oscillation/mlp-lsq", 1), ("c", "oscillation/mlp-statsq", 0)]
    {
        let mut experiment = preset(name, &SHORT);
        experiment.seed = seed;
        let request =
            run::RunRequest { origin: name.to_owned(), ..request(experiment, &folder.join(folder_name)) };
        let outcome = run::run(&request, &mut Nobody, &Control::default()).unwrap();
        assert_eq!(outcome.status, Status::Done);
    }
}

/// A window over three runs of which one is shown.
fn showing(folder: &Path, id: &str) -> Harness<'static, App> {
    three_runs(folder);
    let mut harness = workbench(folder);
    until(&mut harness, "the list is read", |app| app.listed_runs().len() == 3);
    click(&mut harness, &format!("Open {id}"));
    until(&mut harness, "the run is shown", |app| app.folder().is_some());
    harness.run_steps(3);
    harness
}

fn says(harness: &Harness<'_, App>, words: &str) -> bool {
    harness.query_all_by_label_contains(words).next().is_some()
}

/// Chooses in the menu of the run that is shown, which a key opens.
fn choose(harness: &mut Harness<'_, App>, words: &str) {
    harness.key_press_modifiers(Modifiers::SHIFT, Key::F10);
    harness.run_steps(4);
    harness.query_all_by_label(words).last().unwrap().click();
    harness.run_steps(4);
}

fn type_filter(harness: &mut Harness<'_, App>, text: &str) {
    harness.get_by_role_and_label(Role::TextInput, "Filter").focus();
    harness.run_steps(2);
    harness.get_by_role_and_label(Role::TextInput, "Filter").type_text(text);
    harness.run_steps(3);
}

#[test]
fn a_run_is_called_by_what_tells_it_from_its_preset_until_it_gets_a_name() {
    let folder = tempfile::tempdir().unwrap();
    let mut harness = showing(folder.path(), "c");
    assert!(says(&harness, "mlp-statsq, epochs 2, float epochs 1"), "what differs from the preset");
    harness.key_press(Key::F2);
    harness.run_steps(4);
    harness.get_by_role_and_label(Role::TextInput, "Name of the run").type_text("StatsQ, short");
    harness.run_steps(2);
    harness.key_press(Key::Enter);
    harness.run_steps(4);
    assert!(harness.query_all_by_label("StatsQ, short").count() >= 2, "in the table and the inspector");
    let path = folder.path().join("c");
    until(&mut harness, "it is on disk", |_| {
        store::read_manifest(&path).is_ok_and(|manifest| manifest.name == "StatsQ, short")
    });
    // The legend of what is drawn beside says it too.
    click(&mut harness, "Open a");
    until(&mut harness, "another run is shown", |app| app.folder().is_some_and(|path| path.ends_with("a")));
    click(&mut harness, "Tick c");
    until(&mut harness, "it is read", |app| app.overlaid_runs().len() == 1);
    assert_eq!(harness.state().overlaid_runs(), ["StatsQ, short"]);
    harness.key_press_modifiers(Modifiers::COMMAND, Key::P);
    harness.run_steps(2);
    harness.event(egui::Event::Text("statsq short".to_owned()));
    harness.run_steps(2);
    assert!(harness.query_by_label("Open run StatsQ, short").is_some(), "the palette finds it");
}

#[test]
fn what_is_deleted_comes_back_by_undo_and_goes_for_good_only_when_that_is_said() {
    let folder = tempfile::tempdir().unwrap();
    let mut harness = showing(folder.path(), "a");
    click(&mut harness, "Tick a");
    click(&mut harness, "Tick c");
    harness.run_steps(3);
    harness.key_press(Key::Delete);
    until(&mut harness, "the shown run is gone", |app| app.listed_runs().len() == 2);
    assert!(harness.state().folder().is_none(), "nothing is shown in its place");
    assert!(
        !folder.path().join("a").exists() && folder.path().join(".trash").exists(),
        "it lies in the trash"
    );
    harness.key_press_modifiers(Modifiers::COMMAND, Key::Z);
    until(&mut harness, "it is back", |app| app.listed_runs().len() == 3);
    until(&mut harness, "and shown", |app| app.folder().is_some_and(|path| path.ends_with("a")));
    assert!(!folder.path().join(".trash").exists(), "nothing is left of the trash");
    until(&mut harness, "ticked as it was", |app| app.overlaid_runs().len() == 1);
    // Many at once, and back by the button of the notification.
    harness.key_press_modifiers(Modifiers::SHIFT, Key::Delete);
    until(&mut harness, "both ticked runs are gone", |app| app.listed_runs() == ["b"]);
    wait_for(&mut harness, "Deleted 2 runs");
    harness.query_all_by_label("Undo").last().unwrap().click();
    until(&mut harness, "they are back", |app| app.listed_runs().len() == 3);
    until(&mut harness, "and shown", |app| app.folder().is_some());
    harness.key_press(Key::Delete);
    until(&mut harness, "one goes again", |app| app.listed_runs().len() == 2);
    harness.key_press_modifiers(Modifiers::COMMAND, Key::P);
    harness.run_steps(2);
    harness.event(egui::Event::Text("trash".to_owned()));
    harness.run_steps(2);
    harness.key_press(Key::Enter);
    wait_for(&mut harness, "Put back a");
    click(&mut harness, "Put back a");
    until(&mut harness, "it is back", |app| app.listed_runs().len() == 3);
    harness.key_press(Key::Escape);
    harness.run_steps(2);
    until(&mut harness, "it is shown as it was", |app| app.folder().is_some());
    harness.key_press(Key::Delete);
    until(&mut harness, "and goes again", |app| app.listed_runs().len() == 2);
    harness.key_press_modifiers(Modifiers::COMMAND, Key::P);
    harness.run_steps(2);
    harness.event(egui::Event::Text("trash".to_owned()));
    harness.run_steps(2);
    harness.key_press(Key::Enter);
    wait_for(&mut harness, "Put back a");
    click(&mut harness, "Empty trash…");
    assert!(says(&harness, "1 run goes for good") && folder.path().join(".trash").exists(), "asked first");
    click(&mut harness, "Remove for good");
    wait_for(&mut harness, "1 run is removed for good");
    assert!(!folder.path().join(".trash").exists());
    harness.key_press_modifiers(Modifiers::COMMAND, Key::Z);
    harness.run_steps(5);
    assert_eq!(harness.state().listed_runs().len(), 2, "there is nothing to bring back");
}

#[test]
fn a_deletion_is_undone_in_its_order_and_done_again() {
    let folder = tempfile::tempdir().unwrap();
    let mut harness = showing(folder.path(), "a");
    harness.key_press(Key::Delete);
    until(&mut harness, "the shown run is gone", |app| app.listed_runs().len() == 2);
    // A younger change: another run is ticked.
    click(&mut harness, "Tick c");
    until(&mut harness, "it is told", |app| app.folder().is_none());
    harness.run_steps(3);
    harness.key_press_modifiers(Modifiers::COMMAND, Key::Z);
    wait_for(&mut harness, "Undone: 1 run ticked");
    assert_eq!(harness.state().listed_runs().len(), 2, "the younger change first");
    harness.key_press_modifiers(Modifiers::COMMAND, Key::Z);
    wait_for(&mut harness, "Undone: deletion of mlp-lsq");
    until(&mut harness, "it is back", |app| app.listed_runs().len() == 3);
    until(&mut harness, "and shown", |app| app.folder().is_some_and(|path| path.ends_with("a")));
    harness.key_press_modifiers(Modifiers::COMMAND.plus(Modifiers::SHIFT), Key::Z);
    wait_for(&mut harness, "Done again: deletion of mlp-lsq");
    until(&mut harness, "it is gone again", |app| app.listed_runs().len() == 2);
    assert!(!folder.path().join("a").exists(), "it lies in the trash");
    harness.key_press_modifiers(Modifiers::COMMAND, Key::Z);
    until(&mut harness, "and back again", |app| app.listed_runs().len() == 3);
}

#[test]
fn the_colour_of_a_run_is_chosen_kept_and_undone() {
    let folder = tempfile::tempdir().unwrap();
    let mut harness = showing(folder.path(), "a");
    click(&mut harness, "Tick c");
    until(&mut harness, "it is read", |app| app.overlaid_runs().len() == 1);
    let chosen = |folder: &Path| store::read_manifest(&folder.join("a")).unwrap().color;
    choose(&mut harness, "Colour");
    click(&mut harness, "Colour 6");
    let of_run = folder.path().to_owned();
    until(&mut harness, "it is on disk", |_| chosen(&of_run) == Some(5));
    harness.key_press_modifiers(Modifiers::COMMAND, Key::Z);
    wait_for(&mut harness, "Undone: colour of");
    until(&mut harness, "it is taken back", |_| chosen(&of_run).is_none());
    harness.key_press_modifiers(Modifiers::COMMAND.plus(Modifiers::SHIFT), Key::Z);
    until(&mut harness, "and done again", |_| chosen(&of_run) == Some(5));
    drop(harness);
    let (run, _) = store::read_run(CATALOGUE, &folder.path().join("a")).unwrap();
    assert_eq!(run.manifest.color, Some(5), "it stands with the run");
}

#[test]
fn a_run_in_work_is_not_deleted() {
    let folder = tempfile::tempdir().unwrap();
    let mut harness = workbench(folder.path());
    harness.step();
    click(&mut harness, "Run experiment");
    until(&mut harness, "the run goes", |app| app.is_live() && app.step() > 0);
    harness.key_press(Key::Space);
    until(&mut harness, "it is held", App::is_paused);
    until(&mut harness, "it is listed", |app| app.listed_runs().len() == 1);
    harness.run_steps(3);
    assert!(says(&harness, "paused "), "one word for it, in the table too");
    harness.key_press(Key::Delete);
    wait_for(&mut harness, "it is in work; cancel it first");
    assert_eq!(harness.state().listed_runs().len(), 1, "it stays");
    assert!(harness.state().folder().is_some_and(Path::is_dir));
    harness.key_press_modifiers(Modifiers::COMMAND, Key::Period);
    until(&mut harness, "it has ended", |app| app.busy() == 0);
}

#[test]
fn boxes_tick_all_that_are_listed_and_whole_groups_and_the_hidden_ones_are_named() {
    let folder = tempfile::tempdir().unwrap();
    let mut harness = showing(folder.path(), "c");
    click(&mut harness, "Tick all that are listed");
    until(&mut harness, "all are drawn", |app| app.overlaid_runs().len() == 2);
    assert!(harness.query_by_label("Untick 3").is_some());
    type_filter(&mut harness, "quantizer=statsq");
    assert!(says(&harness, "2 ticked runs are hidden by the filter"), "they are drawn all the same");
    click(&mut harness, "Clear the filter");
    assert_eq!(harness.state().listed_runs().len(), 3, "all again");
    assert!(!says(&harness, "hidden by the filter"));
    click(&mut harness, "Tick all that are listed");
    assert!(harness.state().overlaid_runs().is_empty(), "and none");
    harness.get_by_label("Group by").click();
    harness.run_steps(3);
    harness.get_by_role_and_label(Role::TextInput, "Find a key").type_text("quantiz");
    harness.run_steps(3);
    harness.get_by_role_and_label(Role::Button, "Weight quantizer").click();
    harness.run_steps(4);
    assert!(harness.query_all_by_label_contains(" ± ").next().is_some(), "mean and deviation of a group");
    click(&mut harness, "Tick group lsq");
    assert!(harness.query_by_label("Untick 2").is_some(), "both runs of the group");
    let toggled =
        |harness: &Harness<'_, App>, label: &str| harness.get_by_label(label).accesskit_node().toggled();
    assert_eq!(toggled(&harness, "Tick a"), Some(Toggled::True));
    assert_eq!(toggled(&harness, "Tick c"), Some(Toggled::False));
    click(&mut harness, "Compare");
    assert!(
        says(&harness, "The ticked runs do not differ") || says(&harness, "(n = 2)"),
        "repeats are one column"
    );
}

#[test]
fn the_menu_of_a_row_takes_its_settings_and_switches_the_lab() {
    let folder = tempfile::tempdir().unwrap();
    let mut harness = showing(folder.path(), "c");
    harness.key_press_modifiers(Modifiers::COMMAND, Key::Num2);
    harness.run_steps(3);
    assert_ne!(harness.state().experiment().lab(), "oscillation", "another lab is set up");
    choose(&mut harness, "Use these settings");
    until(&mut harness, "the settings are in the form", |app| app.experiment().lab() == "oscillation");
    let wanted = store::read_experiment(CATALOGUE, &folder.path().join("c")).unwrap();
    assert_eq!(harness.state().experiment(), &wanted);
    choose(&mut harness, "Note…");
    harness.get_by_role_and_label(Role::TextInput, "Note on the run").type_text("fc2 again");
    harness.run_steps(2);
    click(&mut harness, "Keep");
    let path = folder.path().join("c");
    until(&mut harness, "the note is on disk", |_| {
        store::read_manifest(&path).is_ok_and(|manifest| manifest.note == "fc2 again")
    });
    choose(&mut harness, "Fork…");
    wait_for(&mut harness, "Fork now");
}

#[test]
fn a_click_on_a_row_shows_the_run_and_with_control_ticks_it() {
    let folder = tempfile::tempdir().unwrap();
    let mut harness = showing(folder.path(), "c");
    // Words of a cell leave the click to the row.
    let cell = |harness: &Harness<'_, App>| {
        let rect = harness.get_by_label("Tick a").rect();
        egui::pos2(rect.left() + 60.0, rect.center().y)
    };
    let at = cell(&harness);
    weightscope_tests::window::click_at(&mut harness, at);
    until(&mut harness, "the run is shown", |app| app.folder().is_some_and(|path| path.ends_with("a")));
    assert!(harness.state().overlaid_runs().is_empty(), "nothing was ticked");
    let at = harness.get_by_label("Tick c").rect();
    let at = egui::pos2(at.left() + 60.0, at.center().y);
    harness.hover_at(at);
    harness.run_steps(2);
    let modifiers = Modifiers::COMMAND | Modifiers::CTRL;
    for pressed in [true, false] {
        let button = egui::PointerButton::Primary;
        harness
            .event_modifiers(egui::Event::PointerButton { pos: at, button, pressed, modifiers }, modifiers);
        harness.step();
    }
    until(&mut harness, "the other is drawn beside", |app| app.overlaid_runs().len() == 1);
    assert!(harness.state().folder().is_some_and(|path| path.ends_with("a")), "and not shown");
}

#[test]
fn a_run_goes_into_one_file_and_opens_over_another_folder_of_runs() {
    let folder = tempfile::tempdir().unwrap();
    let (here, there) = (folder.path().join("here"), folder.path().join("there"));
    let run = here.join("run-7");
    finished(preset("oscillation/mlp-lsq", &SHORT), &run);
    let file = folder.path().join("one.weightscope");
    store::pack(&run, &file, &[]).unwrap();
    let mut harness = workbench(&there);
    harness.step();
    drop_on(&mut harness, &file);
    until(&mut harness, "the run is shown", |app| app.status() == Some(Status::Done));
    until(&mut harness, "and listed", |app| app.listed_runs() == ["run-7"]);
    let opened = there.join("run-7");
    assert_eq!(harness.state().folder(), Some(opened.as_path()));
    assert!(!says(&harness, "Where are its data?"), "what it read is part of the program");
    drop_on(&mut harness, &file);
    wait_for(&mut harness, "This run is here already");
    harness.run_steps(3);
    assert_eq!(harness.state().listed_runs().len(), 1, "not twice");
    drop(harness);
    let outcome = verify(CATALOGUE, &opened, &mut Nobody, &Control::default()).unwrap();
    assert!(matches!(outcome, run::Comparison::Identical { .. }), "{outcome:?}");
}

#[test]
fn a_packed_run_without_its_table_asks_where_that_is() {
    let folder = tempfile::tempdir().unwrap();
    let (here, there) = (folder.path().join("here"), folder.path().join("there"));
    let table = folder.path().join("table.csv");
    let rows: String = (0..120)
        .map(|row| format!("{},{},{}\n", row, (row * 7) % 13, row * 2 + (row * 5) % 3))
        .collect::<Vec<_>>()
        .concat();
    std::fs::write(&table, format!("a,b,y\n{rows}")).unwrap();
    let name = table.display().to_string();
    let settings = [
        ("dataset", name.as_str()),
        ("target", "y"),
        ("base_models", "linear, knn"),
        ("aggregators", "average, median"),
        ("net_steps", "50"),
        ("aggregator_steps", "50"),
    ];
    let run = here.join("run-7");
    finished(preset("quantiles/quick", &settings), &run);
    let file = folder.path().join("one.weightscope");
    store::pack(&run, &file, &[]).unwrap();
    let moved = folder.path().join("elsewhere");
    std::fs::create_dir(&moved).unwrap();
    let moved = moved.join("renamed.csv");
    std::fs::rename(&table, &moved).unwrap();
    let mut harness = workbench(&there);
    harness.step();
    drop_on(&mut harness, &file);
    wait_for(&mut harness, "Where are its data?");
    let other = folder.path().join("other.csv");
    std::fs::write(&other, format!("a,b,y\n{}", rows.replace('7', "8"))).unwrap();
    for (path, words) in [(&other, "changed"), (&moved, "can be repeated")] {
        harness.get_by_role_and_label(Role::TextInput, "Now at").focus();
        harness.run_steps(2);
        harness.key_press_modifiers(Modifiers::COMMAND, Key::A);
        harness.get_by_role_and_label(Role::TextInput, "Now at").type_text(&path.display().to_string());
        harness.run_steps(2);
        click(&mut harness, "Use this file");
        wait_for(&mut harness, words);
    }
    drop(harness);
    let outcome = verify(CATALOGUE, &there.join("run-7"), &mut Nobody, &Control::default()).unwrap();
    assert!(matches!(outcome, run::Comparison::Identical { .. }), "{outcome:?}");
}
