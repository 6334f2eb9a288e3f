//! Learning-rate schedules: constant, and cosine decay with linear warmup and a floor.
//!
//! Contract: a schedule is a pure function of the step, counted from 0.

use std::f64::consts::PI;

/// How the learning rate moves over the steps of a run.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Schedule {
    /// The same at every step.
    Constant,
    /// Linear from `warmup_start` to the base over `warmup_steps`, then half a cosine down to `floor` at `total_steps`.
    Cosine {
        /// Number of steps of the linear rise.
        warmup_steps: u64,
        /// Learning rate at step 0 of the rise.
        warmup_start: f64,
        /// Step at which the floor is reached.
        total_steps: u64,
        /// Learning rate at and after `total_steps`.
        floor: f64,
    },
}

impl Schedule {
    /// The learning rate of `step` for a run whose peak is `base`.
    pub fn learning_rate(self, base: f64, step: u64) -> f64 {
        match self {
            Self::Constant => base,
            Self::Cosine { warmup_steps, warmup_start, .. } if step < warmup_steps => {
                warmup_start + (base - warmup_start) * step as f64 / warmup_steps as f64
            }
            Self::Cosine { total_steps, floor, .. } if step >= total_steps => floor,
            Self::Cosine { warmup_steps, total_steps, floor, .. } => {
                let progress = (step - warmup_steps) as f64 / (total_steps - warmup_steps) as f64;
                floor + (base - floor) / 2.0 * (1.0 + (PI * progress).cos())
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const COSINE: Schedule =
        Schedule::Cosine { warmup_steps: 10, warmup_start: 0.1, total_steps: 110, floor: 0.2 };

    #[test]
    fn cosine_rises_then_falls_to_its_floor() {
        assert_eq!(COSINE.learning_rate(1.0, 0), 0.1);
        assert!((COSINE.learning_rate(1.0, 5) - 0.55).abs() < 1e-12);
        assert_eq!(COSINE.learning_rate(1.0, 10), 1.0);
        assert!((COSINE.learning_rate(1.0, 60) - 0.6).abs() < 1e-12);
        assert_eq!(COSINE.learning_rate(1.0, 110), 0.2);
        assert_eq!(COSINE.learning_rate(1.0, 5000), 0.2);
    }

    #[test]
    fn a_run_shorter_than_its_warmup_never_divides_by_zero() {
        let schedule = Schedule::Cosine { warmup_steps: 5, warmup_start: 0.0, total_steps: 5, floor: 0.1 };
        assert!((0..10).all(|step| schedule.learning_rate(1.0, step).is_finite()));
    }

    #[test]
    fn constant_stays() {
        assert_eq!(Schedule::Constant.learning_rate(0.3, 1_000_000), 0.3);
    }
}
