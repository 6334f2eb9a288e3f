//! Rounding to the nearest of evenly spaced levels whose step comes from the largest magnitude.
//!
//! Per group: `s = max|w|/(2^(b−1) − 1)`, `k = rint(w/s)` half to even within `−2^(b−1) ..= 2^(b−1)−1`, `w_q = k·s`. Nothing is clipped,
//! and the lowest level stays unused. A group of zeros has the step 0 and stays zero.

use super::bits::{Bits, LevelRange, Sign};
use super::groups::Groups;
use crate::real::Real;

/// The step of a group whose largest magnitude is known, in double precision.
pub fn step_of(largest: f64, bits: Bits) -> f64 {
    largest / f64::from(bits.half_levels() - 1)
}

/// The steps, one per group. Values that are not a number are passed over.
pub fn steps<R: Real>(weights: &[R], groups: Groups, bits: Bits) -> Vec<R> {
    let mut largest = vec![0.0_f64; groups.count];
    for (group, run) in groups.runs() {
        for weight in &weights[run] {
            largest[group] = weight.abs().to_f64().larger(largest[group]);
        }
    }
    largest.into_iter().map(|largest| R::from_f64(step_of(largest, bits))).collect()
}

/// The level of one weight; 0 for a step of 0.
#[inline]
pub fn level_of<R: Real>(weight: R, step: R, bits: Bits) -> R {
    let LevelRange { lowest, highest } = LevelRange::new(bits, Sign::Signed);
    if step <= R::ZERO {
        return R::ZERO;
    }
    (weight / step).clip(R::from_f64(f64::from(lowest)), R::from_f64(f64::from(highest))).round_half_even()
}

/// Quantized values, `level · step`.
pub fn quantize<R: Real>(weights: &[R], groups: Groups, bits: Bits) -> Vec<R> {
    let steps = steps(weights, groups, bits);
    let mut values = vec![R::ZERO; weights.len()];
    for (group, run) in groups.runs() {
        for index in run {
            values[index] = level_of(weights[index], steps[group], bits) * steps[group];
        }
    }
    values
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn levels_round_half_to_even_and_the_largest_weight_is_exact() {
        let bits = Bits::new(3).unwrap();
        let weights = [3.0_f64, 0.5, 1.5, -2.5, -3.0, 0.49, 0.0, 2.51];
        assert_eq!(quantize(&weights, Groups::whole(8), bits), [3.0, 0.0, 2.0, -2.0, -3.0, 0.0, 0.0, 3.0]);
    }

    #[test]
    fn groups_have_their_own_steps_and_zeros_stay() {
        let found = quantize(&[1.0_f32, 0.4, 100.0, -40.0, 0.0, 0.0], Groups::rows(3, 2), Bits::TWO);
        assert_eq!(found, [1.0, 0.0, 100.0, 0.0, 0.0, 0.0]);
        assert_eq!(steps(&[f32::NAN, -2.0], Groups::whole(2), Bits::TWO), [2.0]);
    }

    proptest::proptest! {
        #[test]
        fn no_weight_moves_by_more_than_half_a_step(
            weights in proptest::collection::vec(-9.0_f64..9.0, 6),
            bits in 2_u8..=8,
        ) {
            let (bits, groups) = (Bits::new(bits).unwrap(), Groups::rows(2, 3));
            let (found, steps) = (quantize(&weights, groups, bits), steps(&weights, groups, bits));
            for (index, (value, weight)) in found.iter().zip(&weights).enumerate() {
                proptest::prop_assert!((value - weight).abs() <= steps[index / 3] * (0.5 + 1e-12));
            }
        }
    }
}
