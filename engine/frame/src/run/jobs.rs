//! Independent jobs on all workers of a run, their results taken in order.
//!
//! Contract: results arrive as [`News::Next`] in the order of the jobs, whatever the number of workers and whoever is faster, so that
//! no number of a run depends on it. What is finished before its turn is lent as [`News::Early`], to be shown and given back. What a
//! job tells on its way arrives as [`News::Told`] as it comes, for live pictures only. The calling thread takes news and nothing
//! else. While the run is held nothing is taken, what was taken is saved, and jobs stand still at their next check. A panic in a job
//! fails the run under the job's name; a cancelled or failed run ends after the jobs in work.

use std::collections::{BTreeMap, VecDeque};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::control::Control;
use super::error::RunError;
use super::worker::panic_text;

/// How long the taking thread waits for news before it looks at the control again.
const LOOK_EVERY: Duration = Duration::from_millis(20);
/// What jobs have told and nobody has taken yet; a job that tells more waits.
const MOST_TOLD: usize = 16;

/// Which jobs are to be done.
#[derive(Clone, Debug, PartialEq)]
pub struct Jobs {
    /// What one job is, for thread names and messages: `network`.
    pub name: &'static str,
    /// How many there are.
    pub total: usize,
    /// Numbers of the jobs in the order in which they are begun (the longest first keeps all workers busy to the end); each once.
    pub order: Vec<usize>,
}

impl Jobs {
    /// Jobs that are begun in the order of their numbers.
    pub fn new(name: &'static str, total: usize) -> Self {
        Self { name, total, order: (0..total).collect() }
    }

    /// The same jobs, begun by cost, the costliest first; equal ones in the order of their numbers.
    #[must_use]
    pub fn costliest_first(mut self, cost: impl Fn(usize) -> f64) -> Self {
        self.order.sort_by(|a, b| cost(*b).total_cmp(&cost(*a)).then(a.cmp(b)));
        self
    }
}

/// What the workers have brought.
#[derive(Debug)]
pub enum News<'a, T, N> {
    /// The result of the next job in order, with its number.
    Next(usize, T),
    /// Results whose turn has not come, by the number of the job; all of them are to be left there.
    Early(&'a mut BTreeMap<usize, T>),
    /// What a job in work tells, with its number.
    Told(usize, N),
}

/// The hand of one job while it works.
pub struct Job<'a, N> {
    number: usize,
    shared: &'a dyn Ears<N>,
    control: &'a Control,
}

impl<N> Job<'_, N> {
    /// For loops that last longer than 50 ms: waits while the run is held, ends the job when the run is cancelled or has failed.
    pub fn check(&self) -> Result<(), RunError> {
        self.control.check()?;
        if self.shared.is_stopped() { Err(RunError::Cancelled(super::Cancelled)) } else { Ok(()) }
    }

    /// Tells something on the way; waits while much is untold.
    pub fn tell(&self, news: N) -> Result<(), RunError> {
        self.check()?;
        self.shared.hear(self.number, news);
        self.check()
    }

    /// The run's control, for code that knows no jobs.
    pub fn control(&self) -> &Control {
        self.control
    }
}

/// The side of [`Shared`] that a job sees, whatever its result.
trait Ears<N>: Sync {
    fn is_stopped(&self) -> bool;
    fn hear(&self, number: usize, news: N);
}

struct Shared<T, N> {
    order: Vec<usize>,
    next: AtomicUsize,
    stop: AtomicBool,
    board: Mutex<Board<T, N>>,
    news: Condvar,
    room: Condvar,
}

struct Board<T, N> {
    done: Vec<(usize, Result<T, RunError>)>,
    told: VecDeque<(usize, N)>,
}

impl<T: Send, N: Send> Shared<T, N> {
    fn lock(&self) -> MutexGuard<'_, Board<T, N>> {
        self.board.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn claim(&self) -> Option<usize> {
        if self.stop.load(Ordering::Acquire) {
            return None;
        }
        self.order.get(self.next.fetch_add(1, Ordering::AcqRel)).copied()
    }

    fn finish(&self, number: usize, result: Result<T, RunError>) {
        self.lock().done.push((number, result));
        self.news.notify_all();
    }

    /// All that has come; waits a little while nothing has.
    fn collect(&self, wait: bool) -> Board<T, N> {
        let mut board = self.lock();
        if wait && board.done.is_empty() && board.told.is_empty() {
            board = self.news.wait_timeout(board, LOOK_EVERY).unwrap_or_else(PoisonError::into_inner).0;
        }
        let taken = Board { done: std::mem::take(&mut board.done), told: std::mem::take(&mut board.told) };
        drop(board);
        self.room.notify_all();
        taken
    }

