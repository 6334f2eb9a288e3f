//! AdamW and SGD with momentum over flat host slices.
//!
//! Contract: one thread, fixed order, no allocation in a step: the same inputs give the same bits.
//! Formulas and defaults are PyTorch's (`torch.optim.AdamW`, `torch.optim.SGD`); the state is plain vectors for checkpoints.

use std::ops::Range;

use crate::parameters::{Entry, Parameters};

/// Whether weight decay applies to a group.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Decay {
    /// The optimizer's weight decay applies.
    Applied,
    /// No weight decay.
    Spared,
}

/// A part of the flat vector that shares its settings.
#[derive(Clone, Debug, PartialEq)]
pub struct Group {
    /// Place in the flat vector.
    pub range: Range<usize>,
    /// Factor on the learning rate; 0 keeps the part as it is.
    pub learning_rate_factor: f32,
    /// Whether weight decay applies.
    pub decay: Decay,
}

/// One group per parameter: weight decay by role, the learning-rate factor from `factor`.
pub fn groups_by_role(parameters: &Parameters, factor: impl Fn(&Entry) -> f32) -> Vec<Group> {
    let group = |entry: &Entry| Group {
        range: entry.range.clone(),
        learning_rate_factor: factor(entry),
        decay: if entry.role.decays() { Decay::Applied } else { Decay::Spared },
    };
    parameters.entries().iter().map(group).collect()
}

/// Settings of AdamW (Loshchilov and Hutter, arXiv 1711.05101); the defaults are PyTorch's.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct AdamWSettings {
    /// Decay of the first moment. Default: 0.9.
    pub beta1: f64,
    /// Decay of the second moment. Default: 0.999.
    pub beta2: f64,
    /// Added to the root of the second moment. Default: 1e-8.
    pub epsilon: f64,
    /// Decoupled weight decay. Default: 0.01.
    pub weight_decay: f64,
}

impl Default for AdamWSettings {
    fn default() -> Self {
        Self { beta1: 0.9, beta2: 0.999, epsilon: 1e-8, weight_decay: 0.01 }
    }
}

/// AdamW with its state.
#[derive(Clone, Debug, PartialEq)]
pub struct AdamW {
    /// Settings; they may change between steps.
    pub settings: AdamWSettings,
    /// First moment of the gradient, one value per parameter value.
    pub first_moment: Vec<f32>,
    /// Second moment of the gradient, one value per parameter value.
    pub second_moment: Vec<f32>,
    /// Number of steps taken.
    pub steps: u64,
}

impl AdamW {
    /// A fresh state for `len` values.
    pub fn new(settings: AdamWSettings, len: usize) -> Self {
        Self { settings, first_moment: vec![0.0; len], second_moment: vec![0.0; len], steps: 0 }
    }

    /// Moves `values` along `gradient`; values outside all groups stay. All slices have the length of the state.
    pub fn step(&mut self, values: &mut [f32], gradient: &[f32], groups: &[Group], learning_rate: f64) {
        self.steps += 1;
        let AdamWSettings { beta1, beta2, epsilon, weight_decay } = self.settings;
        let exponent = i32::try_from(self.steps).unwrap_or(i32::MAX);
        let first_correction = 1.0 - beta1.powi(exponent);
        let second_root = (1.0 - beta2.powi(exponent)).sqrt();
        for group in groups {
            let rate = learning_rate * f64::from(group.learning_rate_factor);
            let keep = match group.decay {
                Decay::Applied => (1.0 - rate * weight_decay) as f32,
                Decay::Spared => 1.0,
            };
            let stride = (rate / first_correction) as f32;
            let inverse_root = (1.0 / second_root) as f32;
            let (beta1, rest1) = (beta1 as f32, (1.0 - beta1) as f32);
            let (beta2, rest2) = (beta2 as f32, (1.0 - beta2) as f32);
            let epsilon = epsilon as f32;
            let moments = self.first_moment[group.range.clone()]
                .iter_mut()
                .zip(&mut self.second_moment[group.range.clone()]);
            let pairs = values[group.range.clone()].iter_mut().zip(&gradient[group.range.clone()]);
            for ((value, slope), (first, second)) in pairs.zip(moments) {
                *first = beta1 * *first + rest1 * slope;
                *second = beta2 * *second + rest2 * slope * slope;
                let denominator = second.sqrt() * inverse_root + epsilon;
                *value = keep * *value - stride * (*first / denominator);
            }
        }
    }
}

/// Settings of SGD with momentum; weight decay is coupled, as in PyTorch.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SgdSettings {
    /// Decay of the velocity. Default: 0.9.
    pub momentum: f64,
    /// Coupled weight decay. Default: 0.
    pub weight_decay: f64,
}

impl Default for SgdSettings {
    fn default() -> Self {
        Self { momentum: 0.9, weight_decay: 0.0 }
    }
}

/// Stochastic gradient descent with momentum (no dampening, no Nesterov term) and its state.
#[derive(Clone, Debug, PartialEq)]
pub struct Sgd {
    /// Settings; they may change between steps.
    pub settings: SgdSettings,
    /// Velocity, one value per parameter value.
    pub velocity: Vec<f32>,
}

