//! Looks at a training every so many steps: reports it, keeps the best state by the validation loss, says when to end.

use super::{CurvePoint, Progress};
use weightscope_frame::run::RunError;

/// How often is looked, and how long waited.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Looks {
    /// Steps between two looks at the validation rows.
    pub every: usize,
    /// Steps without a better validation loss after which training ends.
    pub patience: usize,
    /// Most steps.
    pub most_steps: usize,
}

/// A training that is watched; `S` is the state worth keeping.
pub struct Watch<S> {
    looks: Looks,
    loss: f64,
    crossing: f64,
    since: usize,
    best: Best<S>,
}

/// The best state so far.
#[derive(Clone, Debug, PartialEq)]
pub struct Best<S> {
    /// Its validation loss; not-a-number without validation rows.
    pub loss: f64,
    /// Steps after which it was reached.
    pub step: usize,
    /// The state.
    pub state: S,
}

impl<S> Watch<S> {
    /// Before the first step.
    pub fn new(looks: Looks, state: S) -> Self {
        Self { looks, loss: 0.0, crossing: 0.0, since: 0, best: Best { loss: f64::INFINITY, step: 0, state } }
    }

    /// Counts the loss and the crossing penalty of a batch.
    pub fn add(&mut self, loss: f64, crossing: f64) {
        self.loss += loss;
        self.crossing += crossing;
    }

    /// Ends a step; true if it is time to look.
    pub fn is_due(&mut self, step: usize) -> bool {
        self.since += 1;
        step.is_multiple_of(self.looks.every) || step == self.looks.most_steps
    }

    /// Looks at the state after a step, given its validation loss (`None` without validation rows: the last state is kept).
    /// True if training should end.
    ///
    /// # Errors
    /// The run was cancelled, or has failed elsewhere.
    pub fn look(
        &mut self,
        step: usize,
        validation: Option<f64>,
        state: impl FnOnce() -> S,
        progress: Progress<'_>,
    ) -> Result<bool, RunError> {
        let count = self.since as f64;
        progress.tell(CurvePoint {
            step,
            train: self.loss / count,
            validation: validation.unwrap_or(f64::NAN),
            crossing: self.crossing / count,
        })?;
        (self.loss, self.crossing, self.since) = (0.0, 0.0, 0);
        match validation {
            Some(loss) if loss < self.best.loss => self.best = Best { loss, step, state: state() },
            Some(_) => return Ok(step - self.best.step >= self.looks.patience),
            None => self.best = Best { loss: f64::NAN, step, state: state() },
        }
        Ok(false)
    }

    /// The best state.
    pub fn best(self) -> Best<S> {
        self.best
    }
}
