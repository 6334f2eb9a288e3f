//! Rectangles that are brushed in a view, also where frames are slow.

use egui::{Event, Modifiers, PointerButton, Pos2};
use egui_kittest::Harness;
use egui_kittest::kittest::Queryable as _;
use weightscope_engine::record::Controls;
use weightscope_tests::runs::{finished, preset};
use weightscope_tests::window::{click, until, wait_for, workbench};
use weightscope_window::window::App;

/// A short search that is done.
fn searched(folder: &std::path::Path) {
    let settings = [("steps", "10"), ("rank_every", "10"), ("architecture_learning_rate", "0.5")];
    finished(preset("entangled_search/quick", &settings), &folder.join("a"));
}

/// The window over it.
fn opened(folder: &std::path::Path) -> Harness<'static, App> {
    let mut harness = workbench(folder);
    until(&mut harness, "the list is read", |app| app.listed_runs().len() == 1);
    click(&mut harness, "Open a");
    until(&mut harness, "the run is shown", |app| app.folder().is_some());
    wait_for(&mut harness, "Ranking: accuracy in the table");
    harness
}

/// Brushes from just above the plot, which the toolkit takes for the plot, into it; so many events come in each frame. Shift is up again
/// when the button is let go.
fn brush(harness: &mut Harness<'_, App>, frames: &[usize]) {
    wait_for(harness, "Ranking: accuracy in the table");
    // The tile has its size, and the plot knows its place.
    harness.run_steps(4);
    let plot = harness.get_by_label_contains("Ranking: accuracy in the table").rect();
    let from = Pos2::new(plot.lerp_inside(egui::vec2(0.02, 0.2)).x, plot.top() - 3.0);
    let to = plot.lerp_inside(egui::vec2(0.95, 0.5));
    let button = |pos: Pos2, pressed: bool, shift: bool| Event::PointerButton {
        pos,
        button: PointerButton::Primary,
        pressed,
        modifiers: Modifiers { shift, ..Modifiers::default() },
    };
    let moved = Event::PointerMoved;
    let mut events = [
        moved(from),
        button(from, true, true),
        moved(from + (to - from) * 0.5),
        moved(to),
        button(to, false, false),
        moved(to + egui::vec2(1.0, 1.0)),
    ]
    .into_iter();
    for count in frames {
        events.by_ref().take(*count).for_each(|event| harness.event(event));
        harness.step();
    }
    harness.run_steps(4);
}

#[test]
fn a_brush_counts_from_press_to_release_however_few_frames_lie_between() {
    let folder = tempfile::tempdir().unwrap();
    searched(folder.path());
    // As slow displays bring it: all in one frame, or in two, or the button let go in the third.
    for frames in [vec![6], vec![3, 3], vec![2, 2, 2], vec![1, 1, 1, 1, 1, 1]] {
        let mut harness = opened(folder.path());
        harness.state_mut().look_at("ranking", &Controls::default());
        wait_for(&mut harness, "Brushed: shift + drag brushes");
        brush(&mut harness, &frames);
        harness.state_mut().look_at("ranking", &Controls::default());
        wait_for(&mut harness, "Brushed: brushed");
    }
}

#[test]
fn what_was_brushed_is_listed_in_front() {
    let folder = tempfile::tempdir().unwrap();
    searched(folder.path());
    let mut harness = opened(folder.path());
    let listed = |harness: &Harness<'_, App>| {
        (0..=72).find(|rows| harness.query_by_label(&format!("{rows} of {rows} rows")).is_some())
    };
    assert_eq!(listed(&harness), None, "the table is behind the plot");
    brush(&mut harness, &[1, 1, 1, 1, 1, 1]);
    let begun = std::time::Instant::now();
    while listed(&harness).is_none() && begun.elapsed().as_secs() < 20 {
        harness.step();
    }
    let rows = listed(&harness);
    assert!(rows.is_some_and(|rows| 0 < rows && rows < 72), "some of the architectures: {rows:?}");
}
