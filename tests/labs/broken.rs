//! A run that is paused, stepped, cancelled and resumed ends as one that was let alone.

use crate::kit::{self, Status, store};
use crate::runs::{self, assert_same, named, unbroken};

/// Random steps come from here; `WEIGHTSCOPE_SUITE_SEED` takes others.
fn seed() -> u64 {
    std::env::var("WEIGHTSCOPE_SUITE_SEED").ok().and_then(|text| text.parse().ok()).unwrap_or(10)
}

/// A step of a run, drawn anew for each purpose; the last two steps are left for the end.
fn drawn(lab: &str, purpose: &str, steps: u64) -> u64 {
    1 + kit::random(seed(), &format!("{lab} {purpose}"), steps.saturating_sub(3))
}

/// Held and let go on at random steps.
pub(crate) fn pausing_and_stepping_change_no_number(lab: &str) {
    let first = unbroken(lab);
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("held");
    let outcome = runs::steered_new(&first.experiment, &path, |control, hand| {
        let mut alive = hand.holds();
        for stop in 0..4 {
            alive = alive && hand.step(drawn(lab, &format!("pause {stop}"), first.steps / 3));
        }
        control.resume();
    });
    assert_same(lab, "paused and stepped", &first, &runs::finished(&outcome, &path));
}

/// Every short experiment, cancelled at a random step, resumed, cancelled again further on, resumed to the end; the smallest one
/// three times.
pub(crate) fn a_cancelled_run_goes_on_to_the_same_end(lab: &str) {
    let folder = tempfile::tempdir().unwrap();
    let (mut went_on, mut kept) = (0, 0);
    for (name, _) in crate::experiments::experiments(lab) {
        let first = named(lab, name);
        for round in 0..if name == lab { 3 } else { 1 } {
            let path = folder.path().join(format!("{name} {round}"));
            let steps = drawn(name, &format!("cancel {round}"), first.steps);
            let what = format!("{name}, cancelled after {steps} of {} steps (seed {})", first.steps, seed());
            let ended = runs::steered_new(&first.experiment, &path, |control, hand| {
                assert!(hand.holds() && hand.step(steps), "{what}: it ended early");
                control.cancel();
            });
            assert_eq!(ended.status, Status::Cancelled, "{what}: {:?}", ended.reason);
            went_on += usize::from(!store::checkpoints(&path).is_empty());
            kept += store::read_metrics(&path).unwrap().len();
            let more = drawn(name, &format!("cancel again {round}"), first.steps);
            let ended = runs::steered_resume(&path, |control, hand| {
                let alive = hand.holds() && hand.step(more);
                if alive { control.cancel() } else { control.resume() }
            });
            let outcome = match ended.status {
                Status::Cancelled => runs::steered_resume(&path, |control, _| control.resume()),
                _ => ended,
            };
            assert_same(lab, &what, &first, &runs::finished(&outcome, &path));
        }
    }
    // A run without a checkpoint begins anew, which says nothing about resuming.
    assert!(went_on > 0, "{lab}: no cancelled run had a checkpoint");
    assert!(kept > 0, "{lab}: no cancelled run kept its metrics");
}