impl Sgd {
    /// A fresh state for `len` values.
    pub fn new(settings: SgdSettings, len: usize) -> Self {
        Self { settings, velocity: vec![0.0; len] }
    }

    /// Moves `values` along `gradient`; values outside all groups stay. All slices have the length of the state.
    pub fn step(&mut self, values: &mut [f32], gradient: &[f32], groups: &[Group], learning_rate: f64) {
        let momentum = self.settings.momentum as f32;
        for group in groups {
            let rate = (learning_rate * f64::from(group.learning_rate_factor)) as f32;
            let decay = match group.decay {
                Decay::Applied => self.settings.weight_decay as f32,
                Decay::Spared => 0.0,
            };
            let pairs = values[group.range.clone()].iter_mut().zip(&gradient[group.range.clone()]);
            for ((value, slope), velocity) in pairs.zip(&mut self.velocity[group.range.clone()]) {
                // A velocity that starts at zero makes the first step plain gradient descent, as in PyTorch.
                *velocity = momentum * *velocity + (slope + decay * *value);
                *value -= rate * *velocity;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::parameters::Role;

    fn gradient_at(step: usize, index: usize) -> f64 {
        ((step * 7 + index * 3) as f64 * 0.61).sin()
    }

    fn groups() -> Vec<Group> {
        vec![
            Group { range: 0..3, learning_rate_factor: 1.0, decay: Decay::Applied },
            Group { range: 3..5, learning_rate_factor: 10.0, decay: Decay::Spared },
            Group { range: 5..6, learning_rate_factor: 0.0, decay: Decay::Spared },
        ]
    }

    #[test]
    fn adamw_follows_a_scalar_double_precision_loop() {
        let settings = AdamWSettings { weight_decay: 0.05, ..AdamWSettings::default() };
        let mut optimizer = AdamW::new(settings, 6);
        let mut values = vec![0.3_f32, -0.2, 0.1, 0.5, -0.6, 0.7];
        let mut expected: Vec<f64> = values.iter().map(|value| f64::from(*value)).collect();
        let (mut first, mut second) = ([0.0_f64; 6], [0.0_f64; 6]);
        let factors = [1.0, 1.0, 1.0, 10.0, 10.0, 0.0];
        let decays = [0.05, 0.05, 0.05, 0.0, 0.0, 0.0];
        for step in 1..=40 {
            let gradient: Vec<f32> = (0..6).map(|index| gradient_at(step, index) as f32).collect();
            optimizer.step(&mut values, &gradient, &groups(), 1e-2);
            for index in 0..6 {
                let slope = gradient_at(step, index);
                let rate = 1e-2 * factors[index];
                expected[index] -= rate * decays[index] * expected[index];
                first[index] = 0.9 * first[index] + 0.1 * slope;
                second[index] = 0.999 * second[index] + 0.001 * slope * slope;
                let mean = first[index] / (1.0 - 0.9_f64.powi(step as i32));
                let square = second[index] / (1.0 - 0.999_f64.powi(step as i32));
                expected[index] -= rate * mean / (square.sqrt() + 1e-8);
            }
        }
        for (value, wanted) in values.iter().zip(&expected) {
            assert!((f64::from(*value) - wanted).abs() < 5e-6, "{value} {wanted}");
        }
        assert_eq!(values[5], 0.7);
    }

    #[test]
    fn sgd_follows_a_scalar_double_precision_loop() {
        let mut optimizer = Sgd::new(SgdSettings { momentum: 0.9, weight_decay: 0.01 }, 6);
        let mut values = vec![0.3_f32, -0.2, 0.1, 0.5, -0.6, 0.7];
        let mut expected: Vec<f64> = values.iter().map(|value| f64::from(*value)).collect();
        let mut velocity = [0.0_f64; 6];
        let factors = [1.0, 1.0, 1.0, 10.0, 10.0, 0.0];
        for step in 1..=40 {
            let gradient: Vec<f32> = (0..6).map(|index| gradient_at(step, index) as f32).collect();
            optimizer.step(&mut values, &gradient, &groups(), 1e-3);
            for index in 0..6 {
                let decay = if index < 3 { 0.01 * expected[index] } else { 0.0 };
                velocity[index] = 0.9 * velocity[index] + gradient_at(step, index) + decay;
                expected[index] -= 1e-3 * factors[index] * velocity[index];
            }
        }
        for (value, wanted) in values.iter().zip(&expected) {
            assert!((f64::from(*value) - wanted).abs() < 5e-6, "{value} {wanted}");
        }
    }

    #[test]
    fn groups_spare_everything_but_weights_from_decay() {
        let mut parameters = Parameters::new();
        parameters.add("weight", [1, 2], Role::Weight, &[0.0, 0.0]).unwrap();
        parameters.add("step", [1], Role::Step, &[1.0]).unwrap();
        let groups = groups_by_role(&parameters, |entry| if entry.role == Role::Step { 10.0 } else { 1.0 });
        assert_eq!(groups[0], Group { range: 0..2, learning_rate_factor: 1.0, decay: Decay::Applied });
        assert_eq!(groups[1], Group { range: 2..3, learning_rate_factor: 10.0, decay: Decay::Spared });
    }
}
