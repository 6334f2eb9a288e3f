//! Initial values from a random source that the caller passes in.
//!
//! Contract: the source returns uniform numbers in [0, 1); values depend on nothing else.

/// A source of uniform numbers in [0, 1).
pub type Uniform<'a> = dyn FnMut() -> f32 + 'a;

/// `count` values uniform in ±1/√`inputs`, the default of PyTorch's `Linear` for weight and bias.
pub fn uniform_by_inputs(random: &mut Uniform<'_>, inputs: usize, count: usize) -> Vec<f32> {
    let bound = 1.0 / (inputs.max(1) as f32).sqrt();
    (0..count).map(|_| (2.0 * random() - 1.0) * bound).collect()
}

/// `count` normal values with mean 0 and the given standard deviation (Box-Muller transform).
pub fn normal(random: &mut Uniform<'_>, standard_deviation: f32, count: usize) -> Vec<f32> {
    let mut values = Vec::with_capacity(count + 1);
    while values.len() < count {
        // 1 - u lies in (0, 1], so the logarithm is finite.
        let radius = (-2.0 * (1.0 - random()).ln()).sqrt() * standard_deviation;
        let angle = std::f32::consts::TAU * random();
        values.push(radius * angle.cos());
        values.push(radius * angle.sin());
    }
    values.truncate(count);
    values
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// A small multiplicative generator, enough to fill tensors in tests.
    pub(crate) fn test_source(seed: u64) -> impl FnMut() -> f32 {
        let mut state = seed.wrapping_mul(2).wrapping_add(1);
        move || {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            ((state >> 40) as f32) / ((1u64 << 24) as f32)
        }
    }

    #[test]
    fn uniform_values_fill_their_interval() {
        let values = uniform_by_inputs(&mut test_source(1), 16, 4000);
        let largest = values.iter().fold(0.0_f32, |most, value| most.max(value.abs()));
        assert!(largest <= 0.25 && largest > 0.24, "{largest}");
        let mean: f32 = values.iter().sum::<f32>() / 4000.0;
        assert!(mean.abs() < 0.01, "{mean}");
    }

    #[test]
    fn normal_values_have_the_asked_spread() {
        let values = normal(&mut test_source(2), 0.5, 4001);
        assert_eq!(values.len(), 4001);
        let square: f32 = values.iter().map(|value| value * value).sum::<f32>() / 4001.0;
        assert!((square.sqrt() - 0.5).abs() < 0.02, "{square}");
        assert!(values.iter().all(|value| value.is_finite()));
    }
}