    fn stop(&self) {
        self.stop.store(true, Ordering::Release);
        self.room.notify_all();
    }
}

impl<T: Send, N: Send> Ears<N> for Shared<T, N> {
    fn is_stopped(&self) -> bool {
        self.stop.load(Ordering::Acquire)
    }

    fn hear(&self, number: usize, news: N) {
        let mut board = self.lock();
        while board.told.len() >= MOST_TOLD && !self.is_stopped() {
            board = self.room.wait_timeout(board, LOOK_EVERY).unwrap_or_else(PoisonError::into_inner).0;
        }
        board.told.push_back((number, news));
        drop(board);
        self.news.notify_all();
    }
}

/// Stops the workers however the taking ends.
struct StopAtEnd<'a, T: Send, N: Send>(&'a Shared<T, N>);

impl<T: Send, N: Send> Drop for StopAtEnd<'_, T, N> {
    fn drop(&mut self) {
        self.0.stop();
    }
}

/// What takes the results: a run's own side of the jobs.
pub(crate) trait Taker {
    /// Publishes what is due, saves and waits while the run is held, ends when it is cancelled.
    fn breathe(&mut self) -> Result<(), RunError>;
    /// True if enough time has passed for another picture of what is not kept.
    fn is_publish_due(&self) -> bool;
}

