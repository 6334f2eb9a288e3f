//! Cosine schedules of the freezing threshold and of the dampening weight
//! (oscillations-qat `utils/utils.py` `CosineTempDecay`, `utils/qat_utils.py`).
//!
//! `end + (start - end)/2 · (1 + cos(π·(t - d)/(T - d)))` for `t >= d`, where `d` is the start of the annealing as a share of the run.
//! Contract: before `d` a freezing threshold is 0 (off) and a dampening weight keeps its start value.

use std::f64::consts::PI;

/// A cosine from `start` to `end` over the part of a run after `delay`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Annealing {
    /// Value when the annealing begins.
    pub start: f64,
    /// Value at the end of the run.
    pub end: f64,
    /// Share of the run before the annealing begins, 0 to 1. Published: 0.25.
    pub delay: f64,
    /// Number of iterations of the run.
    pub total: u64,
}

impl Annealing {
    /// The freezing threshold of an iteration; 0, which means off, before the annealing begins.
    pub fn freezing_threshold(self, iteration: u64) -> f64 {
        if (iteration as f64) < self.begin() { 0.0 } else { self.cosine(iteration) }
    }

    /// The dampening weight of an iteration.
    pub fn dampening_weight(self, iteration: u64) -> f64 {
        if (iteration as f64) < self.begin() { self.start } else { self.cosine(iteration) }
    }

    fn begin(self) -> f64 {
        self.delay * self.total as f64
    }

    fn cosine(self, iteration: u64) -> f64 {
        let length = self.total as f64 - self.begin();
        let progress = if length > 0.0 { ((iteration as f64 - self.begin()) / length).min(1.0) } else { 1.0 };
        self.end + (self.start - self.end) / 2.0 * (1.0 + (PI * progress).cos())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_end_value_holds_after_the_run_and_for_a_run_of_nothing() {
        let annealing = Annealing { start: 0.1, end: 0.02, delay: 0.25, total: 100 };
        assert!((annealing.freezing_threshold(100) - 0.02).abs() < 1e-15);
        assert!((annealing.freezing_threshold(1000) - 0.02).abs() < 1e-15);
        assert_eq!(annealing.freezing_threshold(24), 0.0);
        assert_eq!(annealing.dampening_weight(24), 0.1);
        assert_eq!(Annealing { total: 0, ..annealing }.freezing_threshold(0), 0.02);
    }
}
