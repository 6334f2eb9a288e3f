//! Signals of a task: what a person, the scheduler or the machine says to the process.
//!
//! Contract: [`Signals::install`] is the first thing that `sweep run` does. From then on a signal is held back by the system until the
//! thread that waits for it takes it, so none is lost, whatever the program is doing. The first one that ends the work counts. A signal that is
//! ignored when the program starts, as the batch file does with USR1 until then, is held back all the same: Linux throws away none that is blocked.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use weightscope_engine::run::Control;

/// What ends the work.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stop {
    /// Ctrl-C: a person.
    Cancelled,
    /// USR1: the time is nearly up.
    OutOfTime,
    /// TERM, or the end of the process that started this one: the machine is wanted for something else.
    Preempted,
}

/// The two sides of a pause.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Pause {
    /// The process is about to stop; the run stands still, saved.
    Begins,
    /// The process goes on; the run does after this.
    Ends,
}

/// What is to be done at a pause.
type Hook = Box<dyn Fn(Pause) + Send>;

/// What signals have said, shared between the thread that takes them and the work.
pub(super) struct Signals {
    /// The control of all runs of this process: cancelled by the first signal that ends the work.
    pub(super) control: Arc<Control>,
    stop: Mutex<Option<Stop>>,
    hook: Mutex<Option<Hook>>,
}

impl Signals {
    /// Holds signals back from all threads that will be started, and takes them on a thread of its own.
    pub(super) fn install() -> std::io::Result<Arc<Self>> {
        let control = Arc::new(Control::default());
        let signals = Arc::new(Self { control, stop: Mutex::default(), hook: Mutex::default() });
        system::install(&signals)?;
        Ok(signals)
    }

    /// What has ended the work.
    pub(super) fn stop(&self) -> Option<Stop> {
        *lock(&self.stop)
    }

    /// What a pause does besides holding the run; none between two tasks.
    pub(super) fn at_pause(&self, hook: Option<Hook>) {
        *lock(&self.hook) = hook;
    }

    /// Ends the work in order.
    pub(super) fn end(&self, stop: Stop) {
        lock(&self.stop).get_or_insert(stop);
        self.control.cancel();
    }

    /// Ends the work when standard input closes: the process that started this one is gone.
    pub(super) fn end_with_parent(self: &Arc<Self>) -> std::io::Result<()> {
        let signals = Arc::clone(self);
        let watch = move || {
            let _ = std::io::copy(&mut std::io::stdin().lock(), &mut std::io::sink());
            signals.end(Stop::Preempted);
        };
        std::thread::Builder::new().name("parent".to_owned()).spawn(watch).map(drop)
    }

    fn tell(&self, pause: Pause) {
        if let Some(hook) = lock(&self.hook).as_ref() {
            hook(pause);
        }
    }
}

/// Each lock guards one value, whole at any time.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(unix)]
mod system {
    use std::sync::Arc;
    use std::time::{Duration, Instant};

    use nix::sys::signal::{SigSet, Signal, raise};

    use super::{Pause, Signals, Stop};

    /// How long a run may take to its next boundary before its process stops all the same.
    const UNTIL_PARKED: Duration = Duration::from_secs(2);

    pub(super) fn install(signals: &Arc<Signals>) -> std::io::Result<()> {
        let mut taken = SigSet::empty();
        for signal in [Signal::SIGINT, Signal::SIGTERM, Signal::SIGUSR1, Signal::SIGTSTP] {
            taken.add(signal);
        }
        // Threads hold back what the thread that starts them does.
        taken.thread_block()?;
        let signals = Arc::clone(signals);
        let take = move || {
            while let Ok(signal) = taken.wait() {
                match signal {
                    Signal::SIGINT => signals.end(Stop::Cancelled),
                    Signal::SIGUSR1 => signals.end(Stop::OutOfTime),
                    Signal::SIGTSTP => pause(&signals),
                    _ => signals.end(Stop::Preempted),
                }
            }
        };
        std::thread::Builder::new().name("signals".to_owned()).spawn(take).map(drop)
    }

    /// Saves, says so, stops the process; when it is told to go on, it does.
    fn pause(signals: &Signals) {
        let (begun, control) = (Instant::now(), &signals.control);
        control.pause();
        while !control.is_parked() && !control.is_cancelled() && begun.elapsed() < UNTIL_PARKED {
            std::thread::sleep(Duration::from_millis(5));
        }
        signals.tell(Pause::Begins);
        let _ = raise(Signal::SIGSTOP);
        signals.tell(Pause::Ends);
        control.resume();
    }
}

#[cfg(not(unix))]
mod system {
    use std::sync::Arc;

    use super::{Signals, Stop};

    pub(super) fn install(signals: &Arc<Signals>) -> std::io::Result<()> {
        let signals = Arc::clone(signals);
        ctrlc::set_handler(move || signals.end(Stop::Cancelled)).map_err(std::io::Error::other)
    }
}
