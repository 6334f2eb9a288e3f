//! What a run will cost, from its settings alone; shown while the person types.

use serde::Serialize;

/// An estimate. Time comes from the lab's own measured rates, so it is a guide for this class of machine, not a promise.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct Cost {
    /// Trained parameters of one network; none where their number depends on data that the program does not know by name.
    pub parameters: Option<u64>,
    /// Optimisation steps of all stages.
    pub steps: u64,
    /// Working memory.
    pub memory_bytes: u64,
    /// Wall time on a present desktop machine with as many workers as [`Spread::workers`] says.
    pub seconds: f64,
}

/// How the time of a lab depends on the number of its workers.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Spread {
    /// Workers that the estimate counts on: with so many it was measured. It promises nothing for more.
    pub workers: usize,
    /// Share of the work that is spread over the workers, 0 to 1; the rest is done by one of them.
    pub share: f64,
}

impl Spread {
    /// All by one worker, or nothing is known of it.
    pub const NONE: Self = Self { workers: 1, share: 0.0 };

    /// How much longer it takes with fewer workers than the estimate counts on.
    pub fn stretch(self, workers: usize) -> f64 {
        let time = |workers: usize| 1.0 - self.share + self.share / workers.max(1) as f64;
        time(workers.min(self.workers)) / time(self.workers)
    }
}

impl Cost {
    /// The number of parameters in words; `count` writes a number.
    pub fn parameters_in_words(&self, count: impl Fn(u64) -> String) -> String {
        match self.parameters {
            Some(parameters) => format!("{} parameters", count(parameters)),
            None => "parameters unknown until the data are here".to_owned(),
        }
    }

    /// The cost of `runs` equal runs, one after the other.
    #[must_use]
    pub fn times(self, runs: usize) -> Self {
        Self { steps: self.steps * runs as u64, seconds: self.seconds * runs as f64, ..self }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fewer_workers_take_longer_by_what_is_spread_over_them() {
        let spread = |share| Spread { workers: 4, share };
        assert!((spread(1.0).stretch(1) - 4.0).abs() < 1e-12, "all of it");
        // One half by one worker, the other by four: 5/8 of the time of one worker; by two 3/4.
        assert!((spread(0.5).stretch(2) - 1.2).abs() < 1e-12, "half of it");
        assert!((spread(0.5).stretch(0) - 1.6).abs() < 1e-12, "one there always is");
        assert!((spread(1.0).stretch(64) - 1.0).abs() < 1e-12, "nothing is promised of more");
        assert!((Spread::NONE.stretch(1) - 1.0).abs() < 1e-12, "where nothing is known");
    }
}
