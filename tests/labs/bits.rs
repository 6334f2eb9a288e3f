//! The same experiment gives the same bits, on any number of threads, whoever looks and clicks.

use crate::kit::{self, Controls, Pick, Request};
use crate::runs::{self, assert_same, named, unbroken};

/// Other threads, the same bits: the smallest experiment on one thread and on two, the other short ones on one.
pub(crate) fn the_same_bits_on_one_thread_and_on_two(lab: &str) {
    let folder = tempfile::tempdir().unwrap();
    for (name, _) in crate::experiments::experiments(lab) {
        let first = named(lab, name);
        for threads in 1..=if name == lab { 2 } else { 1 } {
            let mut experiment = first.experiment.clone();
            experiment.threads = threads;
            let again = runs::done(experiment, &folder.path().join(format!("{name} {threads}")));
            assert_same(lab, &format!("{name} on {threads} threads"), &first, &again);
        }
    }
}

/// The seed reaches the numbers; without it the test above could not fail.
pub(crate) fn another_seed_gives_other_bits(lab: &str) {
    assert_ne!(unbroken(lab).stream, runs::sibling(lab).stream, "{lab}: the seed changes nothing");
}

/// Someone holds the run at each stop, clicks on every other view and presses all buttons, in another order each time.
pub(crate) fn looking_and_clicking_change_no_number(lab: &str) {
    let first = unbroken(lab);
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("watched");
    let views = kit::views(&first.experiment);
    let stops = 12;
    let outcome = runs::steered_new(&first.experiment, &path, |control, hand| {
        let mut alive = hand.holds();
        for stop in 0..stops {
            if !alive {
                break;
            }
            for view in views.iter().skip(stop % 2).step_by(2) {
                let picked = first.experiment.method.click(&first.record, &click(view, stop));
                control.request(Request::Picked { view: view.id.clone(), picked });
                for action in &view.actions {
                    control.request(Request::Action { id: action.id.clone(), controls: Controls::default() });
                }
            }
            alive = hand.step(1 + first.steps / stops as u64);
        }
        control.resume();
    });
    assert_same(lab, "looked at and clicked", &first, &runs::finished(&outcome, &path));
}

/// A click somewhere on a view.
fn click(view: &kit::ViewSpec, stop: usize) -> Pick {
    Pick {
        view: view.id.clone(),
        channel: view.channels.first().map(|channel| channel.replace('*', "")).unwrap_or_default(),
        x: stop as f64 * 0.25,
        y: (stop % 3) as f64,
        step: stop as u64,
        region: (stop % 4 == 3).then_some([0.0, 1.0, 0.0, 1.0]),
    }
}
