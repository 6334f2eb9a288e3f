//! What a person does on a plot: the menu behind a right click, pinning and copying a readout, zoom and fit, the data table.

use std::path::Path;

use egui::{Key, Modifiers, OutputCommand};
use egui_kittest::Harness;
use egui_kittest::kittest::Queryable as _;
use weightscope_engine::record::{Channel, Data, Record, Series};
use weightscope_engine::store::Status;
use weightscope_tests::runs::preset;
use weightscope_tests::window::{until, workbench};
use weightscope_window::window::App;

/// Words of the plot that the tests look at.
const ACCURACY: &str = "Accuracy: accuracy over step";

/// A window with a record whose values are known.
fn known(root: &Path) -> Harness<'static, App> {
    let mut harness = workbench(root);
    harness.step();
    let experiment = preset("oscillation/mlp-lsq", &[]);
    let mut record = Record::default();
    let series: Series = (0..300).map(|step| (f64::from(step), 1.0 / 3.0)).collect();
    record.insert(Channel::new("accuracy/test".to_owned(), "test".to_owned(), "", "", Data::Scalar(series)));
    harness.state_mut().show_record(&experiment, record);
    until(&mut harness, "the record is shown", |app| app.status() == Some(Status::Done));
    harness.run_steps(3);
    harness
}

/// What went to the clipboard in the last frame.
fn copied(harness: &Harness<'_, App>) -> Option<String> {
    harness.output().platform_output.commands.iter().find_map(|command| match command {
        OutputCommand::CopyText(text) => Some(text.clone()),
        _ => None,
    })
}

#[test]
fn a_right_click_copies_what_is_drawn() {
    let root = tempfile::tempdir().unwrap();
    let mut harness = known(root.path());
    harness.get_by_label_contains(ACCURACY).click_secondary();
    harness.run_steps(3);
    for words in ["Copy value", "x scale", "y scale", "Export figure…", "Close tile"] {
        assert!(harness.query_all_by_label_contains(words).next().is_some(), "{words} is offered");
    }
    harness.get_by_label("Copy data").click();
    harness.step();
    let text = copied(&harness).unwrap_or_default();
    assert_eq!(text.lines().count(), 301, "a header and every point: {}", text.lines().next().unwrap());
    assert!(text.contains("0.3333333333333333"), "at full precision");
}

#[test]
fn a_click_pins_the_readout_and_the_copy_has_every_digit() {
    let root = tempfile::tempdir().unwrap();
    let mut harness = known(root.path());
    harness.get_by_label_contains(ACCURACY).click();
    harness.run_steps(3);
    harness.event(egui::Event::Copy);
    harness.step();
    let text = copied(&harness).unwrap_or_default();
    assert!(text.contains("test: 0.3333333333333333 @ "), "value and step: {text}");
}

#[test]
fn a_zoomed_plot_stays_until_it_is_fitted() {
    let root = tempfile::tempdir().unwrap();
    let mut harness = known(root.path());
    assert!(harness.query_by_label("Fit Accuracy").is_none(), "nothing is zoomed");
    let middle = harness.get_by_label_contains(ACCURACY).rect().center();
    harness.hover_at(middle);
    harness.step();
    harness.event(egui::Event::MouseWheel {
        unit: egui::MouseWheelUnit::Point,
        delta: egui::vec2(0.0, 120.0),
        phase: egui::TouchPhase::Move,
        source: egui::MouseWheelSource::Wheel,
        modifiers: Modifiers::NONE,
    });
    harness.run_steps(8);
    harness.get_by_label("Fit Accuracy").click();
    harness.run_steps(3);
    assert!(harness.query_by_label("Fit Accuracy").is_none(), "all is seen again");
}

#[test]
fn a_view_goes_to_the_clipboard_as_a_picture() {
    let root = tempfile::tempdir().unwrap();
    let mut harness = known(root.path());
    harness.get_by_label("Copy Accuracy as picture").click();
    let size = (0..400).find_map(|_| {
        harness.step();
        std::thread::sleep(std::time::Duration::from_millis(10));
        harness.output().platform_output.commands.iter().find_map(|command| match command {
            OutputCommand::CopyImage(image) => Some(image.size),
            _ => None,
        })
    });
    // One column of a paper, 3.25 inches at 300 dots.
    assert_eq!(size.map(|[width, _]| width), Some(975), "as it is printed");
}

#[test]
fn linked_tiles_zoom_together() {
    let root = tempfile::tempdir().unwrap();
    let mut harness = workbench(root.path());
    harness.step();
    let experiment = preset("oscillation/mlp-lsq", &[]);
    let mut record = Record::default();
    for id in ["accuracy/test", "loss/test"] {
        let series: Series = (0..300).map(|step| (f64::from(step), 0.5 + f64::from(step) * 1e-3)).collect();
        record.insert(Channel::new(id.to_owned(), "test".to_owned(), "", "", Data::Scalar(series)));
    }
    harness.state_mut().show_record(&experiment, record);
    until(&mut harness, "the record is shown", |app| app.status() == Some(Status::Done));
    harness.run_steps(3);
    let zoom = |harness: &mut Harness<'_, App>| {
        let middle = harness.get_by_label_contains(ACCURACY).rect().center();
        harness.hover_at(middle);
        harness.step();
        harness.event(egui::Event::MouseWheel {
            unit: egui::MouseWheelUnit::Point,
            delta: egui::vec2(0.0, 120.0),
            phase: egui::TouchPhase::Move,
            source: egui::MouseWheelSource::Wheel,
            modifiers: Modifiers::NONE,
        });
        harness.run_steps(8);
    };
    zoom(&mut harness);
    assert!(harness.query_by_label("Fit Loss").is_none(), "each by itself at first");
    harness.key_press_modifiers(Modifiers::SHIFT, Key::Z);
    harness.run_steps(2);
    zoom(&mut harness);
    assert!(harness.query_by_label("Fit Loss").is_some(), "linked, the other tile follows");
}

#[test]
fn a_plot_is_read_as_numbers_and_explained() {
    let root = tempfile::tempdir().unwrap();
    let mut harness = known(root.path());
    harness.get_by_label("Data of Accuracy").click();
    harness.run_steps(3);
    assert!(harness.query_by_label("Draw Accuracy").is_some(), "the table stands in place of the plot");
    assert!(harness.query_all_by_label_contains("0.3333333333333333").next().is_some(), "with the numbers");
    // The rows in sight are the first ones, and a click on a heading changes which those are.
    let seen = |harness: &Harness<'_, App>, step: &str| harness.query_all_by_label(step).count();
    let (first, last) = (seen(&harness, "0"), seen(&harness, "299"));
    let order = |harness: &mut Harness<'_, App>| {
        harness.get_by_label_contains("Order by x").click();
        harness.run_steps(3);
    };
    order(&mut harness);
    assert_eq!((seen(&harness, "0"), seen(&harness, "299")), (first - 1, last + 1), "largest first");
    order(&mut harness);
    assert_eq!((seen(&harness, "0"), seen(&harness, "299")), (first, last), "smallest first");
    order(&mut harness);
    assert!(seen(&harness, "0") == first, "and as in the figure");
    harness.get_by_label("Draw Accuracy").click();
    harness.run_steps(2);
    harness.get_by_label("What is Accuracy?").click();
    harness.run_steps(3);
    assert!(
        harness.query_by_label_contains("right-drag zooms into a box").is_some(),
        "the gestures are named"
    );
    harness.key_press(Key::Escape);
    harness.run_steps(2);
}
