//! Telling level changes made by a moving scale from those made by moving weights.
//!
//! A flip is scale-driven when it disappears once the previous scale is used with the new weights; otherwise it is weight-driven.
//! (A diagnosis of this program; the claim that a learned scale feeds back on the levels is OFQ's, arXiv 2302.02210.)

use crate::quantize::Groups;

/// Level changes between two iterations, by cause.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Flips {
    /// The new weight has its old level under the old scale.
    pub by_scale: u64,
    /// It has another level under the old scale too.
    pub by_weight: u64,
}

impl Flips {
    /// Share of scale-driven flips; `None` when nothing flipped.
    pub fn scale_share(self) -> Option<f64> {
        let total = self.by_scale + self.by_weight;
        (total > 0).then(|| self.by_scale as f64 / total as f64)
    }
}

impl std::ops::AddAssign for Flips {
    fn add_assign(&mut self, other: Self) {
        self.by_scale += other.by_scale;
        self.by_weight += other.by_weight;
    }
}

/// Attributes the flips of the weights `switched`.
///
/// `previous_level` and `previous_scale` belong to the previous iteration, `weights` to the present one;
/// `level` is the quantizer's level of a weight for a scale.
pub fn attribute(
    switched: &[u32],
    previous_level: &[i8],
    previous_scale: &[f32],
    weights: &[f32],
    groups: Groups,
    level: impl Fn(f32, f32) -> f32,
) -> Flips {
    let mut flips = Flips::default();
    for index in switched.iter().map(|index| *index as usize) {
        let group = index / groups.inner.max(1) % groups.count.max(1);
        let counterfactual = level(weights[index], previous_scale[group]);
        if counterfactual == f32::from(previous_level[index]) {
            flips.by_scale += 1;
        } else {
            flips.by_weight += 1;
        }
    }
    flips
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::quantize::lsq;
    use crate::quantize::{Bits, LevelRange, Sign};

    #[test]
    fn flips_are_told_apart_by_the_previous_scale() {
        let range = LevelRange::new(Bits::TWO, Sign::Signed);
        let groups = Groups::rows(2, 2);
        let level = |weight, step| lsq::level_of(weight, step, range);
        // Row 0: the step shrank and w = 0.5 rose from level 0 to 1. Row 1: the step stayed and the weight crossed.
        let flips = attribute(&[0, 3], &[0, 0, 0, 0], &[1.2, 1.0], &[0.5, 0.0, 0.0, 0.7], groups, level);
        assert_eq!(flips, Flips { by_scale: 1, by_weight: 1 });
        assert_eq!(flips.scale_share(), Some(0.5));
        assert_eq!(Flips::default().scale_share(), None);
    }
}
