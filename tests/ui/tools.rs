//! The tools around a run: undo, scrubbing, palette, export with panels, dropped figures, sessions, rescue.

use std::path::{Path, PathBuf};

use egui::{Key, Modifiers};
use egui_kittest::Harness;
use egui_kittest::kittest::{NodeT as _, Queryable as _};
use weightscope_engine::CATALOGUE;
use weightscope_engine::experiment::Experiment;
use weightscope_engine::record::Controls;
use weightscope_engine::store::{self, Status};
use weightscope_tests::runs::{finished, preset};
use weightscope_tests::window::{click, click_when_ready, drop_on, until, wait_for, workbench};
use weightscope_window::exporting::{Dressing, Format, Job};
use weightscope_window::figure::provenance;
use weightscope_window::figure::style::Page;
use weightscope_window::views::ViewOptions;
use weightscope_window::window::App;

/// A finished short run in the folder of runs.
fn finished_run(root: &Path) -> PathBuf {
    let path = root.join("finished");
    let settings = [("float_epochs", "2"), ("epochs", "6"), ("window", "40")];
    finished(preset("oscillation/mlp-lsq", &settings), &path);
    path
}

/// Writes the figure of a view of a run.
#[expect(clippy::unwrap_used, reason = "a test's helper fails by panicking")]
fn export(run: &Path, view: &str, figure: &Path) {
    let (stored, _) = store::read_run(CATALOGUE, run).unwrap();
    let spec = stored.experiment.method.views().into_iter().find(|spec| spec.id == view).unwrap();
    let job = Job {
        provenance: weightscope_window::views::provenance(&stored.manifest),
        experiment: stored.experiment,
        record: stored.record,
        folder: Some(run.to_owned()),
        label: String::new(),
        beside: Vec::new(),
        controls: Controls::default(),
        views: vec![(spec, ViewOptions::default())],
        dressing: Dressing::default(),
        page: Page::Column,
    };
    job.write(Format::Svg, figure).unwrap();
}

#[test]
fn a_dropped_run_is_shown_and_its_past_can_be_scrubbed() {
    let root = tempfile::tempdir().unwrap();
    let path = finished_run(root.path());
    let mut harness = workbench(root.path());
    harness.step();
    drop_on(&mut harness, &path);
    until(&mut harness, "the run is shown", |app| app.status() == Some(Status::Done));
    assert_eq!(harness.state().looked_at(), None, "the newest step at first");
    harness.key_press(Key::OpenBracket);
    until(&mut harness, "a step back", |app| app.looked_at().is_some());
    harness.key_press(Key::Home);
    until(&mut harness, "the first step", |app| app.looked_at().is_some_and(|step| step < 100));
    harness.key_press(Key::End);
    until(&mut harness, "live again", |app| app.looked_at().is_none());
}

#[test]
fn an_exported_figure_dropped_on_a_fresh_window_brings_run_and_view_back() {
    let root = tempfile::tempdir().unwrap();
    let path = finished_run(root.path());
    let mut harness = workbench(root.path());
    harness.step();
    drop_on(&mut harness, &path);
    until(&mut harness, "the run is shown", |app| app.status() == Some(Status::Done));
    harness.key_press(Key::Num4);
    until(&mut harness, "the fourth tile is focused", |app| app.focused_view() == "accuracy");
    harness.key_press_modifiers(Modifiers::COMMAND, Key::E);
    harness.run_steps(3);
    harness.get_by_label("Export").click();
    let figure = path.join("figures").join("accuracy.pdf");
    until(&mut harness, "the figure is written", |_| figure.is_file());
    assert_eq!(provenance::read(&std::fs::read(&figure).unwrap()).unwrap().view, "accuracy");

    let mut fresh = workbench(root.path());
    std::fs::remove_file(root.path().join("session.json")).ok();
    fresh.step();
    drop_on(&mut fresh, &figure);
    until(&mut fresh, "run and view are back", |app| {
        app.status() == Some(Status::Done) && app.focused_view() == "accuracy"
    });
}

