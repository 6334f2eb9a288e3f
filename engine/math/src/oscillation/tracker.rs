//! Counting oscillations (Nagel et al., arXiv 2203.11086; oscillations-qat `utils/oscillation_tracking_utils.py`).
//!
//! Let `k_t` be the level of a weight at iteration `t`. A switch has the direction `sign(k_{t-1} - k_t)`;
//! a jump over several levels is one switch. A switch opposite to the *last* switch, however long ago, is an oscillation `o_t`.
//! The frequency is `f_t = m·o_t + (1-m)·f_{t-1}` from `f_0 = 0`.
//! Contract: the first call only stores the levels; the first switch of a weight is never an oscillation.
//! Memory: 6 bytes a weight (level, direction, frequency), 4 more for the totals.

use serde::{Deserialize, Serialize};

/// Weights that are compared at once.
const RUN: usize = 64;

/// Whether totals per weight are kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Totals {
    /// One counter per weight.
    Kept,
    /// None; saves 4 bytes a weight.
    Dropped,
}

/// The oscillation state of one set of weights.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Tracker {
    momentum: f32,
    level: Vec<i8>,
    direction: Vec<i8>,
    frequency: Vec<f32>,
    totals: Option<Vec<u32>>,
    calls: u64,
}

/// What one call saw.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Observation {
    /// Indices of the weights that changed their level, ascending.
    pub switched: Vec<u32>,
    /// Indices of the weights that oscillated, ascending; a subset of `switched`.
    pub oscillated: Vec<u32>,
}

impl Tracker {
    /// A tracker of `len` weights that has seen nothing.
    pub fn new(len: usize, momentum: f32, totals: Totals) -> Self {
        Self {
            momentum,
            level: vec![0; len],
            direction: vec![0; len],
            frequency: vec![0.0; len],
            totals: (totals == Totals::Kept).then(|| vec![0; len]),
            calls: 0,
        }
    }

    /// Takes in the levels of one iteration, one per weight.
    pub fn observe(&mut self, levels: &[i8]) -> Observation {
        let mut seen = Observation::default();
        self.calls += 1;
        if self.calls == 1 {
            self.level.copy_from_slice(levels);
            return seen;
        }
        let keep = 1.0 - self.momentum;
        self.frequency.iter_mut().for_each(|frequency| *frequency *= keep);
        // Most weights keep their level: whole runs of them are passed over at once.
        let state = self.level.chunks_mut(RUN).zip(self.direction.chunks_mut(RUN));
        let runs = state.zip(self.frequency.chunks_mut(RUN)).zip(levels.chunks(RUN)).enumerate();
        for (run, (((before, direction), frequency), now)) in
            runs.filter(|(_, ((state, _), now))| state.0 != *now)
        {
            let state = before.iter_mut().zip(direction).zip(frequency).zip(now);
            for (index, (((previous, direction), frequency), level)) in (run * RUN..).zip(state) {
                if previous == level {
                    continue;
                }
                let turn = if *previous > *level { 1 } else { -1 };
                seen.switched.push(index as u32);
                if turn == -*direction {
                    *frequency += self.momentum;
                    seen.oscillated.push(index as u32);
                }
                *direction = turn;
                *previous = *level;
            }
        }
        if let Some(totals) = &mut self.totals {
            seen.oscillated.iter().for_each(|index| totals[*index as usize] += 1);
        }
        seen
    }

    /// The smoothed frequency of each weight.
    pub fn frequency(&self) -> &[f32] {
        &self.frequency
    }

    /// The level of each weight at the last call.
    pub fn level(&self) -> &[i8] {
        &self.level
    }

    /// The direction of each weight's last switch: 1 down, -1 up, 0 never.
    pub fn direction(&self) -> &[i8] {
        &self.direction
    }

    /// Number of oscillations of each weight since the start, if kept.
    pub fn totals(&self) -> Option<&[u32]> {
        self.totals.as_deref()
    }

    /// Number of calls so far.
    pub fn calls(&self) -> u64 {
        self.calls
    }

    /// Share of weights with a frequency above `threshold`; 0 for no weights.
    pub fn share_above(&self, threshold: f32) -> f64 {
        let above = self.frequency.iter().filter(|frequency| **frequency > threshold).count();
        above as f64 / self.frequency.len().max(1) as f64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_cycle_is_two_oscillations() {
        let mut tracker = Tracker::new(1, 0.5, Totals::Kept);
        let counts: Vec<usize> =
            [0, 1, 0, 1, 1, 0].iter().map(|level| tracker.observe(&[*level]).oscillated.len()).collect();
        assert_eq!(counts, [0, 0, 1, 1, 0, 1]);
        assert_eq!(tracker.totals(), Some(&[3][..]));
    }

    #[test]
    fn jumps_are_one_switch_and_memory_outlasts_rest() {
        let mut tracker = Tracker::new(1, 0.5, Totals::Dropped);
        for level in [-2, 1, 1, 1, 1] {
            tracker.observe(&[level]);
        }
        let seen = tracker.observe(&[-2]);
        assert_eq!(seen, Observation { switched: vec![0], oscillated: vec![0] });
        assert_eq!(tracker.totals(), None);
        assert_eq!(tracker.share_above(0.4), 1.0);
    }

    #[test]
    fn steady_drift_never_oscillates() {
        let mut tracker = Tracker::new(2, 0.1, Totals::Kept);
        (-4..4).for_each(|level| assert!(tracker.observe(&[level, -level]).oscillated.is_empty()));
        assert_eq!(tracker.share_above(0.0), 0.0);
    }
}
