//! Rectangles that are brushed in a view, also where frames are slow.

use egui::{Event, Modifiers, PointerButton, Pos2};
use egui_kittest::kittest::Queryable as _;
use weightscope_engine::record::Controls;
use weightscope_tests::runs::{finished, preset};
use weightscope_tests::window::{click, until, wait_for, workbench};

#[test]
fn a_brush_counts_from_press_to_release_however_few_frames_lie_between() {
    let folder = tempfile::tempdir().unwrap();
    let settings = [("steps", "10"), ("rank_every", "10"), ("architecture_learning_rate", "0.5")];
    finished(preset("entangled_search/quick", &settings), &folder.path().join("a"));
    let moved = Event::PointerMoved;
    let button = |pos: Pos2, pressed: bool, shift: bool| Event::PointerButton {
        pos,
        button: PointerButton::Primary,
        pressed,
        modifiers: Modifiers { shift, ..Modifiers::default() },
    };
    // As slow displays bring it: all in one frame; the way down in one and the rest in the next; shift up again before the frame ends.
    for cuts in [vec![6], vec![3, 3], vec![2, 2, 2], vec![1, 1, 1, 1, 1, 1]] {
        let mut harness = workbench(folder.path());
        until(&mut harness, "the list is read", |app| app.listed_runs().len() == 1);
        click(&mut harness, "Open a");
        until(&mut harness, "the run is shown", |app| app.folder().is_some());
        harness.state_mut().look_at("ranking", &Controls::default());
        harness.run_steps(4);
        wait_for(&mut harness, "Brushed: shift + drag brushes");
        let plot = harness.get_by_label_contains("Ranking: accuracy in the table").rect();
        // Just above the plot, which the toolkit takes for the plot.
        let from = egui::pos2(plot.lerp_inside(egui::vec2(0.2, 0.2)).x, plot.top() - 3.0);
        let to = plot.lerp_inside(egui::vec2(0.8, 0.8));
        let events = [
            moved(from),
            button(from, true, true),
            moved(from + (to - from) * 0.5),
            moved(to),
            button(to, false, false),
            moved(to + egui::vec2(1.0, 1.0)),
        ];
        let mut events = events.into_iter();
        for count in cuts {
            events.by_ref().take(count).for_each(|event| harness.event(event));
            harness.step();
        }
        harness.state_mut().look_at("ranking", &Controls::default());
        wait_for(&mut harness, "Brushed: brushed");
    }
}
