//! Pause, step, resume, cancel: how a person's hand reaches a running experiment.
//!
//! Contract: every loop of the engine that lasts longer than 50 ms calls [`Control::check`]; a training loop calls
//! [`Control::boundary`] once a step. Both cost one atomic load while the run goes on, and park the worker while it is paused.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicU8, Ordering};
use std::sync::{Condvar, Mutex, PoisonError};

use super::request::Request;

/// Requests that may wait at once; more are refused, so that a stuck run cannot pile them up.
pub const MOST_REQUESTS: usize = 64;

const RUNNING: u8 = 0;
const HELD: u8 = 1;
const CANCELLED: u8 = 2;

/// The run was cancelled; loops return it upwards without further work.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the run was cancelled")]
pub struct Cancelled;

/// What the run may do now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Mode {
    Running,
    /// Steps that may still be done before the run stands still.
    Budget(u64),
    Cancelled,
}

/// Pause, step, resume, cancel, and what is asked of the lab. Shared between the worker and whoever steers it.
#[derive(Debug)]
pub struct Control {
    /// Mirror of the mode for the fast path: RUNNING, HELD (paused or stepping) or CANCELLED.
    flag: AtomicU8,
    mode: Mutex<Mode>,
    wake: Condvar,
    /// True while the worker stands still.
    parked: Mutex<bool>,
    requests: Mutex<VecDeque<Request>>,
}

impl Default for Control {
    fn default() -> Self {
        Self {
            flag: AtomicU8::new(RUNNING),
            mode: Mutex::new(Mode::Running),
            wake: Condvar::new(),
            parked: Mutex::new(false),
            requests: Mutex::default(),
        }
    }
}

impl Control {
    /// Holds the run at the next step boundary, or inside a long inner job.
    pub fn pause(&self) {
        self.set(Mode::Budget(0));
    }

    /// Lets the run go on until the next pause.
    pub fn resume(&self) {
        self.set(Mode::Running);
    }

    /// Lets the run do `steps` steps, then holds it.
    pub fn step(&self, steps: u64) {
        self.set(Mode::Budget(steps));
    }

    /// Ends the run; it keeps what it has. Nothing undoes this.
    pub fn cancel(&self) {
        self.set(Mode::Cancelled);
    }

    /// True after [`Control::cancel`].
    pub fn is_cancelled(&self) -> bool {
        self.flag.load(Ordering::Acquire) == CANCELLED
    }

    /// True if the run is held or will be at the next boundary.
    pub fn is_paused(&self) -> bool {
        *lock(&self.mode) == Mode::Budget(0)
    }

    /// True while the worker stands still.
    pub fn is_parked(&self) -> bool {
        *lock(&self.parked)
    }

    /// For loops inside a step: waits while the run is paused.
    pub fn check(&self) -> Result<(), Cancelled> {
        match self.flag.load(Ordering::Acquire) {
            RUNNING => Ok(()),
            CANCELLED => Err(Cancelled),
            _ => self.wait(|mode| *mode != Mode::Budget(0)),
        }
    }

    /// For the end of a step: takes one step off the budget, and waits when none is left. False, at once, if the run is to be held or
    /// ended and its worker is not ready for it: what it stands in is to be shown and saved first.
    pub fn boundary(&self, is_ready: bool) -> Result<bool, Cancelled> {
        match self.flag.load(Ordering::Acquire) {
            RUNNING => Ok(true),
            CANCELLED if is_ready => Err(Cancelled),
            CANCELLED => Ok(false),
            _ if !is_ready && *lock(&self.mode) == Mode::Budget(0) => Ok(false),
            _ => {
                self.wait(|mode| *mode != Mode::Budget(0))?;
                if let Mode::Budget(left) = &mut *lock(&self.mode) {
                    *left = left.saturating_sub(1);
                }
                Ok(true)
            }
        }
    }

    /// True if the next [`Control::boundary`] will hold the run: the moment to publish and to save.
    pub fn will_hold(&self) -> bool {
        self.flag.load(Ordering::Acquire) != RUNNING && *lock(&self.mode) == Mode::Budget(0)
    }

