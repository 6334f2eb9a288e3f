//! A price on the expected size of the network (ours, not in the paper): λ times expected parameters as a share of the largest network.
//!
//! The expectation is over architectures drawn decision by decision with the current weights; it is a polynomial of them, so that its
//! gradient is exact.

use super::space::layer::joint_options;
use super::space::{Space, canonical};

/// The price, with the size of every combination of options.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct SizePenalty {
    factor: f64,
    /// Options and share of the largest size.
    sizes: Vec<(Vec<usize>, f64)>,
}

impl SizePenalty {
    /// The price `factor` (0: none) on the sizes of a space.
    pub fn new<T: weightscope_compute::number::Number>(space: &dyn Space<T>, factor: f64) -> Self {
        if factor == 0.0 {
            return Self::default();
        }
        let counts: Vec<usize> = space.decisions().iter().map(|decision| decision.options.len()).collect();
        let size = |picks: &[usize]| space.size(&canonical(space, picks)).parameters as f64;
        let all = joint_options(&counts);
        let most = all.iter().map(|picks| size(picks)).fold(0.0, f64::max);
        let sizes = all
            .into_iter()
            .map(|picks| (size(&picks) / most, picks))
            .map(|(size, picks)| (picks, size))
            .collect();
        Self { factor, sizes }
    }

    /// Whether there is a price.
    pub fn is_active(&self) -> bool {
        self.factor != 0.0
    }

    /// λ times the expected share of the largest size.
    pub fn value(&self, weights: &[Vec<f64>]) -> f64 {
        let chance = |picks: &[usize]| -> f64 {
            picks.iter().zip(weights).map(|(pick, row)| at(row, *pick)).product()
        };
        self.factor * self.sizes.iter().map(|(picks, size)| size * chance(picks)).sum::<f64>()
    }

    /// Its gradient in the weights of each decision.
    pub fn gradient(&self, weights: &[Vec<f64>]) -> Vec<Vec<f64>> {
        let mut slopes: Vec<Vec<f64>> = weights.iter().map(|row| vec![0.0; row.len()]).collect();
        for (picks, size) in &self.sizes {
            for (decision, slopes) in slopes.iter_mut().enumerate() {
                let others = picks.iter().zip(weights).enumerate().filter(|(place, _)| *place != decision);
                let chance: f64 = others.map(|(_, (pick, row))| at(row, *pick)).product();
                let place = picks.get(decision).and_then(|pick| slopes.get_mut(*pick));
                place.into_iter().for_each(|place| *place += self.factor * size * chance);
            }
        }
        slopes
    }
}

fn at(row: &[f64], pick: usize) -> f64 {
    row.get(pick).copied().unwrap_or(0.0)
}

/// Expected parameters of an architecture drawn with these weights.
pub fn expected_parameters<T: weightscope_compute::number::Number>(
    space: &dyn Space<T>,
    weights: &[Vec<f64>],
) -> f64 {
    let penalty = SizePenalty::new(space, 1.0);
    let most = space.size(&super::space::largest(space)).parameters as f64;
    penalty.value(weights) * most
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::method::sampler::one_hot;
    use crate::method::space::conv_macro::{ConvMacro, Options};
    use crate::method::space::{largest, mlp};

    #[test]
    fn certain_weights_have_the_size_of_their_network() {
        let space = ConvMacro::new(Options::small()).unwrap();
        let space: &dyn Space<f64> = &space;
        for picks in [largest(space), vec![0; 5], vec![1, 0, 0, 2, 1]] {
            let weights: Vec<Vec<f64>> = picks
                .iter()
                .zip(space.decisions())
                .map(|(pick, decision)| one_hot(*pick, decision.options.len()))
                .collect();
            let expected = expected_parameters(space, &weights);
            assert!((expected - space.size(&picks).parameters as f64).abs() < 1e-6);
        }
    }

    #[test]
    fn the_gradient_agrees_with_differences() {
        let space = mlp::Mlp::new(mlp::Options::desk()).unwrap();
        let penalty = SizePenalty::new::<f64>(&space, 0.7);
        let weights: Vec<Vec<f64>> =
            (0..5).map(|row| vec![0.2, 0.5 - 0.05 * f64::from(row), 0.3 + 0.05 * f64::from(row)]).collect();
        for (decision, slopes) in penalty.gradient(&weights).iter().enumerate() {
            for (option, slope) in slopes.iter().enumerate() {
                let at = |shift: f64| {
                    let mut moved = weights.clone();
                    moved[decision][option] += shift;
                    penalty.value(&moved)
                };
                assert!(((at(1e-6) - at(-1e-6)) / 2e-6 - slope).abs() < 1e-8);
            }
        }
        assert!(!SizePenalty::new::<f64>(&space, 0.0).is_active());
    }
}
