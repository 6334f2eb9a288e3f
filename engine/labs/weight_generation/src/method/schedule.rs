//! Noise schedules of diffusion (Ho et al., arXiv 2006.11239; established for D2NWG: `make_beta_schedule`, `register_schedule`).
//!
//! Step t runs from 0 to T − 1. β is the variance that a step adds, ᾱ the product of `1 − β` up to it. All in double precision.

use std::f64::consts::FRAC_PI_2;

use super::error::{GenerationError, Result};

/// Largest β of the cosine schedule (established).
const MOST_BETA: f64 = 0.999;

/// Offset of the cosine schedule (arXiv 2102.09672, section 3.2).
pub const COSINE_OFFSET: f64 = 0.008;

/// How β grows.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Betas {
    /// √β from √start to √end in even steps; latent diffusion calls this "linear" (D2NWG: 0.0015 to 0.0155 over 1024 steps).
    RootLinear {
        /// First β.
        start: f64,
        /// Last β.
        end: f64,
    },
    /// β from start to end in even steps (p-diff: 10⁻⁴ to 0.02 over 1000 steps).
    Linear {
        /// First β.
        start: f64,
        /// Last β.
        end: f64,
    },
    /// ᾱ follows `cos²((t/T + s)/(1 + s)·π/2)`; β at most 0.999.
    Cosine {
        /// The offset s.
        offset: f64,
    },
}

impl Betas {
    /// D2NWG's schedule.
    pub const PUBLISHED: Self = Self::RootLinear { start: 0.0015, end: 0.0155 };

    /// β of every step, `[steps]`.
    pub fn values(self, steps: usize) -> Vec<f64> {
        let last = steps.saturating_sub(1).max(1) as f64;
        let even = |start: f64, end: f64, step: usize| start + step as f64 / last * (end - start);
        match self {
            Self::RootLinear { start, end } => {
                (0..steps).map(|step| even(start.sqrt(), end.sqrt(), step).powi(2)).collect()
            }
            Self::Linear { start, end } => (0..steps).map(|step| even(start, end, step)).collect(),
            Self::Cosine { offset } => {
                let kept = |step: usize| {
                    ((step as f64 / steps as f64 + offset) / (1.0 + offset) * FRAC_PI_2).cos().powi(2)
                };
                (0..steps).map(|step| (1.0 - kept(step + 1) / kept(step)).clamp(0.0, MOST_BETA)).collect()
            }
        }
    }
}

/// What a step needs.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Step {
    /// β: the variance that the step adds.
    pub beta: f64,
    /// ᾱ: the share of the signal's variance that is left after the step.
    pub kept: f64,
    /// ᾱ of the step before; 1 before the first.
    pub kept_before: f64,
}

impl Step {
    /// `√ᾱ`, the factor of the signal.
    pub fn signal(self) -> f64 {
        self.kept.sqrt()
    }

    /// `√(1 − ᾱ)`, the factor of the noise.
    pub fn noise(self) -> f64 {
        (1.0 - self.kept).sqrt()
    }

    /// Variance of the reverse step, `β(1 − ᾱ_before)/(1 − ᾱ)`; 0 at the first step.
    pub fn posterior_variance(self) -> f64 {
        self.beta * (1.0 - self.kept_before) / (1.0 - self.kept)
    }

    /// Factor of the estimate x̂₀ in the mean of the reverse step, `β√ᾱ_before/(1 − ᾱ)`.
    pub fn estimate_factor(self) -> f64 {
        self.beta * self.kept_before.sqrt() / (1.0 - self.kept)
    }

    /// Factor of x in the mean of the reverse step, `(1 − ᾱ_before)√(1 − β)/(1 − ᾱ)`.
    pub fn present_factor(self) -> f64 {
        (1.0 - self.kept_before) * (1.0 - self.beta).sqrt() / (1.0 - self.kept)
    }
}

/// A schedule with its products.
#[derive(Clone, Debug, PartialEq)]
pub struct Schedule {
    steps: Vec<Step>,
}

impl Schedule {
    /// A schedule of `steps` steps. Refused unless there is one or more and every β lies between 0 and 1.
    pub fn new(betas: Betas, steps: usize) -> Result<Self> {
        Self::of_values(&betas.values(steps))
    }

    /// The same with every β times `1024/steps`, so that fewer steps end at the same noise: this lab's recipe of 500 steps (inferred).
    pub fn rescaled(betas: Betas, steps: usize) -> Result<Self> {
        const PUBLISHED_STEPS: f64 = 1024.0;
        let factor = PUBLISHED_STEPS / steps.max(1) as f64;
        let values: Vec<f64> = betas.values(steps).into_iter().map(|beta| beta * factor).collect();
        Self::of_values(&values)
    }

    fn of_values(values: &[f64]) -> Result<Self> {
        let outside = |beta: &&f64| !(**beta > 0.0 && **beta < 1.0);
        if values.is_empty() || values.iter().any(|beta| outside(&beta)) {
            let needed = "every step must add a variance between 0 and 1".to_owned();
            let found = values.iter().find(outside).map_or("empty".to_owned(), |beta| format!("at {beta}"));
            return Err(GenerationError::Range { what: "the noise schedule", needed, found });
        }
        let mut kept_before = 1.0;
        let step = |beta: &f64| {
            let step = Step { beta: *beta, kept: kept_before * (1.0 - beta), kept_before };
            kept_before = step.kept;
            step
        };
        Ok(Self { steps: values.iter().map(step).collect() })
    }

    /// Number of steps T.
    pub fn count(&self) -> usize {
        self.steps.len()
    }

    /// All steps in order.
    pub fn steps(&self) -> &[Step] {
        &self.steps
    }

    /// Step t; refused from T on.
    pub fn step(&self, t: usize) -> Result<Step> {
        self.steps.get(t).copied().ok_or_else(|| GenerationError::Range {
            what: "the diffusion step",
            needed: format!("the schedule has {} steps", self.steps.len()),
            found: t.to_string(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fewer_steps_end_at_the_same_noise() {
        let published = Schedule::new(Betas::PUBLISHED, 1024).unwrap();
        let recipe = Schedule::rescaled(Betas::PUBLISHED, 500).unwrap();
        let last = |schedule: &Schedule| schedule.steps().last().unwrap().kept.ln();
        assert!((last(&published) - last(&recipe)).abs() < 0.1);
        assert!(published.step(1024).is_err());
        assert!(Schedule::new(Betas::PUBLISHED, 0).is_err());
        assert!(Schedule::new(Betas::Linear { start: 0.5, end: 1.5 }, 3).is_err());
    }

    #[test]
    fn the_mean_of_a_reverse_step_keeps_a_clean_signal() {
        for betas in [Betas::PUBLISHED, Betas::Cosine { offset: COSINE_OFFSET }] {
            let schedule = Schedule::new(betas, 100).unwrap();
            for step in schedule.steps() {
                let mean = step.estimate_factor() + step.present_factor() * step.signal();
                assert!((mean - step.kept_before.sqrt()).abs() < 1e-12);
                assert!(step.posterior_variance() >= 0.0);
            }
            assert_eq!(schedule.steps()[0].posterior_variance(), 0.0);
        }
    }
}
