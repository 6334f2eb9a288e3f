//! Confidence-guided annealing of OFQ (Liu et al., arXiv 2302.02210; nbasyl/OFQ `cga.py`).
//!
//! After the backward pass of every iteration a weight is free if its position `u` lies within `boundary_range` steps of an
//! interior decision boundary; all others are frozen for this one optimizer step: their gradient is zeroed and their value restored
//! bit for bit afterwards, because momentum and weight decay would still move them.
//! Contract: the mask is recomputed every iteration and is not sticky. This is the reverse of Nagel's freezing:
//! what is far from a boundary is frozen, and only what is near one keeps learning.

use super::bits::LevelRange;
use super::boundary::distance;
use weightscope_math::real::Real;

/// Which weights are free: within `boundary_range` (in steps, inclusive) of a boundary between two levels of this tensor.
///
/// The boundaries run from the lowest to the highest level that occurs in `levels`, as published.
pub fn free_mask<R: Real>(positions: &[R], levels: &[R], boundary_range: R) -> Vec<bool> {
    let whole = |level: R| level.to_f64() as i32;
    let lowest = levels.iter().map(|level| whole(*level)).min().unwrap_or(0);
    let highest = levels.iter().map(|level| whole(*level)).max().unwrap_or(0);
    let range = LevelRange { lowest, highest };
    positions.iter().map(|position| distance(*position, range) <= boundary_range).collect()
}

/// Zeroes the gradient of frozen weights.
pub fn mask_gradient<R: Real>(gradient: &mut [R], free: &[bool]) {
    for (slope, free) in gradient.iter_mut().zip(free) {
        if !free {
            *slope = R::ZERO;
        }
    }
}

/// Puts frozen weights back to what they were before the optimizer step, bit for bit.
pub fn restore<R: Real>(weights: &mut [R], before: &[R], free: &[bool]) {
    for ((weight, before), free) in weights.iter_mut().zip(before).zip(free) {
        if !free {
            *weight = *before;
        }
    }
}

/// Number of free weights.
pub fn free_count(free: &[bool]) -> usize {
    free.iter().filter(|free| **free).count()
}

#[cfg(test)]
mod tests {
    use super::super::bits::Bits;
    use super::super::groups::Groups;
    use super::super::statsq;
    use super::*;
    use proptest::prelude::*;
    use weightscope_nn::optimizer::{AdamW, AdamWSettings, Decay, Group};

    proptest! {
        #[test]
        fn frozen_weights_keep_their_bits_through_an_optimizer_step(
            start in prop::collection::vec(-1.0_f32..1.0, 24),
            gradient in prop::collection::vec(-1.0_f32..1.0, 24),
            boundary_range in 0.0_f32..0.3,
        ) {
            let mut weights = start.clone();
            let output = statsq::quantize(&weights, Groups::rows(4, 6), Bits::TWO);
            let free = free_mask(&output.position, &output.level, boundary_range);
            let mut masked = gradient.clone();
            mask_gradient(&mut masked, &free);
            let mut optimizer = AdamW::new(AdamWSettings { weight_decay: 0.1, ..AdamWSettings::default() }, 24);
            optimizer.first_moment.fill(0.3);
            let groups = [Group { range: 0..24, learning_rate_factor: 1.0, decay: Decay::Applied }];
            optimizer.step(&mut weights, &masked, &groups, 0.1);
            restore(&mut weights, &start, &free);
            for index in 0..24 {
                prop_assert_eq!(free[index], weights[index].to_bits() != start[index].to_bits());
                prop_assert!(free[index] || masked[index] == 0.0);
            }
        }

        #[test]
        fn a_wider_range_frees_at_least_as_many(weights in prop::collection::vec(-1.0_f32..1.0, 24), low in 0.0_f32..0.2) {
            let output = statsq::quantize(&weights, Groups::rows(4, 6), Bits::TWO);
            let narrow = free_mask(&output.position, &output.level, low);
            let wide = free_mask(&output.position, &output.level, low + 0.1);
            prop_assert!(narrow.iter().zip(&wide).all(|(narrow, wide)| !narrow || *wide));
        }
    }

    #[test]
    fn a_tensor_with_a_single_level_has_no_boundary() {
        assert_eq!(free_mask(&[0.49, 0.1], &[0.0, 0.0], 0.5), [false, false]);
    }
}
