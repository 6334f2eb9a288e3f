//! Random search for trained aggregators: draws from the ranges of the published code (sheet §4), scored by the pinball loss of the
//! validation rows after the operator, with base predictions of the full fits.
//!
//! Contract: the first trial is the fixed settings; all trials train with the same streams, so that they differ in their settings alone.

use burn::tensor::Device;
use serde::{Deserialize, Serialize};

use super::Aggregator;
use super::fit::{AggregateSettings, Combined, Given, fit};
use crate::base::Progress;
use crate::method::pinball;
use weightscope_frame::run::RunError;
use weightscope_math::rng::{Stream, stream};

/// What a trial varies.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Trial {
    /// Adam's step size.
    pub learning_rate: f64,
    /// Weight of the crossing penalty.
    pub penalty: f64,
    /// Its margin, or the scale of adaptive ones.
    pub margin: f64,
    /// Width of a local network's hidden layers.
    pub hidden: usize,
    /// Its hidden layers.
    pub layers: usize,
    /// Its dropout rate.
    pub dropout: f64,
}

impl Trial {
    /// The fixed settings.
    pub fn fixed(aggregator: Aggregator, settings: &AggregateSettings) -> Self {
        Self {
            learning_rate: if aggregator.is_local() {
                settings.local_learning_rate
            } else {
                settings.global_learning_rate
            },
            penalty: settings.penalty,
            margin: settings.margin,
            hidden: settings.hidden,
            layers: settings.layers,
            dropout: settings.dropout,
        }
    }

    /// One draw from the published ranges. A run without a penalty stays without; a global table has no network.
    fn draw(aggregator: Aggregator, settings: &AggregateSettings, random: &mut Stream) -> Self {
        fn of<T: Copy>(random: &mut Stream, values: &[T]) -> T {
            values[random.below(values.len())]
        }
        const SINGLE: [f64; 5] = [1e-4, 1e-3, 5e-3, 7.5e-3, 9.9e-3];
        const ADAPTIVE: [f64; 5] = [1e-1, 5e-2, 1e-2, 1e-3, 1e-4];
        let fixed = Self::fixed(aggregator, settings);
        let mut trial =
            Self { learning_rate: if settings.adaptive { of(random, &[1e-3, 5e-4]) } else { 1e-3 }, ..fixed };
        if settings.penalty > 0.0 {
            trial.penalty = of(random, &[0.5, 1.0, 2.0, 5.0, 10.0]);
            trial.margin = of(random, if settings.adaptive { &ADAPTIVE } else { &SINGLE });
        }
        if aggregator.is_local() {
            trial.hidden = of(random, &[64, 128]);
            trial.layers = of(random, &[2, 3]);
            trial.dropout = of(random, &[0.0, 0.05, 0.1]);
        }
        trial
    }

    /// The settings of a run with those of the trial.
    #[must_use]
    pub fn apply(&self, settings: &AggregateSettings) -> AggregateSettings {
        AggregateSettings {
            global_learning_rate: self.learning_rate,
            local_learning_rate: self.learning_rate,
            penalty: self.penalty,
            margin: self.margin,
            hidden: self.hidden,
            layers: self.layers,
            dropout: self.dropout,
            ..settings.clone()
        }
    }

    /// In words; a global table has no network.
    pub fn words(&self, is_local: bool) -> String {
        let network = if is_local {
            format!(", {} layers of {}, dropout {}", self.layers, self.hidden, self.dropout)
        } else {
            String::new()
        };
        format!(
            "learning rate {}, crossing penalty {} with margin {}{network}",
            self.learning_rate, self.penalty, self.margin
        )
    }
}

/// What a search came to.
#[derive(Clone, Debug)]
pub struct Found {
    /// The fitted aggregator.
    pub combined: Combined,
    /// Steps of its best state.
    pub steps: usize,
    /// Its settings; none for what is not trained by steps.
    pub trial: Option<Trial>,
}

