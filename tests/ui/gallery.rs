//! What a person does in views of any lab: a handle that is dragged, words that are typed, a table that is filtered and ordered.

#![expect(clippy::unwrap_used, reason = "a test fails by it")]

use egui::Pos2;
use egui::accesskit::Role;
use egui_kittest::Harness;
use egui_kittest::kittest::{NodeT as _, Queryable as _};
use weightscope_engine::experiment::Experiment;
use weightscope_engine::lab::{Catalogue, Entry};
use weightscope_engine::record::Controls;
use weightscope_gallery::Gallery;
use weightscope_tests::runs::finished;
use weightscope_tests::window::{SIZE, click, of, until, wait_for};
use weightscope_window::figure::number::count;
use weightscope_window::window::App;

const CATALOGUE: Catalogue = Catalogue::new(&[Entry::of::<Gallery>()]);

/// The window over a finished run of the lab, one of its views filling it.
fn shown(folder: &std::path::Path, settings: &[(&str, &str)], view: &str) -> Harness<'static, App> {
    let mut experiment = Experiment::from_toml(CATALOGUE, "schema = 1\nlab = \"gallery\"\n").unwrap();
    for (key, value) in settings {
        experiment.set_typed(key, value).unwrap();
    }
    finished(experiment, &folder.join("a"));
    let mut harness = of(CATALOGUE, folder, SIZE);
    until(&mut harness, "the list is read", |app| app.listed_runs().len() == 1);
    click(&mut harness, "Open a");
    until(&mut harness, "the run is shown", |app| app.folder().is_some());
    harness.state_mut().look_at(view, &Controls::default());
    harness.run_steps(4);
    harness
}

/// The number beside the slider with this label.
fn number(harness: &Harness<'_, App>, label: &str) -> f64 {
    harness.get_by_role_and_label(Role::Slider, label).accesskit_node().numeric_value().unwrap()
}

#[test]
fn a_handle_that_is_dragged_turns_both_controls_and_stays_in_their_range() {
    let folder = tempfile::tempdir().unwrap();
    let mut harness = shown(folder.path(), &[], "function");
    wait_for(&mut harness, "Function: w over v");
    let plot = harness.get_by_label_contains("Function: w over v").rect();
    let (a, b) = (number(&harness, "amplitude"), number(&harness, "width"));
    // The plot shows v from -4 to 4 and w about as far as the bound, each with a margin of a twenty-fifth.
    let x = |v: f64| f64::from(plot.left()) + f64::from(plot.width()) * (0.5 + v / 8.64);
    let y = |w: f64| f64::from(plot.center().y) - f64::from(plot.height()) * w / (2.0 * 1.08 * a);
    let at = Pos2::new(x(b) as f32, y(a * 1.0_f64.tanh()) as f32);
    let there = Pos2::new(x(b + 0.8) as f32, at.y + 40.0);
    drag(&mut harness, at, there);
    let (dragged_a, dragged_b) = (number(&harness, "amplitude"), number(&harness, "width"));
    assert!((dragged_b - (b + 0.8)).abs() < 0.15, "followed the pointer sideways: {b} to {dragged_b}");
    assert!(dragged_a < a - 0.1, "and down: {a} to {dragged_a}");
    let far = Pos2::new(plot.right() - 2.0, plot.bottom() - 2.0);
    let bounds = harness.get_by_label_contains("Function: w over v").rect();
    assert_eq!(bounds, plot, "a drag of a handle moves no plot");
    drag(&mut harness, there, far);
    assert!(number(&harness, "amplitude") >= 0.1, "not below the range of the control");
}

#[test]
fn a_handle_is_held_where_the_button_was_pressed_also_when_all_happens_between_two_frames() {
    let folder = tempfile::tempdir().unwrap();
    let mut harness = shown(folder.path(), &[], "function");
    wait_for(&mut harness, "Function: w over v");
    let plot = harness.get_by_label_contains("Function: w over v").rect();
    let (a, b) = (number(&harness, "amplitude"), number(&harness, "width"));
    let x = |v: f64| f64::from(plot.left()) + f64::from(plot.width()) * (0.5 + v / 8.64);
    let y = |w: f64| f64::from(plot.center().y) - f64::from(plot.height()) * w / (2.0 * 1.08 * a);
    let at = Pos2::new(x(b) as f32, y(a * 1.0_f64.tanh()) as f32);
    let there = Pos2::new(x(b + 0.8) as f32, at.y + 40.0);
    let button = |pos: Pos2, pressed: bool| egui::Event::PointerButton {
        pos,
        button: egui::PointerButton::Primary,
        pressed,
        modifiers: egui::Modifiers::default(),
    };
    let moved = egui::Event::PointerMoved;
    // As slow displays bring it: all in one frame, or the way down in one and the rest in the next, or the button let go in the third.
    let halfway = at + (there - at) * 0.5;
    let begun = vec![moved(at), button(at, true), moved(halfway)];
    let ended = vec![moved(there), button(there, false)];
    let ways = [
        vec![[begun.clone(), ended.clone()].concat()],
        vec![begun.clone(), ended.clone()],
        vec![begun, vec![moved(there)], vec![button(there, false)]],
    ];
    for frames in ways {
        for events in &frames {
            events.iter().for_each(|event| harness.event(event.clone()));
            harness.step();
        }
        harness.run_steps(4);
        let (dragged_a, dragged_b) = (number(&harness, "amplitude"), number(&harness, "width"));
        assert!(
            (dragged_b - (b + 0.8)).abs() < 0.15,
            "followed the pointer sideways: {b} to {dragged_b}, {frames:?}"
        );
        assert!(dragged_a < a - 0.1, "and down: {a} to {dragged_a}, {frames:?}");
        click(&mut harness, "Back to settings");
        harness.run_steps(4);
        assert_eq!((number(&harness, "amplitude"), number(&harness, "width")), (a, b), "back");
    }
}

