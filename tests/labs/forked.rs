//! Forks: one with nothing changed ends as its parent, and what a fork may change are settings.

use std::collections::BTreeSet;

use crate::kit::{self, Control, ForkRequest, Nobody, Status, run, store};
use crate::runs::{self, assert_same, unbroken};

/// A parent that stopped in the middle, and a child that goes on from there.
pub(crate) fn a_fork_with_nothing_changed_ends_as_its_parent(lab: &str) {
    let first = unbroken(lab);
    let folder = tempfile::tempdir().unwrap();
    let (parent, child) = (folder.path().join("parent"), folder.path().join("child"));
    let ended = runs::steered_new(&first.experiment, &parent, |control, hand| {
        let mut alive = hand.holds() && hand.step(first.steps / 2);
        while alive && store::checkpoints(&parent).is_empty() {
            alive = hand.step(1);
        }
        assert!(alive, "{lab}: no checkpoint before the end");
        control.cancel();
    });
    assert_eq!(ended.status, Status::Cancelled, "{lab}: {:?}", ended.reason);
    let before = kit::stream_hash(&parent);
    let request = ForkRequest {
        parent: parent.clone(),
        step: None,
        experiment: first.experiment.clone(),
        origin: "fork".to_owned(),
        place: child.clone(),
    };
    let outcome = run::fork(kit::SUITE, &request, &mut Nobody, &Control::default()).unwrap();
    assert_same(lab, "forked", &first, &runs::finished(&outcome, &child));
    assert_eq!(before, kit::stream_hash(&parent), "{lab}: the parent is only read");
}

/// A misspelled key would let nothing change, in silence.
pub(crate) fn keys_that_a_fork_may_change_are_settings(lab: &str) {
    let settings = kit::defaults(lab).settings();
    let known: BTreeSet<&str> = settings.iter().map(|(field, _)| field.key).collect();
    let keys = kit::fork_keys(lab);
    for key in &keys {
        assert!(known.contains(*key), "{lab}: a fork may change \"{key}\", which is no setting");
    }
    let once: BTreeSet<&str> = keys.iter().copied().collect();
    assert_eq!(once.len(), keys.len(), "{lab}: a key stands twice among those that a fork may change");
}