    /// Asks the running lab for something; false if too much is waiting already.
    pub fn request(&self, request: Request) -> bool {
        let mut waiting = lock(&self.requests);
        let room = waiting.len() < MOST_REQUESTS;
        if room {
            waiting.push_back(request);
        }
        room
    }

    /// Takes all waiting requests, oldest first.
    pub fn take_requests(&self) -> Vec<Request> {
        lock(&self.requests).drain(..).collect()
    }

    fn set(&self, mode: Mode) {
        let mut current = lock(&self.mode);
        if *current == Mode::Cancelled {
            return;
        }
        *current = mode;
        let flag = match mode {
            Mode::Running => RUNNING,
            Mode::Budget(_) => HELD,
            Mode::Cancelled => CANCELLED,
        };
        self.flag.store(flag, Ordering::Release);
        self.wake.notify_all();
    }

    fn wait(&self, go: impl Fn(&Mode) -> bool) -> Result<(), Cancelled> {
        let mut mode = lock(&self.mode);
        while !go(&mode) {
            *lock(&self.parked) = true;
            mode = self.wake.wait(mode).unwrap_or_else(PoisonError::into_inner);
        }
        *lock(&self.parked) = false;
        if *mode == Mode::Cancelled { Err(Cancelled) } else { Ok(()) }
    }
}

/// A panic in a run is caught at one place; what it left behind these locks is still whole, since each holds one value.
fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::AtomicU64;

    use crate::record::Controls;

    use super::*;

    fn count_steps(
        control: &Arc<Control>,
    ) -> (Arc<AtomicU64>, std::thread::JoinHandle<Result<(), Cancelled>>) {
        let steps = Arc::new(AtomicU64::new(0));
        let (counter, control) = (Arc::clone(&steps), Arc::clone(control));
        let worker = std::thread::Builder::new().name("worker".to_owned()).spawn(move || {
            loop {
                counter.fetch_add(1, Ordering::SeqCst);
                control.boundary(true)?;
            }
        });
        (steps, worker.unwrap())
    }

    fn until(what: &str, done: impl Fn() -> bool) {
        for _ in 0..2000 {
            if done() {
                return;
            }
            std::thread::sleep(std::time::Duration::from_millis(5));
        }
        panic!("never happened: {what}");
    }

    #[test]
    fn a_budget_is_spent_exactly() {
        let control = Arc::new(Control::default());
        control.pause();
        let (steps, worker) = count_steps(&control);
        until("first pause", || control.is_parked());
        assert_eq!(steps.load(Ordering::SeqCst), 1, "one step was in work when the pause came");
        control.step(3);
        until("three steps", || steps.load(Ordering::SeqCst) == 4 && control.is_parked());
        control.step(1);
        until("one step", || steps.load(Ordering::SeqCst) == 5 && control.is_parked());
        control.cancel();
        assert_eq!(worker.join().unwrap(), Err(Cancelled), "cancel reaches a held run");
        control.resume();
        assert!(control.is_cancelled(), "and nothing undoes it");
    }

    #[test]
    fn who_is_not_ready_is_neither_held_nor_ended() {
        let control = Control::default();
        assert_eq!(control.boundary(false), Ok(true), "nothing is asked of it");
        control.step(1);
        assert_eq!(control.boundary(false), Ok(true), "one step is left");
        assert_eq!(
            control.boundary(false),
            Ok(false),
            "none is left, and the hand came too late to be seen before"
        );
        control.cancel();
        assert_eq!(control.boundary(false), Ok(false), "it is to be saved");
        assert_eq!(control.boundary(true), Err(Cancelled));
    }

    #[test]
    fn requests_are_bounded() {
        let control = Control::default();
        let accepted = (0..200)
            .filter(|_| {
                control.request(Request::Action { id: "a".to_owned(), controls: Controls::default() })
            })
            .count();
        assert_eq!(accepted, MOST_REQUESTS, "the rest is refused");
        assert_eq!(control.take_requests().len(), MOST_REQUESTS, "and none is lost of those");
    }
}
