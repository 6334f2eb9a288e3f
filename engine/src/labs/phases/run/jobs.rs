//! Independent jobs on all workers, their results taken in order.
//!
//! Contract: results arrive at `commit` in the order of the jobs whatever the number of workers and whoever is faster, so that a run's
//! numbers do not depend on it. The calling thread works too; between its jobs it commits. A cancelled or failed run ends
//! after the jobs in work.

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Condvar, Mutex, PoisonError};
use std::time::Duration;

use crate::run::{Context, Control, RunError};

/// How long the committing thread waits for a worker before it looks whether the run was cancelled.
const LOOK_EVERY: Duration = Duration::from_millis(20);

struct Shared<T> {
    next: AtomicUsize,
    total: usize,
    stop: AtomicBool,
    done: Mutex<BTreeMap<usize, Result<T, RunError>>>,
    news: Condvar,
}

impl<T: Send> Shared<T> {
    fn claim(&self) -> Option<usize> {
        if self.stop.load(Ordering::Acquire) {
            return None;
        }
        let index = self.next.fetch_add(1, Ordering::AcqRel);
        (index < self.total).then_some(index)
    }

    fn finish(&self, index: usize, result: Result<T, RunError>) {
        let mut done = self.done.lock().unwrap_or_else(PoisonError::into_inner);
        done.insert(index, result);
        self.news.notify_all();
    }

    fn take(&self, index: usize) -> Option<Result<T, RunError>> {
        self.done.lock().unwrap_or_else(PoisonError::into_inner).remove(&index)
    }

    fn wait(&self) {
        let done = self.done.lock().unwrap_or_else(PoisonError::into_inner);
        let _ = self.news.wait_timeout(done, LOOK_EVERY);
    }
}

/// Does `total` jobs; see the module.
pub(super) fn in_order<T: Send>(
    context: &mut Context<'_>,
    total: usize,
    work: &(impl Fn(usize, &Control) -> Result<T, RunError> + Sync),
    mut commit: impl FnMut(&mut Context<'_>, usize, T) -> Result<(), RunError>,
) -> Result<(), RunError> {
    let control = context.control();
    let shared = Shared {
        next: AtomicUsize::new(0),
        total,
        stop: AtomicBool::new(false),
        done: Mutex::default(),
        news: Condvar::new(),
    };
    let one = |index: usize| {
        let result = catch_unwind(AssertUnwindSafe(|| {
            control.check().map_err(RunError::from).and_then(|()| work(index, control))
        }));
        shared.finish(index, result.unwrap_or_else(|_| Err(RunError::Defect("a worker stopped".to_owned()))));
    };
    let others = rayon::current_num_threads().min(total).saturating_sub(1);
    rayon::in_place_scope(|scope| {
        for _ in 0..others {
            scope.spawn(|_| {
                while let Some(index) = shared.claim() {
                    one(index);
                }
            });
        }
        let mut committing = || -> Result<(), RunError> {
            let mut committed = 0;
            while committed < total {
                if let Some(result) = shared.take(committed) {
                    result.and_then(|value| commit(context, committed, value))?;
                    committed += 1;
                } else if let Some(index) = shared.claim() {
                    one(index);
                } else {
                    control.check()?;
                    shared.wait();
                }
            }
            Ok(())
        };
        let result = committing();
        // The scope ends when the workers do.
        shared.stop.store(true, Ordering::Release);
        result
    })
}