#[test]
fn a_figure_whose_run_changed_or_is_gone_asks_for_it() {
    let root = tempfile::tempdir().unwrap();
    let path = finished_run(root.path());
    let figure = root.path().join("figure.svg");
    export(&path, "accuracy", &figure);
    // Another run of the same name, in the place of the first.
    let mut manifest = store::read_manifest(&path).unwrap();
    manifest.config_hash = format!("g{}", manifest.config_hash.split_at(1).1);
    store::write_manifest(&path, &manifest).unwrap();
    let mut harness = workbench(root.path());
    harness.step();
    drop_on(&mut harness, &figure);
    wait_for(&mut harness, "Which run does the figure show?");
    harness.get_by_label_contains("its settings are others (configuration g");
    assert_eq!(harness.state().status(), None, "nothing is guessed");
    let folder = path.display().to_string();
    harness.get_by_label_contains(&folder).click();
    until(&mut harness, "the chosen run is shown", |app| app.status() == Some(Status::Done));
    wait_for(&mut harness, "is not the run of the figure: its settings are others");
}

#[test]
fn several_views_become_panels_of_one_bundle() {
    let root = tempfile::tempdir().unwrap();
    let path = finished_run(root.path());
    let mut harness = workbench(root.path());
    harness.step();
    drop_on(&mut harness, &path);
    until(&mut harness, "the run is shown", |app| app.status() == Some(Status::Done));
    harness.key_press_modifiers(Modifiers::COMMAND.plus(Modifiers::SHIFT), Key::E);
    harness.run_steps(3);
    harness.get_by_role_and_label(egui::accesskit::Role::CheckBox, "Accuracy").click();
    harness.run_steps(3);
    harness.get_by_label("Export").click();
    let folder = path.join("figures").join("panels-bundle");
    until(&mut harness, "the bundle is written", |_| folder.join("README.md").is_file());
    let svg = std::fs::read_to_string(folder.join("figure.svg")).unwrap();
    assert!(svg.contains("(a) Oscillation trace") && svg.contains("(b) Accuracy"), "two panels");
    let csv = std::fs::read_to_string(folder.join("data.csv")).unwrap();
    assert!(csv.lines().filter(|line| line.starts_with("panel,")).count() == 2, "with the data of both");
    assert!(
        Experiment::from_toml(CATALOGUE, &std::fs::read_to_string(folder.join("experiment.toml")).unwrap())
            .is_ok()
    );
}

#[test]
fn settings_are_undone_and_come_back_after_a_kill() {
    let root = tempfile::tempdir().unwrap();
    let mut harness = workbench(root.path());
    harness.step();
    let before = harness.state().experiment().clone();
    let preset = root.path().join("mine.toml");
    std::fs::write(&preset, CATALOGUE.preset("oscillation/mlp-statsq").unwrap().text).unwrap();
    drop_on(&mut harness, &preset);
    until(&mut harness, "the form has changed", |app| *app.experiment() != before);
    let after = harness.state().experiment().clone();
    harness.key_press_modifiers(Modifiers::COMMAND, Key::Z);
    until(&mut harness, "undone", |app| *app.experiment() == before);
    harness.key_press_modifiers(Modifiers::COMMAND.plus(Modifiers::SHIFT), Key::Z);
    until(&mut harness, "done again", |app| *app.experiment() == after);
    // The session is written a moment later, without any orderly end.
    let session = root.path().join("session.json");
    until(&mut harness, "the session is on disk", |_| {
        std::fs::read_to_string(&session).is_ok_and(|text| text.contains("mine"))
    });
    std::mem::forget(harness);
    let mut again = workbench(root.path());
    again.step();
    assert_eq!(*again.state().experiment(), after, "as it was when the program died");
}

