//! The palette: commands, views, presets and runs by a few letters, with the keyboard alone; what cannot act is grey here and in menus.

use std::path::Path;

use egui::accesskit::{Role, Toggled};
use egui::{Key, Modifiers};
use egui_kittest::Harness;
use egui_kittest::kittest::{NodeT as _, Queryable as _};
use weightscope_engine::store::{self, Status};
use weightscope_tests::runs::{SHORT, finished, preset};
use weightscope_tests::window::{click, click_at, drop_on, until, workbench};
use weightscope_window::window::App;

/// Opens the palette and types.
fn ask(harness: &mut Harness<'_, App>, query: &str) {
    harness.key_press_modifiers(Modifiers::COMMAND, Key::P);
    harness.run_steps(2);
    if !query.is_empty() {
        harness.event(egui::Event::Text(query.to_owned()));
        harness.run_steps(2);
    }
}

/// A window that shows one of two short runs.
fn showing(root: &Path) -> Harness<'static, App> {
    for (name, seed) in [("first", 0), ("second", 1)] {
        let mut experiment = preset("oscillation/mlp-lsq", &SHORT);
        experiment.seed = seed;
        finished(experiment, &root.join(name));
    }
    let mut harness = workbench(root);
    harness.step();
    drop_on(&mut harness, &root.join("first"));
    until(&mut harness, "the run is shown", |app| app.status() == Some(Status::Done));
    until(&mut harness, "the list is read", |app| app.listed_runs().len() == 2);
    harness.run_steps(2);
    harness
}

/// True if the row with these words has the mark.
fn is_marked(harness: &Harness<'_, App>, words: &str) -> bool {
    harness.get_by_label(words).accesskit_node().toggled() == Some(Toggled::True)
}

#[test]
fn commands_are_found_by_a_few_letters() {
    let root = tempfile::tempdir().unwrap();
    let mut harness = workbench(root.path());
    harness.step();
    ask(&mut harness, "lgtth");
    assert!(harness.query_by_label("Light theme").is_some(), "letters in their order are enough");
    harness.key_press(Key::Enter);
    harness.run_steps(3);
    assert_eq!(harness.ctx.theme(), egui::Theme::Light, "and Enter does it");
}

#[test]
fn a_click_beside_the_palette_closes_it_and_one_inside_does_not() {
    let root = tempfile::tempdir().unwrap();
    let mut harness = workbench(root.path());
    harness.step();
    ask(&mut harness, "theme");
    let field = harness.get_by_label("Command").rect();
    click_at(&mut harness, field.center());
    assert!(harness.query_by_label("Command").is_some(), "its own field");
    let screen = harness.ctx.content_rect();
    click_at(&mut harness, egui::pos2(field.center().x, screen.bottom() - 4.0));
    assert!(harness.query_by_label("Command").is_none(), "a click elsewhere");
}

#[test]
fn the_tab_of_a_view_that_is_opened_comes_into_sight() {
    let root = tempfile::tempdir().unwrap();
    let mut harness = showing(root.path());
    harness.set_size(egui::vec2(1024.0, 680.0));
    harness.run_steps(4);
    let mut seen = 0;
    for view in preset("oscillation/mlp-lsq", &SHORT).method.views() {
        ask(&mut harness, &format!("go to view {}", view.title));
        harness.key_press(Key::Enter);
        harness.run_steps(5);
        let title = view.title.as_str();
        let tab = harness
            .query_all_by_role_and_label(Role::Button, title)
            .find(|tab| tab.accesskit_node().toggled() == Some(Toggled::True))
            .map(|tab| tab.rect());
        let heading = harness
            .query_all_by_label(title)
            .map(|node| node.rect())
            .max_by(|a, b| a.top().total_cmp(&b.top()));
        // A view without neighbours has no tab.
        let (Some(tab), Some(heading)) = (tab, heading) else { continue };
        let adds = harness.query_all_by_label("Add view to this group").map(|add| add.rect());
        let on_row =
            adds.filter(|add| (add.center().y - tab.center().y).abs() < 12.0 && add.left() > heading.left());
        let end = on_row.map(|add| add.left()).fold(f32::INFINITY, f32::min);
        assert!(
            tab.left() > heading.left() - 24.0 && tab.right() < end + 2.0,
            "{title}: {tab} from {heading} to {end}"
        );
        seen += 1;
    }
    assert!(seen > 3, "{seen} views are behind tabs");
}

#[test]
fn letters_that_come_in_the_frame_of_the_keys_are_not_lost() {
    let root = tempfile::tempdir().unwrap();
    let mut harness = workbench(root.path());
    harness.run_steps(2);
    let pressed = |key, modifiers| egui::Event::Key {
        key,
        physical_key: None,
        pressed: true,
        repeat: false,
        modifiers,
    };
    let modifiers = Modifiers::COMMAND | Modifiers::CTRL;
    harness.input_mut().events.extend([pressed(Key::P, modifiers), egui::Event::Text("l".to_owned())]);
    harness.step();
    harness.event(egui::Event::Text("ight theme".to_owned()));
    harness.run_steps(2);
    assert!(is_marked(&harness, "Light theme"), "no letter is lost");
}

