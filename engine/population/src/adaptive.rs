//! AdamW over lanes: the step of [`weightscope_nn::optimizer::AdamW`] for packed vectors, compiled for wide registers.
//!
//! Contract: nothing is allocated in a step; padding (value 0, gradient 0) stays 0.

use std::ops::Range;

use multiversion::multiversion;
use weightscope_nn::optimizer::AdamWSettings;

use super::lane::{Lane, flat, flat_mut};

/// Moments of the gradient of a packed vector, and the number of steps taken.
#[derive(Clone, Debug, PartialEq)]
pub struct Moments {
    /// First moment, a lane for each lane of the vector.
    pub first: Vec<Lane>,
    /// Second moment, a lane for each lane of the vector.
    pub second: Vec<Lane>,
    /// Steps taken.
    pub steps: u64,
}

/// The factors of one step, the same for all values of a part.
#[derive(Clone, Copy)]
struct Factors {
    beta1: f32,
    rest1: f32,
    beta2: f32,
    rest2: f32,
    epsilon: f32,
    /// 1 − rate · decay.
    keep: f32,
    /// rate / (1 − β₁ᵗ).
    stride: f32,
    /// 1 / √(1 − β₂ᵗ).
    inverse_root: f32,
}

impl Moments {
    /// Fresh moments for a packed vector of so many lanes.
    pub fn new(lanes: usize) -> Self {
        Self { first: vec![Lane::ZERO; lanes], second: vec![Lane::ZERO; lanes], steps: 0 }
    }

    /// One step of AdamW (I. Loshchilov and F. Hutter, arXiv 1711.05101) along `gradient`: weight decay, decoupled, acts inside
    /// `decayed` only (ranges of lanes, ascending, without overlap). All slices are as long as the moments.
    pub fn step(
        &mut self,
        values: &mut [Lane],
        gradient: &[Lane],
        decayed: &[Range<usize>],
        settings: &AdamWSettings,
        learning_rate: f64,
    ) {
        self.steps += 1;
        let exponent = i32::try_from(self.steps).unwrap_or(i32::MAX);
        let factors = |decay: f64| Factors {
            beta1: settings.beta1 as f32,
            rest1: (1.0 - settings.beta1) as f32,
            beta2: settings.beta2 as f32,
            rest2: (1.0 - settings.beta2) as f32,
            epsilon: settings.epsilon as f32,
            keep: (1.0 - learning_rate * decay) as f32,
            stride: (learning_rate / (1.0 - settings.beta1.powi(exponent))) as f32,
            inverse_root: (1.0 / (1.0 - settings.beta2.powi(exponent)).sqrt()) as f32,
        };
        let (spared, decaying) = (factors(0.0), factors(settings.weight_decay));
        let mut start = 0;
        for range in decayed {
            self.part(values, gradient, start..range.start, spared);
            self.part(values, gradient, range.clone(), decaying);
            start = range.end;
        }
        self.part(values, gradient, start..values.len(), spared);
    }

    fn part(&mut self, values: &mut [Lane], gradient: &[Lane], range: Range<usize>, factors: Factors) {
        move_along(
            flat_mut(&mut values[range.clone()]),
            flat(&gradient[range.clone()]),
            flat_mut(&mut self.first[range.clone()]),
            flat_mut(&mut self.second[range]),
            factors,
        );
    }
}

#[multiversion(targets("x86_64+avx512f+avx512vl+avx512dq+avx512bw+avx2+fma", "x86_64+avx2+fma"))]
fn move_along(values: &mut [f32], gradient: &[f32], first: &mut [f32], second: &mut [f32], by: Factors) {
    for ((value, slope), (first, second)) in
        values.iter_mut().zip(gradient).zip(first.iter_mut().zip(second.iter_mut()))
    {
        *first = by.beta1 * *first + by.rest1 * slope;
        *second = by.beta2 * *second + by.rest2 * slope * slope;
        let denominator = second.sqrt() * by.inverse_root + by.epsilon;
        *value = by.keep * *value - by.stride * (*first / denominator);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lane::LANES;
    use weightscope_math::stream;
    use weightscope_nn::optimizer::{AdamW, Decay, Group};

    #[test]
    fn a_step_is_that_of_the_shared_optimizer() {
        let settings = AdamWSettings { weight_decay: 0.3, ..AdamWSettings::default() };
        let lanes = 7;
        let decayed = [1..3, 4..5];
        let mut random = stream(1, "adaptive");
        let mut values = vec![Lane::ZERO; lanes];
        random.fill_normal(flat_mut(&mut values));
        let mut expected = flat(&values).to_vec();
        let (mut moments, mut optimizer) = (Moments::new(lanes), AdamW::new(settings, lanes * LANES));
        let part = |range: Range<usize>, decay| Group {
            range: range.start * LANES..range.end * LANES,
            learning_rate_factor: 1.0,
            decay,
        };
        let groups = [
            part(0..1, Decay::Spared),
            part(1..3, Decay::Applied),
            part(3..4, Decay::Spared),
            part(4..5, Decay::Applied),
            part(5..7, Decay::Spared),
        ];
        for _ in 0..30 {
            let mut gradient = vec![Lane::ZERO; lanes];
            random.fill_normal(flat_mut(&mut gradient));
            moments.step(&mut values, &gradient, &decayed, &settings, 0.01);
            optimizer.step(&mut expected, flat(&gradient), &groups, 0.01);
        }
        for (found, expected) in flat(&values).iter().zip(&expected) {
            assert!((found - expected).abs() <= 2e-6 * expected.abs().max(0.1), "{found} and {expected}");
        }
        assert_eq!(moments.steps, 30);
    }

    #[test]
    fn padding_stays_zero() {
        let mut values = vec![Lane::ZERO; 2];
        values[0].0[3] = 1.0;
        let gradient = values.clone();
        let mut moments = Moments::new(2);
        let decayed = std::slice::from_ref(&(0..1));
        moments.step(&mut values, &gradient, decayed, &AdamWSettings::default(), 0.1);
        let zeros = flat(&values).iter().filter(|value| **value == 0.0).count();
        assert_eq!(zeros, 2 * LANES - 1);
    }
}
