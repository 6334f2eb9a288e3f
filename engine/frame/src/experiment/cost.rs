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
    /// Wall time on one core of a present desktop machine.
    pub seconds: f64,
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
