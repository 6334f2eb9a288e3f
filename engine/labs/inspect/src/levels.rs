//! Levels of a quantizer as an axis: where a weight stands in units of the step, and where levels and boundaries lie.

use std::ops::{Range, RangeInclusive};

use weightscope_math::quantize::bits::{Bits, LevelRange, Sign};
use weightscope_math::quantize::{lsq, max, statsq};

use crate::config::{Grouping, Scale};

/// A quantizer without its step.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Quantizer {
    scale: Scale,
    bits: Bits,
}

impl Quantizer {
    /// A quantizer of so many bits; widths outside 2 to 8 are taken as the nearest of them.
    pub(crate) fn new(scale: Scale, bits: u64) -> Option<Self> {
        Some(Self { scale, bits: Bits::new(bits.clamp(2, 8) as u8).ok()? })
    }

    /// The distance of two levels for weights with this largest and this mean magnitude.
    pub(crate) fn step(self, largest: f64, mean_magnitude: f64) -> f64 {
        match self.scale {
            Scale::Max => max::step_of(largest, self.bits),
            Scale::StatsQ => {
                (2.0 * mean_magnitude).max(statsq::SCALE_FLOOR) / f64::from(self.bits.half_levels())
            }
            Scale::Lsq => {
                let highest = f64::from(LevelRange::new(self.bits, Sign::Signed).highest);
                lsq::floored(2.0 * mean_magnitude / highest.sqrt())
            }
        }
    }

    /// Where a weight stands on the axis of levels; not-a-number without a step.
    pub(crate) fn position(self, weight: f64, step: f64) -> f64 {
        if step > 0.0 { weight / step - self.shift() } else { f64::NAN }
    }

    /// The weight at a place of that axis.
    pub(crate) fn weight(self, position: f64, step: f64) -> f64 {
        (position + self.shift()) * step
    }

    /// The level of a position.
    pub(crate) fn level(self, position: f64) -> Option<i16> {
        let range = self.levels();
        position.is_finite().then(|| {
            position.round_ties_even().clamp(f64::from(*range.start()), f64::from(*range.end())) as i16
        })
    }

    /// The levels there are.
    pub(crate) fn levels(self) -> RangeInclusive<i16> {
        let range = LevelRange::new(self.bits, Sign::Signed);
        range.lowest as i16..=range.highest as i16
    }

    /// Distance of a position to the nearest boundary between two levels, in steps.
    pub(crate) fn to_boundary(self, position: f64) -> f64 {
        let range = self.levels();
        let (low, high) = (f64::from(*range.start()) + 0.5, f64::from(*range.end()) - 0.5);
        if position <= low || position >= high {
            return (position - position.clamp(low, high)).abs();
        }
        ((position - 0.5) - (position - 0.5).round()).abs()
    }

    /// Levels of StatsQ stand half a step beside those of the others: there is none at zero.
    fn shift(self) -> f64 {
        if self.scale == Scale::StatsQ { 0.5 } else { 0.0 }
    }
}

/// The weights that share the step of the one at `place`, as a range of places in C order.
pub(crate) fn group_of(place: usize, columns: usize, count: usize, grouping: Grouping) -> Range<usize> {
    let columns = columns.max(1);
    let row = place / columns * columns;
    let end = |end: usize| end.min(row + columns).min(count);
    let part = |size: usize| {
        let first = row + (place - row) / size * size;
        first..end(first + size)
    };
    match grouping {
        Grouping::Tensor => 0..count,
        Grouping::Row => row..end(row + columns),
        Grouping::Of32 => part(32),
        Grouping::Of64 => part(64),
        Grouping::Of128 => part(128),
    }
}

/// Largest and mean magnitude of the finite ones among some weights.
pub(crate) fn magnitudes(weights: &[f32]) -> (f64, f64) {
    let finite = || weights.iter().map(|weight| f64::from(weight.abs())).filter(|weight| weight.is_finite());
    let count = finite().count().max(1);
    (finite().fold(0.0, f64::max), finite().sum::<f64>() / count as f64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn positions_levels_and_boundaries_are_those_of_the_quantizers() {
        let weights: Vec<f32> = (0..64).map(|place| ((place * 37 % 64) as f32 - 31.5) / 23.0).collect();
        let (largest, mean) = magnitudes(&weights);
        for bits in [2_u64, 3, 4, 8] {
            let width = Bits::new(bits as u8).unwrap();
            let by_max = Quantizer::new(Scale::Max, bits).unwrap();
            let by_mean = Quantizer::new(Scale::StatsQ, bits).unwrap();
            for weight in &weights {
                let weight = f64::from(*weight);
                let step = by_max.step(largest, mean);
                let level = by_max.level(by_max.position(weight, step)).unwrap();
                assert_eq!(f64::from(level), max::level_of(weight, step, width), "{weight} at {bits} bits");
                let step = by_mean.step(largest, mean);
                let level = by_mean.level(by_mean.position(weight, step)).unwrap();
                assert_eq!(
                    f64::from(level),
                    statsq::level_of(weight, 2.0 * mean, width),
                    "{weight} at {bits} bits"
                );
            }
        }
        let three = Quantizer::new(Scale::Max, 3).unwrap();
        assert_eq!(three.levels(), -4..=3);
        assert!(
            (three.to_boundary(0.45) - 0.05).abs() < 1e-12 && (three.to_boundary(9.0) - 6.5).abs() < 1e-12
        );
        assert!((three.position(three.weight(1.25, 0.3), 0.3) - 1.25).abs() < 1e-12, "there and back");
    }

    #[test]
    fn groups_never_cross_a_row() {
        assert_eq!(group_of(70, 100, 300, Grouping::Of32), 64..96);
        assert_eq!(group_of(99, 100, 300, Grouping::Of32), 96..100, "the rest of the row");
        assert_eq!(group_of(150, 100, 300, Grouping::Row), 100..200);
        assert_eq!(group_of(150, 100, 300, Grouping::Tensor), 0..300);
    }
}