#[test]
fn arrows_move_the_mark_and_escape_closes() {
    let root = tempfile::tempdir().unwrap();
    let mut harness = workbench(root.path());
    harness.step();
    ask(&mut harness, "theme");
    assert_eq!(harness.query_all_by_label("Commands").count(), 2, "the window, and the kind in it");
    assert!(is_marked(&harness, "Dark theme"), "the best answer is marked");
    harness.key_press(Key::ArrowDown);
    harness.run_steps(2);
    assert!(is_marked(&harness, "Light theme") && !is_marked(&harness, "Dark theme"), "one down");
    harness.key_press(Key::ArrowUp);
    harness.key_press(Key::ArrowUp);
    harness.run_steps(2);
    assert!(!is_marked(&harness, "Dark theme"), "round to the end");
    harness.key_press(Key::Escape);
    harness.run_steps(2);
    assert!(harness.query_by_label("Dark theme").is_none(), "closed");
}

#[test]
fn presets_views_and_runs_are_found_too() {
    let root = tempfile::tempdir().unwrap();
    let mut harness = showing(root.path());
    ask(&mut harness, "quick phases");
    assert!(is_marked(&harness, "Use preset phases/quick"), "a preset");
    harness.key_press(Key::Enter);
    harness.run_steps(3);
    assert_eq!(harness.state().experiment().lab(), "phases", "is in the form");
    click(&mut harness, "Close Accuracy");
    ask(&mut harness, "view accuracy");
    harness.key_press(Key::Enter);
    harness.run_steps(3);
    assert_eq!(harness.state().focused_view(), "accuracy", "a view has the focus");
    assert!(harness.query_by_label("Close Accuracy").is_some(), "and its tile again");
    ask(&mut harness, "second");
    harness.key_press(Key::Enter);
    until(&mut harness, "a run is opened", |app| app.folder().is_some_and(|path| path.ends_with("second")));
}

#[test]
fn what_cannot_act_is_grey_with_its_reason_here_and_in_the_menus() {
    let root = tempfile::tempdir().unwrap();
    let mut harness = workbench(root.path());
    harness.run_steps(2);
    ask(&mut harness, "export figure");
    assert!(harness.get_by_label("Export figure…").accesskit_node().is_disabled(), "no run is shown");
    harness.key_press(Key::Enter);
    harness.run_steps(2);
    assert!(harness.query_by_label("Export figure…").is_some(), "Enter leaves the palette open");
    harness.key_press(Key::Escape);
    harness.run_steps(2);
    ask(&mut harness, "take");
    assert!(is_marked(&harness, "Take away…"), "but nothing that answers less well");
    harness.key_press(Key::Escape);
    harness.run_steps(2);
    // The menu stands before the button of the same word.
    harness.query_all_by_label("Run").next().unwrap().click();
    harness.run_steps(4);
    for (words, grey) in [("Step 100", true), ("Sweep…", false)] {
        let nodes = harness.query_all_by_label_contains(words);
        let node = nodes.last().unwrap();
        assert_eq!(node.accesskit_node().is_disabled(), grey, "{words} in the menu");
    }
    harness.key_press(Key::Escape);
    harness.run_steps(2);
}

#[test]
fn it_opens_in_one_frame_and_finds_a_run_among_a_thousand() {
    let root = tempfile::tempdir().unwrap();
    let path = root.path().join("run-0");
    finished(preset("oscillation/mlp-lsq", &SHORT), &path);
    let manifest = store::read_manifest(&path).unwrap();
    let settings = std::fs::read(path.join("experiment.toml")).unwrap();
    for index in 1..1000 {
        let copy = root.path().join(format!("run-{index}"));
        std::fs::create_dir(&copy).unwrap();
        std::fs::write(copy.join("experiment.toml"), &settings).unwrap();
        let (id, seed) = (format!("run-{index}"), index);
        let manifest = store::Manifest { id, seed, ..manifest.clone() };
        store::write_manifest(&copy, &manifest).unwrap();
    }
    let mut harness = workbench(root.path());
    until(&mut harness, "the list is read", |app| app.listed_runs().len() == 1000);
    harness.run_steps(5);
    harness.key_press_modifiers(Modifiers::COMMAND, Key::P);
    harness.step();
    assert!(harness.query_by_label("Command").is_some(), "there in the frame of its keys");
    harness.event(egui::Event::Text("run 77".to_owned()));
    harness.run_steps(2);
    let found = harness.query_all_by_label_contains("· s77").count();
    assert_eq!(found, 11, "77 and 770 to 779 are found among a thousand, by their names");
}