#[test]
fn a_dragged_handle_comes_through_a_restart_and_goes_back_by_a_button() {
    let folder = tempfile::tempdir().unwrap();
    let mut harness = shown(folder.path(), &[], "function");
    wait_for(&mut harness, "Function: w over v");
    let can_go_back =
        |harness: &Harness<'_, App>| !harness.get_by_label("Back to settings").accesskit_node().is_disabled();
    assert!(!can_go_back(&harness), "nothing was dragged");
    let plot = harness.get_by_label_contains("Function: w over v").rect();
    let (a, b) = (number(&harness, "amplitude"), number(&harness, "width"));
    let across = 0.5 + b / 8.64;
    let up = 0.5 - 1.0_f64.tanh() / 2.16;
    let at = plot.min + egui::vec2(across as f32 * plot.width(), up as f32 * plot.height());
    drag(&mut harness, at, at + egui::vec2(60.0, 40.0));
    let dragged = (number(&harness, "amplitude"), number(&harness, "width"));
    assert!(dragged.0 < a && dragged.1 > b, "{a}, {b} to {dragged:?}");
    let session = folder.path().join("session.json");
    let kept = dragged.1.to_string();
    until(&mut harness, "the session is on disk", |_| {
        std::fs::read_to_string(&session).is_ok_and(|text| text.contains(&kept))
    });
    drop(harness);
    let mut again = of(CATALOGUE, folder.path(), SIZE);
    until(&mut again, "the run is shown again", |app| app.folder().is_some());
    again.state_mut().look_at("function", &Controls::default());
    again.run_steps(4);
    assert_eq!((number(&again, "amplitude"), number(&again, "width")), dragged, "where they were left");
    click(&mut again, "Back to settings");
    assert_eq!(
        (number(&again, "amplitude"), number(&again, "width")),
        (a, b),
        "where the settings have them"
    );
    assert!(!can_go_back(&again), "and nothing is left to take back");
}

fn drag(harness: &mut Harness<'_, App>, from: Pos2, to: Pos2) {
    harness.hover_at(from);
    harness.run_steps(2);
    harness.drag_at(from);
    harness.step();
    for share in [0.3, 0.7, 1.0] {
        harness.hover_at(from + (to - from) * share);
        harness.run_steps(2);
    }
    harness.drop_at(to);
    harness.run_steps(4);
}

#[test]
fn typed_words_reach_the_lab_when_the_field_is_left() {
    let folder = tempfile::tempdir().unwrap();
    let mut harness = shown(folder.path(), &[], "echo");
    wait_for(&mut harness, "5 letters: hello");
    let field = harness.get_by_role_and_label(Role::TextInput, "Prompt");
    field.focus();
    harness.run_steps(2);
    harness.event(egui::Event::Text("!".to_owned()));
    harness.run_steps(3);
    assert!(harness.query_by_label_contains("letters: hello!").is_none(), "not with every letter");
    harness.key_press(egui::Key::Enter);
    wait_for(&mut harness, "6 letters: ");
}

#[test]
fn a_long_table_is_filtered_and_ordered_and_only_rows_in_sight_are_drawn() {
    let folder = tempfile::tempdir().unwrap();
    let mut harness = shown(folder.path(), &[("rows", "100000")], "rows");
    let all = count(100_000);
    wait_for(&mut harness, &format!("{all} of {all} rows"));
    let has = |harness: &Harness<'_, App>, text: &str| harness.query_by_label(text).is_some();
    assert!(has(&harness, "conv 3×3 0") && !has(&harness, "skip 99999"), "the first rows");
    click(&mut harness, "Order by number");
    assert!(has(&harness, "skip 99999") && !has(&harness, "conv 3×3 0"), "largest first");
    click(&mut harness, "Order by number");
    assert!(has(&harness, "conv 3×3 0"), "smallest first");
    harness.get_by_role_and_label(Role::TextInput, "Filter").focus();
    harness.run_steps(2);
    harness.event(egui::Event::Text("pool 99998".to_owned()));
    harness.run_steps(4);
    assert!(
        has(&harness, &format!("1 of {all} rows")) && has(&harness, "pool 99998"),
        "both words in one row"
    );
}
