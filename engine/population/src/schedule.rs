//! How rates move over the steps of a training, as a factor on the base rate or as the one-cycle law.

use std::f64::consts::PI;

use super::kernel::Rates;

/// Course of the learning rate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Schedule {
    /// The same at each step.
    Constant,
    /// A tenth after three quarters (Yang et al. 2021, training script, "one").
    LateDrop,
    /// A tenth after half, a hundredth after three quarters (the same, "step").
    TwoDrops,
    /// One cycle of rate and momentum (L. Smith, arXiv 1803.09820) with PyTorch's defaults: from 1/25 of the rate up over
    /// 30 % of the steps, down to 1/250,000, along cosines; momentum from 0.95 to 0.85 and back.
    OneCycle,
}

/// Share of the one-cycle law that rises, first and last divisor, and the limits of the momentum.
const RISE: f64 = 0.3;
const FIRST_DIVISOR: f64 = 25.0;
const LAST_DIVISOR: f64 = 1e4;
const MOMENTUM: (f64, f64) = (0.95, 0.85);

impl Schedule {
    /// Learning rate and, where the law sets it, momentum at `step` of `total`.
    pub fn at(self, rate: f64, step: usize, total: usize) -> (f64, Option<f64>) {
        let fraction = step as f64 / total.max(1) as f64;
        match self {
            Self::Constant => (rate, None),
            Self::LateDrop => (rate * late_drop(fraction), None),
            Self::TwoDrops => (rate * two_drops(fraction), None),
            Self::OneCycle => {
                let (rate, momentum) = one_cycle(rate, step, total);
                (rate, Some(momentum))
            }
        }
    }

    /// The rates of a step, from those of the settings.
    pub fn rates(self, base: Rates, step: usize, total: usize) -> Rates {
        if self == Self::Constant {
            return base;
        }
        let (rate, momentum) = self.at(f64::from(base.learning_rate), step, total);
        Rates {
            learning_rate: rate as f32,
            momentum: momentum.map_or(base.momentum, |momentum| momentum as f32),
            ..base
        }
    }
}

/// Factor of [`Schedule::LateDrop`] at a share of the training.
pub fn late_drop(fraction: f64) -> f64 {
    if fraction < 0.75 { 1.0 } else { 0.1 }
}

/// Factor of [`Schedule::TwoDrops`] at a share of the training.
pub fn two_drops(fraction: f64) -> f64 {
    if fraction < 0.5 {
        1.0
    } else if fraction < 0.75 {
        0.1
    } else {
        0.01
    }
}

/// Learning rate and momentum of the one-cycle law.
pub fn one_cycle(largest: f64, step: usize, total: usize) -> (f64, f64) {
    let between = |from: f64, to: f64, share: f64| to + (from - to) / 2.0 * (1.0 + (PI * share).cos());
    let first = largest / FIRST_DIVISOR;
    let top = RISE * total as f64 - 1.0;
    let end = total as f64 - 1.0;
    let step = step as f64;
    let (high, low) = MOMENTUM;
    if step <= top {
        let share = if top > 0.0 { step / top } else { 1.0 };
        (between(first, largest, share), between(high, low, share))
    } else {
        let share = if end > top { (step - top) / (end - top) } else { 1.0 };
        (between(largest, first / LAST_DIVISOR, share), between(low, high, share))
    }
}
