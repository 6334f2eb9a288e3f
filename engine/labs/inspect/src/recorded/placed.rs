//! Sampled weights on the axis of a quantizer that is chosen afterwards.
//!
//! The step of each frame follows from the recorded magnitudes, in single precision and by the arithmetic of the quantizers themselves:
//! levels are those that a training with them would have had.

use weightscope_math::quantize::{Bits, LevelRange, Sign, lsq, max, statsq};

use super::Track;
use crate::config::{Grouping, Scale};

/// A quantizer for recorded weights.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Chosen {
    pub(crate) scale: Scale,
    pub(crate) bits: Bits,
    pub(crate) grouping: Grouping,
}

/// The weights of a tensor on the axis of levels, each over the frames.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Placed {
    /// Distance of two levels; not-a-number where it is not known.
    pub(crate) steps: Vec<Vec<f32>>,
    /// Positions, not clipped.
    pub(crate) positions: Vec<Vec<f32>>,
    /// Levels; meaningless where they are unknown.
    pub(crate) levels: Vec<Vec<i8>>,
    /// True where the level is not known.
    pub(crate) unknown: Vec<Vec<bool>>,
}

impl Chosen {
    /// A quantizer; widths outside 2 to 8 bits are taken as the nearest of them.
    pub(crate) fn new(scale: Scale, bits: u64, grouping: Grouping) -> Option<Self> {
        Some(Self { scale, bits: Bits::new(bits.clamp(2, 8) as u8).ok()?, grouping })
    }

    /// The levels there are, as an axis.
    pub(crate) fn levels(self) -> Vec<f64> {
        let LevelRange { lowest, highest } = LevelRange::new(self.bits, Sign::Signed);
        (lowest..=highest).map(f64::from).collect()
    }

    /// What the levels are computed from: the step, or the scale of StatsQ.
    fn scale_of(self, largest: f32, mean: f32) -> f32 {
        match self.scale {
            Scale::Max => max::step_of(f64::from(largest), self.bits) as f32,
            Scale::StatsQ => {
                let scale = (2.0 * f64::from(mean)).max(statsq::SCALE_FLOOR) as f32;
                if mean.is_finite() { scale } else { f32::NAN }
            }
            Scale::Lsq => {
                let highest = f64::from(LevelRange::new(self.bits, Sign::Signed).highest);
                if mean.is_finite() {
                    lsq::floored((2.0 * f64::from(mean) / highest.sqrt()) as f32)
                } else {
                    f32::NAN
                }
            }
        }
    }

    /// The level of a weight, not-a-number if it is not known; `scale` as [`Chosen::scale_of`] gives it.
    pub(crate) fn level(self, weight: f32, scale: f32) -> f32 {
        if !weight.is_finite() || !scale.is_finite() {
            return f32::NAN;
        }
        match self.scale {
            Scale::Max => max::level_of(weight, scale, self.bits),
            Scale::StatsQ => statsq::level_of(weight, scale, self.bits),
            Scale::Lsq => lsq::level_of(weight, scale, LevelRange::new(self.bits, Sign::Signed)),
        }
    }

    /// Where a weight stands on the axis of levels.
    pub(crate) fn position(self, weight: f32, scale: f32) -> f32 {
        match self.scale {
            Scale::StatsQ => weight / scale * self.half() - 0.5,
            _ if scale > 0.0 => weight / scale,
            _ => f32::NAN,
        }
    }

    /// The quantized weight of a level.
    pub(crate) fn value(self, level: f32, scale: f32) -> f32 {
        match self.scale {
            Scale::StatsQ => statsq::value_of(level, scale, self.bits),
            _ => level * scale,
        }
    }

    /// Distance to the nearest boundary between two levels, in steps.
    pub(crate) fn to_boundary(self, position: f32) -> f32 {
        let LevelRange { lowest, highest } = LevelRange::new(self.bits, Sign::Signed);
        let (low, high) = (lowest as f32 + 0.5, highest as f32 - 0.5);
        if position <= low || position >= high {
            return (position - position.clamp(low, high)).abs();
        }
        ((position - 0.5) - (position - 0.5).round()).abs()
    }

    fn half(self) -> f32 {
        self.bits.half_levels() as f32
    }
}

/// Places the weights of a track. With one step a row, those outside the sampled rows are not known.
pub(crate) fn place(track: &Track, chosen: Chosen) -> Placed {
    let frames = track.tensor.first().map_or(0, Vec::len);
    let mut placed = Placed::default();
    for (index, series) in track.weights.iter().enumerate() {
        let scales = scales_of(track, index, chosen, frames);
        let positions = series.iter().zip(&scales).map(|(weight, scale)| chosen.position(*weight, *scale));
        placed.positions.push(positions.collect());
        let levels: Vec<f32> =
            series.iter().zip(&scales).map(|(weight, scale)| chosen.level(*weight, *scale)).collect();
        placed.unknown.push(levels.iter().map(|level| !level.is_finite()).collect());
        placed.levels.push(levels.into_iter().map(|level| level as i8).collect());
        placed.steps.push(scales);
    }
    placed
}

/// The scale of a weight in each frame.
fn scales_of(track: &Track, weight: usize, chosen: Chosen, frames: usize) -> Vec<f32> {
    let [largest, mean, _] = &track.tensor;
    let is_whole = chosen.grouping == Grouping::Tensor || track.rows.is_empty() && track.is_one_row();
    let (largest, mean) = match track.sampled_row.get(weight).copied().flatten() {
        _ if is_whole => (largest, mean),
        Some(row) if chosen.grouping == Grouping::Row => match track.rows.get(row) {
            Some([largest, mean]) => (largest, mean),
            None => return vec![f32::NAN; frames],
        },
        _ => return vec![f32::NAN; frames],
    };
    largest.iter().zip(mean).map(|(largest, mean)| chosen.scale_of(*largest, *mean)).collect()
}

impl Track {
    /// True for a tensor of one dimension: its row is all of it.
    fn is_one_row(&self) -> bool {
        self.places.iter().all(|(row, _)| *row == 0)
    }
}
