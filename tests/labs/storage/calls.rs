//! Calls that fail: the n-th change of the disk once, or that and all after it. A run says so and ends in order, or does without; what it
//! left goes on to the same end.

use std::io;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::{RUN, all, stopped};
use crate::kit::{self, Status, store};
use crate::runs::{self, unbroken};
use store::disk::{Operation, Watch};

/// Calls of a lab that fail in the test command.
const SAMPLE: usize = 3;

/// Lets the n-th change fail, and those after it if it is for good.
struct Failing {
    at: usize,
    for_good: bool,
    made: AtomicUsize,
}

impl Watch for Failing {
    fn before(&self, _: &Operation<'_>) -> io::Result<()> {
        let now = self.made.fetch_add(1, Ordering::SeqCst);
        if now == self.at || self.for_good && now > self.at {
            let kind =
                if self.at.is_multiple_of(2) { io::ErrorKind::StorageFull } else { io::ErrorKind::Other };
            return Err(io::Error::new(kind, "the disk does not answer"));
        }
        Ok(())
    }
}

/// One run in which a call fails; the number of calls that were made.
fn one(lab: &str, at: usize, for_good: bool) -> usize {
    let first = unbroken(lab);
    let what = format!("{lab}, call {at} fails {}", if for_good { "for good" } else { "once" });
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(RUN);
    let failing = Arc::new(Failing { at, for_good, made: AtomicUsize::new(0) });
    let outcome = {
        let _watching = store::disk::watch(folder.path(), failing.clone());
        stopped(lab, folder.path(), true)
    };
    let made = failing.made.load(Ordering::SeqCst);
    match outcome {
        // The run did without the call, or it was the sync of a name, which nobody needs but in a power cut.
        Ok(outcome) if outcome.status == Status::Done => {
            runs::assert_same(lab, &what, &first, &runs::finished(&outcome, &path));
        }
        Ok(outcome) => {
            let reason = outcome.reason.unwrap_or_default();
            let is_said = reason.contains("disk is full") || reason.contains("does not answer");
            assert!(is_said, "{what}: {:?} without the reason: {reason}", outcome.status);
            goes_on(lab, &what, &path);
        }
        // Refused before its first step: nothing is there, or a run that goes on.
        Err(reason) => {
            let is_said = reason.contains("disk is full") || reason.contains("does not answer");
            assert!(is_said, "{what}: refused without the reason: {reason}");
            if path.join("manifest.json").is_file() {
                goes_on(lab, &what, &path);
            }
        }
    }
    made
}

fn goes_on(lab: &str, what: &str, path: &Path) {
    let outcome = runs::steered_resume(path, |control, _| control.resume());
    runs::assert_same(lab, what, &unbroken(lab), &runs::finished(&outcome, path));
}

/// The first call, the second, … until a run passes untouched; of most labs a sample in the test command.
pub(super) fn fail(lab: &str) {
    let calls = one(lab, usize::MAX, false);
    assert!(calls > 20, "{lab}: hardly a call was made: {calls}");
    let sampled: Vec<usize> = if all() || lab == "minimal" {
        (0..calls).collect()
    } else {
        (0..SAMPLE)
            .map(|draw| kit::random(draw as u64, &format!("{lab} failing call"), calls as u64) as usize)
            .collect()
    };
    for (index, at) in sampled.iter().enumerate() {
        one(lab, *at, false);
        if all() || index % 4 == 0 {
            one(lab, *at, true);
        }
    }
    println!(
        "{lab}: {} of {calls} calls failed once, {} of them for good",
        sampled.len(),
        sampled.len().div_ceil(4)
    );
}
