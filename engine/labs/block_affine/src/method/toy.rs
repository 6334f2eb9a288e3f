//! The published sine task (arXiv 2409.15371 version 12, section 3 and appendix C): a network learns `sin 2πx`, then is adapted to
//! `sin 2πx + 0.3·cos 3πx` on x from −1 to 1. Established: functions, numbers of points and noise; inferred: where the points lie.

use std::f64::consts::PI;

use weightscope_math::Stream;

/// Points that train.
pub const TRAINING_POINTS: usize = 50;
/// Standard deviation of the noise on training values.
pub const TRAINING_NOISE: f64 = 0.05;
/// Points that validate, without noise.
pub const VALIDATION_POINTS: usize = 100;

/// What a network learns.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Target {
    /// `sin 2πx`, before adaptation.
    Base,
    /// `sin 2πx + 0.3·cos 3πx`, what it is adapted to.
    Adapted,
}

impl Target {
    /// The value at x.
    pub fn value(self, x: f64) -> f64 {
        let base = (2.0 * PI * x).sin();
        match self {
            Self::Base => base,
            Self::Adapted => base + 0.3 * (3.0 * PI * x).cos(),
        }
    }

    /// Training pairs (x, value): x uniform on −1 to 1, the value with normal noise, both from the stream.
    pub fn training(self, random: &mut Stream) -> Vec<(f64, f64)> {
        let mut pair = || {
            let x = 2.0 * random.unit_f64() - 1.0;
            (x, self.value(x) + TRAINING_NOISE * f64::from(random.normal()))
        };
        (0..TRAINING_POINTS).map(|_| pair()).collect()
    }

    /// Validation pairs (x, value): x even from −1 to 1, no noise.
    pub fn validation(self) -> Vec<(f64, f64)> {
        let x = |index: usize| -1.0 + 2.0 * index as f64 / (VALIDATION_POINTS - 1) as f64;
        (0..VALIDATION_POINTS).map(|index| (x(index), self.value(x(index)))).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use weightscope_math::stream;

    #[test]
    fn training_values_lie_around_the_target() {
        let pairs = Target::Adapted.training(&mut stream(1, "toy"));
        assert_eq!(pairs.len(), 50);
        let squares: f64 = pairs.iter().map(|(x, y)| (y - Target::Adapted.value(*x)).powi(2)).sum();
        let deviation = (squares / 50.0).sqrt();
        assert!((0.03..0.07).contains(&deviation), "{deviation}");
    }

    #[test]
    fn validation_is_exact_and_reaches_both_ends() {
        let pairs = Target::Base.validation();
        assert_eq!((pairs.len(), pairs[0].0, pairs[99].0), (100, -1.0, 1.0));
        assert!((Target::Adapted.value(0.0) - 0.3).abs() < 1e-15 && Target::Base.value(0.25) == 1.0);
    }
}
