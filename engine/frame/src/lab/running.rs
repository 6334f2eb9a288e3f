//! A lab at work: its settings, what steps read, what they change, and the hand of the frame.

use std::ops::{Deref, DerefMut};

use super::Lab;
use crate::run::jobs::{Taker, in_order};
use crate::run::{Context, Control, Job, Jobs, News, RunError};

/// What the functions of a lab are handed. It reads as the [`Context`], so `run.scalar(…)` records.
pub struct Running<'r, 'c, L: Lab> {
    /// The settings.
    pub settings: &'r L,
    /// What steps read.
    pub shared: &'r L::Shared,
    /// What steps change.
    pub state: &'r mut L::State,
    /// The hand of the frame.
    pub context: &'r mut Context<'c>,
}

impl<'c, L: Lab> Deref for Running<'_, 'c, L> {
    type Target = Context<'c>;
    fn deref(&self) -> &Context<'c> {
        self.context
    }
}

impl<'c, L: Lab> DerefMut for Running<'_, 'c, L> {
    fn deref_mut(&mut self) -> &mut Context<'c> {
        self.context
    }
}

impl<'c, L: Lab> Running<'_, 'c, L> {
    /// Carries out what the person asked for since the last call.
    pub fn answer(&mut self) -> Result<(), RunError> {
        for request in self.context.requests() {
            L::asked(self, request)?;
        }
        Ok(())
    }

    /// Begins a step of a stage that is done as a whole: answers requests, and moves on; `epoch` stands in the metric stream.
    pub fn begin_step(&mut self, epoch: f64) -> Result<(), RunError> {
        self.context.begin_step(epoch);
        self.answer()
    }

    /// Ends a step: publishes, writes and saves what is due, then waits if the run is held.
    pub fn end_step(&mut self) -> Result<(), RunError> {
        self.context.end_step_with(self.state)
    }

    /// Saves a checkpoint now.
    pub fn checkpoint(&mut self) -> Result<(), RunError> {
        self.context.checkpoint(self.state)
    }

    /// Does independent jobs on all workers and takes their results in order; see [`Jobs`] and [`News`]. The results are steps of the
    /// run if `take` begins and ends one for each.
    pub fn jobs<T: Send, N: Send>(
        &mut self,
        jobs: &Jobs,
        work: impl Fn(usize, &Job<'_, N>) -> Result<T, RunError> + Sync,
        mut take: impl FnMut(&mut Self, News<'_, T, N>) -> Result<(), RunError>,
    ) -> Result<(), RunError> {
        let control: &'c Control = self.context.control();
        in_order(self, control, jobs, &work, &mut take)
    }
}

impl<L: Lab> Taker for Running<'_, '_, L> {
    fn breathe(&mut self) -> Result<(), RunError> {
        self.context.breathe(self.state)
    }

    fn is_publish_due(&self) -> bool {
        self.context.is_publish_due()
    }
}
