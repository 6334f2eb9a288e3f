//! Independent jobs on all workers, their results taken in order.
//!
//! Contract: results arrive as [`News::Next`] in the order of the jobs whatever the number of workers and whoever is faster, so that a
//! run's numbers do not depend on it. What is finished before its turn is lent as [`News::Early`], to be shown and given back. The
//! calling thread only takes results, so that news waits for no job. A cancelled or failed run ends after the jobs in work.

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Condvar, Mutex, PoisonError};
use std::time::Duration;

use weightscope_frame::run::{Context, Control, RunError};

/// How long the taking thread waits for a worker before it looks whether the run was cancelled.
const LOOK_EVERY: Duration = Duration::from_millis(20);

/// What the workers have brought.
pub(crate) enum News<'a, T> {
    /// The next job in order, with its number.
    Next(usize, T),
    /// Results whose turn has not come, by the number of the job; all of them are to be left there.
    Early(&'a mut BTreeMap<usize, T>),
}

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

    /// All that is finished; waits a little while nothing is.
    fn collect(&self, wait: bool) -> BTreeMap<usize, Result<T, RunError>> {
        let mut done = self.done.lock().unwrap_or_else(PoisonError::into_inner);
        if done.is_empty() && wait {
            done = self.news.wait_timeout(done, LOOK_EVERY).unwrap_or_else(PoisonError::into_inner).0;
        }
        std::mem::take(&mut *done)
    }
}

/// Stops the workers however the taking ends.
struct StopAtEnd<'a>(&'a AtomicBool);

impl Drop for StopAtEnd<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Release);
    }
}

/// Does `total` jobs; see the module.
pub(crate) fn in_order<T: Send>(
    context: &mut Context<'_>,
    total: usize,
    work: &(impl Fn(usize, &Control) -> Result<T, RunError> + Sync),
    mut take: impl FnMut(&mut Context<'_>, News<'_, T>) -> Result<(), RunError>,
) -> Result<(), RunError> {
    let control = context.control();
    let shared = Shared {
        next: AtomicUsize::new(0),
        total,
        stop: AtomicBool::new(false),
        done: Mutex::default(),
        news: Condvar::new(),
    };
    let worker = || {
        while let Some(index) = shared.claim() {
            let result = catch_unwind(AssertUnwindSafe(|| {
                control.check().map_err(RunError::from).and_then(|()| work(index, control))
            }));
            let stopped = || Err(RunError::Defect("a worker stopped".to_owned()));
            shared.finish(index, result.unwrap_or_else(|_| stopped()));
        }
    };
    std::thread::scope(|scope| {
        // The scope ends when the workers do.
        let _stop = StopAtEnd(&shared.stop);
        for index in 0..rayon::current_num_threads().min(total) {
            std::thread::Builder::new()
                .name(format!("phases worker {index}"))
                .spawn_scoped(scope, worker)
                .map_err(|error| RunError::Defect(format!("no worker thread: {error}")))?;
        }
        take_all(context, &shared, control, &mut take)
    })
}

fn take_all<T: Send>(
    context: &mut Context<'_>,
    shared: &Shared<T>,
    control: &Control,
    take: &mut impl FnMut(&mut Context<'_>, News<'_, T>) -> Result<(), RunError>,
) -> Result<(), RunError> {
    let mut early: BTreeMap<usize, T> = BTreeMap::new();
    let mut failed: BTreeMap<usize, RunError> = BTreeMap::new();
    let (mut committed, mut fresh, mut wait) = (0, false, false);
    while committed < shared.total {
        for (index, result) in shared.collect(wait) {
            fresh = true;
            match result {
                Ok(value) => drop(early.insert(index, value)),
                Err(error) => drop(failed.insert(index, error)),
            }
        }
        wait = false;
        if let Some(error) = failed.remove(&committed) {
            return Err(error);
        } else if let Some(value) = early.remove(&committed) {
            take(context, News::Next(committed, value))?;
            committed += 1;
        } else {
            control.check()?;
            if fresh && !early.is_empty() && context.is_publish_due() {
                take(context, News::Early(&mut early))?;
                fresh = false;
            }
            wait = true;
        }
    }
    Ok(())
}
