//! Legends, marks and edges of plots: what hides what, what says what, and what shows all.

use std::path::Path;

use egui::{Key, Modifiers};
use egui_kittest::Harness;
use egui_kittest::kittest::{NodeT as _, Queryable as _};
use weightscope_engine::record::{Channel, Component, Controls, Data, Mark, Marks, Record, Series, Vector};
use weightscope_engine::store::Status;
use weightscope_tests::runs::preset;
use weightscope_tests::window::{until, workbench};
use weightscope_window::window::App;

/// What a reader is told of the trace.
const TRACE: &str = "Oscillation trace: latent weight";

/// A trace of two weights, one of which leaves the axis; the first flips once.
fn traced(root: &Path) -> Harness<'static, App> {
    let mut harness = workbench(root);
    harness.step();
    let experiment = preset("oscillation/quick", &[("weight_bits", "2")]);
    let component = |id: u64, at: fn(u32) -> f64| Component {
        label: format!("fc0[0, {id}]"),
        group: "layers.0.weight".to_owned(),
        id,
        series: (0..200).map(|step| (f64::from(step), at(step))).collect::<Series>(),
    };
    let calm = component(0, |step| if step < 100 { 0.4 } else { 0.6 });
    let wild = component(1, |step| if step == 150 { -18_168.0 } else { -1.0 });
    let mut marks = Marks { categories: vec!["weight-driven flip".to_owned()], ..Marks::default() };
    marks.marks.extend([Mark { step: 100.0, value: 0.6, id: 0, category: 0 }]);
    let mut record = Record::default();
    let vector = Data::Vector(Vector { components: vec![calm, wild] });
    record.insert(Channel::new("trace", "trace", "steps", "", vector));
    record.insert(Channel::new("flips", "flips", "", "", Data::Marks(marks)));
    harness.state_mut().show_record(&experiment, record);
    until(&mut harness, "the record is shown", |app| app.status() == Some(Status::Done));
    harness.state_mut().look_at("trace", &Controls::default());
    harness.run_steps(4);
    harness
}

/// What is said of the trace as a whole.
fn told(harness: &Harness<'_, App>) -> String {
    harness.get_by_label_contains(TRACE).accesskit_node().label().unwrap_or_default()
}

#[test]
fn a_hidden_series_takes_its_marks_along_and_comes_back() {
    let root = tempfile::tempdir().unwrap();
    let mut harness = traced(root.path());
    assert!(told(&harness).contains("1 point weight-driven flip"), "{}", told(&harness));
    harness.get_by_label("fc0[0, 0]").click();
    harness.run_steps(4);
    let hidden = told(&harness);
    assert!(!hidden.contains("fc0[0, 0]") && hidden.contains("0 points weight-driven flip"), "{hidden}");
    harness.get_by_label("fc0[0, 0]").click();
    harness.run_steps(4);
    assert!(told(&harness).contains("fc0[0, 0]"), "the legend keeps the name of what it hides");
}

#[test]
fn data_beyond_an_edge_are_told_and_a_click_shows_them() {
    let root = tempfile::tempdir().unwrap();
    let mut harness = traced(root.path());
    let edge = "1 point below the edge, the farthest of fc0[0, 1]";
    let words = harness.get_by_label_contains(edge).accesskit_node().label().unwrap_or_default();
    assert!(words.contains("18"), "the farthest value is said: {words}");
    harness.get_by_label_contains(edge).click();
    harness.run_steps(4);
    assert!(harness.query_by_label_contains(edge).is_none(), "all is in sight");
    harness.get_by_label("Fit Oscillation trace").click();
    harness.run_steps(4);
    assert!(harness.query_by_label_contains(edge).is_some(), "and the axis of the view is back");
}

#[test]
fn a_mark_under_the_pointer_explains_itself() {
    let root = tempfile::tempdir().unwrap();
    let mut harness = traced(root.path());
    // Step 100 of 0 to 199 with a margin of 4 %, and 0.6 on an axis from −3.5 to 2.5.
    let rect = harness.get_by_label_contains(TRACE).rect();
    let (across, up) = ((100.0 + 7.96) / 214.92, (2.5 - 0.6) / 6.0);
    harness.hover_at(rect.min + egui::vec2(across * rect.width(), up * rect.height()));
    harness.run_steps(30);
    assert!(harness.query_by_label_contains("level 0 → 1 across 0.5").is_some(), "levels and boundary");
    harness.hover_at(rect.min + egui::vec2(across * rect.width(), 0.9 * rect.height()));
    harness.run_steps(4);
    assert!(harness.query_by_label_contains("level 0 → 1").is_none(), "only there");
}

#[test]
fn escape_puts_a_maximised_tile_back_before_it_clears_anything() {
    let root = tempfile::tempdir().unwrap();
    let mut harness = traced(root.path());
    assert!(harness.query_by_label("Maximise Oscillation trace").is_none(), "it fills the centre");
    harness.get_by_label("Put back Oscillation trace");
    harness.key_press(Key::Escape);
    harness.run_steps(3);
    assert!(harness.query_by_label("Maximise Oscillation trace").is_some(), "back among the others");
    harness.get_by_label("Maximise Oscillation trace").click();
    harness.run_steps(3);
    assert!(harness.query_by_label("Put back Oscillation trace").is_some(), "and again");
}

#[test]
fn control_and_a_click_leave_one_series() {
    let root = tempfile::tempdir().unwrap();
    let mut harness = traced(root.path());
    harness.get_by_label("fc0[0, 1]").click_modifiers(Modifiers::COMMAND | Modifiers::CTRL);
    harness.run_steps(4);
    let told = told(&harness);
    assert!(told.contains("fc0[0, 1]") && !told.contains("fc0[0, 0]"), "{told}");
}
