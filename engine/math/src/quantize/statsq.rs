//! StatsQ, the statistical weight quantizer of OFQ (Liu et al., arXiv 2302.02210; nbasyl/OFQ `quantizer/statsq.py`).
//!
//! Per group: `s = 2·mean|w|`, recomputed at every forward pass and without gradient;
//! `u = clip(w/s, -1, 1 - 1e-6)·n - 0.5`, `k = rint(u)`, `w_q = s·(k + 0.5)/n` with `n = 2^(b-1)`.
//! Contract: `2^b` symmetric levels `-n ..= n-1` without a zero, rounding half to even (half away from zero would leave the range),
//! identity gradient everywhere, clipped weights included. A group of zeros gets the scale [`SCALE_FLOOR`].

use super::bits::Bits;
use super::groups::Groups;
use super::lsq::Pins;
use crate::real::Real;

/// Smallest scale; the published code divides by zero for a row of zeros.
pub const SCALE_FLOOR: f64 = 1e-8;

/// Upper end of the clip on `w/s`, as published.
pub const UPPER_CLIP: f64 = 1.0 - 1e-6;

/// A quantized tensor.
#[derive(Clone, Debug, PartialEq)]
pub struct Quantized<R> {
    /// Scale of each group.
    pub scale: Vec<R>,
    /// Position on the level axis before rounding, `u`.
    pub position: Vec<R>,
    /// Integer level of each element.
    pub level: Vec<R>,
    /// Quantized value.
    pub value: Vec<R>,
}

/// The statistical scales, `2·mean|w|` per group.
pub fn scales<R: Real>(weights: &[R], groups: Groups) -> Vec<R> {
    let factor = 2.0 / groups.members().max(1) as f64;
    let sums = groups.sums(|index| weights[index].abs().to_f64());
    sums.into_iter().map(|sum| R::from_f64((sum * factor).max(SCALE_FLOOR))).collect()
}

/// Quantizes with the scales of the weights themselves.
pub fn quantize<R: Real>(weights: &[R], groups: Groups, bits: Bits) -> Quantized<R> {
    let scale = scales(weights, groups);
    let blank = vec![R::ZERO; weights.len()];
    let mut output = Quantized { scale, position: blank.clone(), level: blank.clone(), value: blank };
    for (group, run) in groups.runs() {
        let scale = output.scale[group];
        for index in run {
            let position = position_of(weights[index], scale, bits);
            let level = position.round_half_even();
            output.position[index] = position;
            output.level[index] = level;
            output.value[index] = value_of(level, scale, bits);
        }
    }
    output
}

/// Replaces pinned elements by the value of their pin. The caller also stops their gradient.
pub fn pin_values<R: Real>(values: &mut [R], pins: Pins<'_>, scales: &[R], groups: Groups, bits: Bits) {
    for (group, run) in groups.runs() {
        for index in run.filter(|index| pins.frozen[*index]) {
            values[index] = value_of(R::from_f64(f64::from(pins.levels[index])), scales[group], bits);
        }
    }
}

/// The position `u` of one weight for a given scale.
#[inline]
pub fn position_of<R: Real>(weight: R, scale: R, bits: Bits) -> R {
    let half = R::from_f64(f64::from(bits.half_levels()));
    (weight / scale).clip(R::from_f64(-1.0), R::from_f64(UPPER_CLIP)) * half - R::from_f64(0.5)
}

/// The level of one weight for a given scale, bit for bit as [`quantize`] computes it.
#[inline]
pub fn level_of<R: Real>(weight: R, scale: R, bits: Bits) -> R {
    position_of(weight, scale, bits).round_half_even()
}

/// The quantized value of a level for a given scale, `s·(k + 0.5)/n`.
#[inline]
pub fn value_of<R: Real>(level: R, scale: R, bits: Bits) -> R {
    let half = R::from_f64(f64::from(bits.half_levels()));
    scale * (level + R::from_f64(0.5)) / half
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn levels_are_legal_and_mirror_those_of_the_negated_weights(
            weights in prop::collection::vec(-2.0_f32..2.0, 12),
            bits in 2_u8..=8,
        ) {
            let bits = Bits::new(bits).unwrap();
            let groups = Groups::rows(3, 4);
            let output = quantize(&weights, groups, bits);
            let negated: Vec<f32> = weights.iter().map(|weight| -weight).collect();
            let mirrored = quantize(&negated, groups, bits);
            prop_assert_eq!(&output.scale, &mirrored.scale);
            let half = bits.half_levels() as f32;
            for (index, weight) in weights.iter().enumerate() {
                let level = output.level[index];
                prop_assert!((-half..half).contains(&level), "{level}");
                prop_assert_eq!(level, level_of(*weight, output.scale[index / 4], bits));
                let from_boundary = (output.position[index] + 0.5).fract().abs();
                let ambiguous = !(1e-3..=1.0 - 1e-3).contains(&from_boundary);
                if !ambiguous {
                    prop_assert_eq!(level, -1.0 - mirrored.level[index]);
                }
            }
        }
    }

    #[test]
    fn a_row_of_zeros_is_floored() {
        let output = quantize(&[0.0_f32; 4], Groups::rows(1, 4), Bits::TWO);
        assert_eq!(output.scale, [1e-8]);
        assert!(output.value.iter().all(|value| value.abs() < 1e-8));
    }
}