#[test]
fn an_interrupted_run_is_offered_and_kept() {
    let root = tempfile::tempdir().unwrap();
    let path = finished_run(root.path());
    let mut manifest = store::read_manifest(&path).unwrap();
    manifest.status = Status::Running;
    store::write_manifest(&path, &manifest).unwrap();
    let mut harness = workbench(root.path());
    wait_for(&mut harness, "Interrupted runs");
    harness.key_press(Key::Escape);
    harness.run_steps(3);
    assert!(harness.query_by_label("Keep").is_none(), "Escape closes the dialog");
    let kept = store::read_manifest(&path).unwrap().status;
    assert_ne!(kept, Status::Cancelled, "and decides nothing");
    drop(harness);
    let mut harness = workbench(root.path());
    wait_for(&mut harness, "Interrupted runs");
    harness.get_by_label("Keep").click();
    until(&mut harness, "it is marked", |_| {
        store::read_manifest(&path).is_ok_and(|manifest| manifest.status == Status::Cancelled)
    });
    assert!(path.join("metrics.csv").is_file(), "and nothing is lost");
}

#[test]
fn a_closed_tile_comes_back_from_the_menu() {
    let root = tempfile::tempdir().unwrap();
    let path = finished_run(root.path());
    let mut harness = workbench(root.path());
    harness.step();
    drop_on(&mut harness, &path);
    until(&mut harness, "the run is shown", |app| app.status() == Some(Status::Done));
    until(&mut harness, "the list is read", |app| !app.listed_runs().is_empty());
    // The panels have their sizes now; what is clicked stays where it is.
    harness.run_steps(3);
    harness.get_by_label("Close Accuracy").click();
    harness.run_steps(3);
    assert!(harness.query_by_label("Close Accuracy").is_none(), "the tile is gone");
    click(&mut harness, "View");
    harness.get_by_label_contains("Views").click();
    harness.run_steps(3);
    harness.get_by_label("Add Accuracy").click();
    harness.run_steps(3);
    assert!(harness.query_by_label("Close Accuracy").is_some(), "and back");
}

#[test]
fn a_run_is_opened_by_its_path_without_a_file_dialog() {
    let root = tempfile::tempdir().unwrap();
    let path = finished_run(root.path());
    let mut harness = workbench(root.path());
    harness.step();
    harness.key_press_modifiers(Modifiers::COMMAND, Key::O);
    harness.run_steps(3);
    // The path field has the keyboard already.
    harness.event(egui::Event::Text(path.display().to_string()));
    harness.run_steps(2);
    harness.get_by_label("Open file").click();
    until(&mut harness, "the run is shown", |app| app.status() == Some(Status::Done));
}

#[test]
fn a_table_is_opened_by_clicks_alone() {
    let root = tempfile::tempdir().unwrap();
    let tables = tempfile::tempdir().unwrap();
    let deep = tables.path().join("measured");
    std::fs::create_dir(&deep).unwrap();
    std::fs::write(deep.join("rows.csv"), "a,b\n1,2\n3,4\n").unwrap();
    let mut harness = workbench(root.path());
    harness.step();
    harness.key_press_modifiers(Modifiers::COMMAND, Key::O);
    harness.run_steps(3);
    harness.event(egui::Event::Text(format!("{}/", tables.path().display())));
    let click = |harness: &mut Harness<'_, App>, words: &str| {
        for _ in 0..500 {
            harness.step();
            if let Some(button) = harness.query_by_label(words) {
                button.click();
                return harness.run_steps(2);
            }
            std::thread::sleep(std::time::Duration::from_millis(2));
        }
        panic!("{words} never came");
    };
    click(&mut harness, "measured");
    click(&mut harness, "rows.csv");
    assert!(harness.query_by_label("Parent folder").is_some(), "there is a way back");
    click(&mut harness, "Open file");
    until(&mut harness, "the form has the table", |app| {
        let mut settings = app.experiment().settings().into_iter();
        settings.any(|(_, value)| value.to_string().contains("rows.csv"))
    });
}