/// Does the jobs; see the module.
pub(crate) fn in_order<H: Taker, T: Send, N: Send>(
    hand: &mut H,
    control: &Control,
    jobs: &Jobs,
    work: &(impl Fn(usize, &Job<'_, N>) -> Result<T, RunError> + Sync),
    take: &mut impl FnMut(&mut H, News<'_, T, N>) -> Result<(), RunError>,
) -> Result<(), RunError> {
    let threads = rayon::current_num_threads().min(jobs.total).max(1);
    let name = jobs.name;
    let pool = rayon::ThreadPoolBuilder::new()
        .num_threads(threads)
        .thread_name(move |index| format!("{name} {index}"))
        .build()
        .map_err(|error| RunError::Defect(format!("no worker threads: {error}")))?;
    let shared = Shared {
        order: jobs.order.clone(),
        next: AtomicUsize::new(0),
        stop: AtomicBool::new(false),
        board: Mutex::new(Board { done: Vec::new(), told: VecDeque::new() }),
        news: Condvar::new(),
        room: Condvar::new(),
    };
    let worker = || {
        while let Some(number) = shared.claim() {
            let job = Job { number, shared: &shared, control };
            let result = catch_unwind(AssertUnwindSafe(|| job.check().and_then(|()| work(number, &job))));
            let defect = |panic: Box<dyn std::any::Any + Send>| {
                Err(RunError::Defect(format!("{} {number}: {}", jobs.name, panic_text(panic.as_ref()))))
            };
            shared.finish(number, result.unwrap_or_else(defect));
        }
    };
    pool.in_place_scope(|scope| {
        // The scope ends when the workers do.
        let _stop = StopAtEnd(&shared);
        for _ in 0..threads {
            scope.spawn(|_| worker());
        }
        take_all(hand, &shared, jobs.total, take)
    })
}

fn take_all<H: Taker, T: Send, N: Send>(
    hand: &mut H,
    shared: &Shared<T, N>,
    total: usize,
    take: &mut impl FnMut(&mut H, News<'_, T, N>) -> Result<(), RunError>,
) -> Result<(), RunError> {
    let mut early: BTreeMap<usize, T> = BTreeMap::new();
    let mut failed: BTreeMap<usize, RunError> = BTreeMap::new();
    let (mut committed, mut wait) = (0, false);
    while committed < total {
        let board = shared.collect(wait);
        for (number, news) in board.told {
            take(hand, News::Told(number, news))?;
            hand.breathe()?;
        }
        for (number, result) in board.done {
            match result {
                Ok(value) => drop(early.insert(number, value)),
                Err(error) => drop(failed.insert(number, error)),
            }
        }
        wait = false;
        if let Some(error) = failed.remove(&committed) {
            // Of a cancelled run the jobs end too, perhaps before this thread has looked: what was taken is saved.
            if matches!(error, RunError::Cancelled(_)) {
                hand.breathe()?;
            }
            return Err(error);
        } else if let Some(value) = early.remove(&committed) {
            take(hand, News::Next(committed, value))?;
            committed += 1;
        } else {
            // Before the breath, which publishes what is due without them: they would never be seen, or only for a moment.
            if !early.is_empty() && hand.is_publish_due() {
                take(hand, News::Early(&mut early))?;
            }
            hand.breathe()?;
            wait = true;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Instant;

    /// Takes results without a run.
    struct Hand {
        control: Control,
        held: usize,
    }

    impl Taker for Hand {
        fn breathe(&mut self) -> Result<(), RunError> {
            self.held += 1;
            Ok(self.control.check()?)
        }

        fn is_publish_due(&self) -> bool {
            true
        }
    }

    /// Publishes each few milliseconds, as a run does.
    struct Publisher {
        published: Instant,
    }

    impl Taker for Publisher {
        fn breathe(&mut self) -> Result<(), RunError> {
            if self.is_publish_due() {
                self.published = Instant::now();
            }
            Ok(())
        }

        fn is_publish_due(&self) -> bool {
            self.published.elapsed() >= Duration::from_millis(10)
        }
    }

    fn hand() -> (Hand, Control) {
        (Hand { control: Control::default(), held: 0 }, Control::default())
    }

    fn slow_first(number: usize) {
        std::thread::sleep(Duration::from_millis(if number == 0 { 60 } else { 2 }));
    }

    #[test]
    fn results_come_in_order_and_early_ones_are_lent() {
        let (mut taker, control) = hand();
        let (mut order, mut lent) = (Vec::new(), 0);
        let pool = rayon::ThreadPoolBuilder::new().num_threads(4).build().unwrap();
        pool.install(|| {
            in_order::<_, usize, ()>(
                &mut taker,
                &control,
                &Jobs::new("square", 9).costliest_first(|number| number as f64),
                &|number, _| {
                    slow_first(number);
                    Ok(number * number)
                },
                &mut |_, news| {
                    match news {
                        News::Next(number, square) => order.push((number, square)),
                        News::Early(early) => lent = lent.max(early.len()),
                        News::Told(..) => {}
                    }
                    Ok(())
                },
            )
        })
        .unwrap();
        assert_eq!(order, (0..9).map(|number| (number, number * number)).collect::<Vec<_>>());
        assert!(lent > 0, "what came before its turn was lent");
        assert!(taker.held > 0, "the taking thread looked at the control");
    }

    #[test]
    fn what_is_published_while_a_job_is_late_shows_the_early_ones() {
        let mut taker = Publisher { published: Instant::now() };
        let mut lent = 0;
        let pool = rayon::ThreadPoolBuilder::new().num_threads(2).build().unwrap();
        pool.install(|| {
            in_order::<_, (), ()>(
                &mut taker,
                &Control::default(),
                &Jobs::new("job", 2),
                &|number, _| {
                    std::thread::sleep(Duration::from_millis(if number == 0 { 300 } else { 1 }));
                    Ok(())
                },
                &mut |taker, news| {
                    if let News::Early(_) = news {
                        lent += 1;
                        taker.published = Instant::now();
                    }
                    Ok(())
                },
            )
        })
        .unwrap();
        assert!(lent > 1, "each time that something is published, not once: {lent}");
    }

    #[test]
    fn a_panic_names_the_job_and_the_others_end() {
        let (mut taker, control) = hand();
        let result = in_order::<_, (), ()>(
            &mut taker,
            &control,
            &Jobs::new("network", 5),
            &|number, _| {
                assert!(number != 3, "a test's own panic");
                Ok(())
            },
            &mut |_, _| Ok(()),
        );
        let text = result.unwrap_err().to_string();
        assert!(text.contains("network 3") && text.contains("a test's own panic"), "{text}");
    }

    #[test]
    fn what_a_job_tells_arrives_and_more_than_there_is_room_for_waits() {
        let (mut taker, control) = hand();
        let mut told = Vec::new();
        in_order::<_, (), usize>(
            &mut taker,
            &control,
            &Jobs::new("talker", 1),
            &|_, job| (0..100).try_for_each(|word| job.tell(word)),
            &mut |_, news| {
                if let News::Told(0, word) = news {
                    told.push(word);
                }
                Ok(())
            },
        )
        .unwrap();
        assert_eq!(told, (0..100).collect::<Vec<_>>(), "all of it, in order");
    }

    #[test]
    fn a_cancelled_run_ends_its_jobs() {
        let (mut taker, control) = hand();
        control.cancel();
        taker.control.cancel();
        let result = in_order::<_, (), ()>(
            &mut taker,
            &control,
            &Jobs::new("job", 1000),
            &|_, job| loop {
                job.check()?;
            },
            &mut |_, _| Ok(()),
        );
        assert!(matches!(result, Err(RunError::Cancelled(_))), "{result:?}");
    }
}
