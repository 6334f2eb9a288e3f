//! Many independent jobs on all cores, their results taken in a fixed order.
//!
//! Contract: results reach the keeper in the order of the list, whatever finishes first, so that the metric stream does not depend on
//! timing; news (for live pictures only) come as they come. Jobs report through a bounded channel: while the run is paused
//! nobody reads it, and the jobs stand still; when the run is cancelled it closes, and the jobs end.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{RecvTimeoutError, SyncSender, sync_channel};
use std::time::Duration;

use crate::base::{Halt, News, Progress};
use weightscope_frame::run::{Context, RunError};
use weightscope_frame::store::State;

/// Messages that may wait.
const WAITING: usize = 16;
/// How often a waiting lab looks at its control.
const LOOK: Duration = Duration::from_millis(20);

/// One job: a pure function of what it captured.
pub(super) type Job<'s, T> = Box<dyn FnOnce(&mut Progress<'_>) -> Result<T, Halt> + Send + 's>;

/// Takes what jobs send.
pub(super) trait Keeper<T> {
    /// News of a running job, for live pictures.
    fn news(&mut self, context: &mut Context<'_>, job: usize, news: News);
    /// A result; called in the order of the jobs.
    fn done(&mut self, context: &mut Context<'_>, job: usize, result: T) -> Result<(), RunError>;
    /// All that a checkpoint must hold.
    fn save(&self) -> State;
}

enum Message<T> {
    News(usize, News),
    Done(usize, Result<T, Halt>),
}

/// Carries jobs out. `jobs` pairs each with its number; `priority` says which to start first (larger first).
pub(super) fn carry_out<T: Send>(
    context: &mut Context<'_>,
    jobs: Vec<(usize, f64, Job<'_, T>)>,
    keeper: &mut dyn Keeper<T>,
) -> Result<(), RunError> {
    let threads = rayon::current_num_threads();
    let pool = rayon::ThreadPoolBuilder::new()
        .num_threads(threads)
        .thread_name(|index| format!("quantiles {index}"))
        .build()
        .map_err(|error| RunError::Defect(format!("no thread pool: {error}")))?;
    let order: Vec<usize> = jobs.iter().map(|(number, ..)| *number).collect();
    let mut jobs = jobs;
    // A stable sort: jobs of equal cost start in the order of the list.
    jobs.sort_by(|a, b| b.1.total_cmp(&a.1));
    let stop = AtomicBool::new(false);
    let (sender, receiver) = sync_channel(WAITING);
    pool.in_place_scope_fifo(|scope| {
        for (number, _, job) in jobs {
            let sender: SyncSender<Message<T>> = sender.clone();
            let stop = &stop;
            scope.spawn_fifo(move |_| {
                let mut report = |news| sender.send(Message::News(number, news)).map_err(|_| Halt);
                let mut progress = Progress::new(&mut report, Some(stop));
                let result = progress.check().and_then(|()| job(&mut progress));
                // A closed channel means that nobody waits any more.
                let _ = sender.send(Message::Done(number, result));
            });
        }
        drop(sender);
        let mut waiting: Vec<(usize, T)> = Vec::new();
        let mut next = order.iter().copied().peekable();
        let result = loop {
            match receiver.recv_timeout(LOOK) {
                Ok(Message::News(number, news)) => {
                    keeper.news(context, number, news);
                    if let Err(error) = context.end_step(|| keeper.save()) {
                        break Err(error);
                    }
                }
                Ok(Message::Done(_, Err(Halt))) => break Err(halted(context)),
                Ok(Message::Done(number, Ok(result))) => {
                    waiting.push((number, result));
                    if let Err(error) = take_in_order(context, &mut waiting, &mut next, keeper) {
                        break Err(error);
                    }
                    continue;
                }
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => break Ok(()),
            }
            if let Err(error) = hold(context, keeper) {
                break Err(error);
            }
        };
        stop.store(true, Ordering::Relaxed);
        // Closing the channel wakes jobs that wait to report.
        drop(receiver);
        result
    })
}

/// Waits while the run is paused, with what it has come to on disk: a paused run may be forked or cancelled.
fn hold<T>(context: &mut Context<'_>, keeper: &dyn Keeper<T>) -> Result<(), RunError> {
    if context.control().will_hold() {
        context.checkpoint(&keeper.save())?;
    }
    context.check()
}

/// Hands results on as far as the order allows; each is one step of the run.
fn take_in_order<T>(
    context: &mut Context<'_>,
    waiting: &mut Vec<(usize, T)>,
    next: &mut std::iter::Peekable<impl Iterator<Item = usize>>,
    keeper: &mut dyn Keeper<T>,
) -> Result<(), RunError> {
    while let Some(number) = next.peek().copied()
        && let Some(place) = waiting.iter().position(|(own, _)| *own == number)
    {
        next.next();
        let (_, result) = waiting.swap_remove(place);
        context.begin_step(0.0);
        keeper.done(context, number, result)?;
        context.end_step(|| keeper.save())?;
    }
    Ok(())
}

/// Why a job gave up although nobody told it to: its numbers were lost.
fn halted(context: &Context<'_>) -> RunError {
    context.check().err().unwrap_or_else(|| RunError::Defect("a fit ended without a result".to_owned()))
}