#[test]
fn settings_are_one_window_and_come_back() {
    let root = tempfile::tempdir().unwrap();
    let mut harness = workbench(root.path());
    harness.step();
    harness.key_press_modifiers(Modifiers::COMMAND, Key::Comma);
    harness.run_steps(4);
    harness.get_by_label("Light").click();
    harness.run_steps(3);
    assert_eq!(harness.ctx.theme(), egui::Theme::Light, "at once");
    for label in ["High contrast", "Reduced motion", "Plain edges", "When a long run ends"] {
        harness.get_by_role_and_label(egui::accesskit::Role::CheckBox, label).click();
        harness.run_steps(3);
    }
    assert!(harness.ctx.global_style().animation_time > 0.0, "things move now");
    assert!(!harness.ctx.tessellation_options(|options| options.feathering), "edges are plain now");
    assert!(harness.query_by_label(&root.path().display().to_string()).is_some(), "the folder of runs");
    let session = root.path().join("session.json");
    until(&mut harness, "the session is on disk", |_| {
        std::fs::read_to_string(&session)
            .is_ok_and(|text| text.contains(r#""quiet":true"#) && text.contains(r#""animated":true"#))
    });
    drop(harness);
    let mut again = workbench(root.path());
    again.run_steps(2);
    again.key_press_modifiers(Modifiers::COMMAND, Key::Comma);
    again.run_steps(4);
    // The harness sets its own theme and stills what moves, so the boxes tell.
    for label in ["High contrast", "Reduced motion", "Plain edges", "When a long run ends"] {
        let node = again.get_by_role_and_label(egui::accesskit::Role::CheckBox, label);
        let on = node.accesskit_node().toggled() == Some(egui::accesskit::Toggled::True);
        assert_eq!(on, ["High contrast", "Plain edges"].contains(&label), "{label} as it was left");
    }
    assert!(!again.ctx.tessellation_options(|options| options.feathering), "and so are the edges");
}

#[test]
fn escape_closes_what_is_in_front() {
    let root = tempfile::tempdir().unwrap();
    let mut harness = workbench(root.path());
    harness.step();
    harness.key_press_modifiers(Modifiers::COMMAND, Key::Comma);
    harness.run_steps(4);
    harness.key_press_modifiers(Modifiers::COMMAND, Key::O);
    harness.run_steps(4);
    let is_there = |harness: &egui_kittest::Harness<'_, weightscope_window::window::App>, label: &str| {
        harness.query_by_label(label).is_some()
    };
    assert!(is_there(&harness, "Open file") && is_there(&harness, "Reduced motion"), "two dialogs");
    for (label, below) in [("Open file", Some("Reduced motion")), ("Reduced motion", None)] {
        harness.key_press(Key::Escape);
        harness.run_steps(4);
        assert!(!is_there(&harness, label), "{label} is closed");
        assert!(below.is_none_or(|below| is_there(&harness, below)), "the one behind it stays");
    }
    click(&mut harness, "View");
    assert!(harness.query_by_label_contains("Maximise tile").is_some(), "a menu");
    harness.key_press(Key::Escape);
    harness.run_steps(4);
    assert!(harness.query_by_label_contains("Maximise tile").is_none(), "is closed too");
}

#[test]
fn an_experiment_is_saved_by_its_path_and_replaced_only_when_asked() {
    let root = tempfile::tempdir().unwrap();
    let file = root.path().join("mine.toml");
    let mut harness = workbench(root.path());
    harness.step();
    for (seen, then) in [(None, "Save"), (Some("other"), "Save"), (Some("other"), "Replace the file")] {
        if let Some(text) = seen {
            std::fs::write(&file, text).unwrap();
        }
        if then == "Save" {
            harness.key_press_modifiers(Modifiers::COMMAND, Key::S);
            harness.run_steps(4);
            harness.key_press_modifiers(Modifiers::COMMAND, Key::A);
            harness.run_steps(2);
            harness.event(egui::Event::Text(file.display().to_string()));
            harness.run_steps(2);
        }
        click_when_ready(&mut harness, then);
        if seen.is_some() && then == "Save" {
            wait_for(&mut harness, "This file is there already");
            assert_eq!(std::fs::read_to_string(&file).unwrap(), "other", "nothing is replaced unasked");
        } else {
            until(&mut harness, "the file is written", |_| {
                std::fs::read_to_string(&file).is_ok_and(|text| text.contains("lab = \"oscillation\""))
            });
            harness.run_steps(4);
        }
    }
}