/// Fits an aggregator with the best of `trials` settings (0 and 1: with the fixed ones).
pub fn search(
    aggregator: Aggregator,
    given: &Given<'_>,
    settings: &AggregateSettings,
    trials: usize,
    (seed, purpose): (u64, &str),
    device: &Device,
    progress: Progress<'_>,
) -> Result<Found, RunError> {
    let fixed = Trial::fixed(aggregator, settings);
    let (combined, steps) = fit(aggregator, given, settings, (seed, purpose), device, progress)?;
    if aggregator.resolution().is_none() {
        return Ok(Found { combined, steps, trial: None });
    }
    let first = Found { combined, steps, trial: Some(fixed) };
    let Some(rows) = given.validation.filter(|_| trials > 1) else { return Ok(first) };
    let score = |combined: &Combined| {
        let mut q = combined.predict(rows.x, rows.z, &settings.taus, device);
        settings.after.apply_rows(&mut q, settings.taus.len());
        pinball::mean(&q, rows.y, &settings.singles())
    };
    let mut random = stream(seed, &format!("search/{}", aggregator.key()));
    let mut tried = vec![fixed];
    let mut best = (score(&first.combined), first);
    for _ in 1..trials {
        let trial = Trial::draw(aggregator, settings, &mut random);
        if tried.contains(&trial) {
            continue;
        }
        tried.push(trial);
        let own = trial.apply(settings);
        let (combined, steps) = fit(aggregator, given, &own, (seed, purpose), device, progress)?;
        let value = score(&combined);
        // Not-a-number is never better; a first score that is one is replaced.
        if value < best.0 || best.0.is_nan() {
            best = (value, Found { combined, steps, trial: Some(trial) });
        }
    }
    Ok(best.1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::Matrix;
    use crate::ensemble::Validation;

    fn settings() -> AggregateSettings {
        AggregateSettings {
            most_steps: 60,
            every: 20,
            patience: 40,
            ..AggregateSettings::fixed(vec![0.25, 0.5, 0.75], 2, 16)
        }
    }

    #[test]
    fn draws_stay_in_the_published_ranges() {
        let mut random = stream(1, "draws");
        for _ in 0..100 {
            let trial = Trial::draw(Aggregator::LocalFine, &settings(), &mut random);
            assert!([64, 128].contains(&trial.hidden) && [2, 3].contains(&trial.layers), "{trial:?}");
            assert_eq!(trial.learning_rate, 1e-3, "single margins have one rate");
            assert!((0.5..=10.0).contains(&trial.penalty) && (1e-4..=9.9e-3).contains(&trial.margin));
            let none = AggregateSettings { penalty: 0.0, ..settings() };
            assert_eq!(Trial::draw(Aggregator::GlobalFine, &none, &mut random).penalty, 0.0);
        }
    }

    #[test]
    fn a_search_is_never_worse_on_the_validation_rows_and_the_same_again() {
        let rows = 80;
        let mut random = stream(2, "rows");
        let y: Vec<f32> = (0..rows).map(|_| random.normal()).collect();
        let z: Vec<f32> = (0..rows)
            .flat_map(|_| [-0.6, 0.0, 0.6, -1.0, 0.3, 1.5])
            .map(|q: f32| q + 0.3 * random.normal())
            .collect();
        let x = Matrix { columns: 1, values: (0..rows).map(|_| random.normal()).collect() };
        let given = Given { x: &x, z: &z, y: &y, validation: Some(Validation { x: &x, z: &z, y: &y }) };
        let settings = settings();
        let run = |trials: usize| {
            let seed = (5, "aggregate/local_medium");
            let device = Device::flex();
            search(Aggregator::LocalMedium, &given, &settings, trials, seed, &device, Progress::alone())
                .unwrap()
        };
        let score = |found: &Found| {
            let mut q = found.combined.predict(&x, &z, &settings.taus, &Device::flex());
            settings.after.apply_rows(&mut q, 3);
            pinball::mean(&q, &y, &settings.singles())
        };
        let (fixed, found) = (run(0), run(6));
        assert!(score(&found) <= score(&fixed), "{} {}", score(&found), score(&fixed));
        assert_eq!(found.combined, run(6).combined, "seeded");
        assert_eq!(fixed.trial, Some(Trial::fixed(Aggregator::LocalMedium, &settings)));
    }
}
