//! Iterative weight freezing (Nagel et al., arXiv 2203.11086; oscillations-qat `utils/oscillation_tracking_utils.py`).
//!
//! Order within one call, as published: apply the pins, compare with the previous levels, update the frequencies,
//! mark the weights with `f > threshold` frozen, set their pins, update the average level.
//! Contract: a frozen weight never thaws; a pin acts from the *next* call on;
//! a frozen weight that passes the test again is pinned anew. With a threshold of 0 nothing is pinned or frozen.

use serde::{Deserialize, Serialize};

use weightscope_frame::choices;

use super::tracker::{Observation, Totals, Tracker};
use weightscope_math::real::Real as _;

choices! {
    /// The level at which a frozen weight is pinned.
    pub enum PinLevel {
        /// The rounded moving average of its levels, as it was before this iteration.
        #[serde(alias = "Average")]
        Average = "ema", "Mean level (EMA)";
        /// Its level when it passes the threshold.
        #[serde(alias = "Current")]
        Current = "last", "Last level";
    }
}

/// Tracker, frozen set and pins of one set of weights.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Freezing {
    tracker: Tracker,
    momentum: f32,
    pin_level: PinLevel,
    frozen: Vec<bool>,
    pins: Vec<i8>,
    average: Option<Vec<f32>>,
}

impl Freezing {
    /// Nothing seen and nothing frozen.
    pub fn new(len: usize, momentum: f32, pin_level: PinLevel, totals: Totals) -> Self {
        Self {
            tracker: Tracker::new(len, momentum, totals),
            momentum,
            pin_level,
            frozen: vec![false; len],
            pins: vec![0; len],
            average: None,
        }
    }

    /// Takes in the levels of one iteration, overwrites those of frozen weights by their pins, and freezes what passes `threshold`.
    pub fn observe(&mut self, levels: &mut [i8], threshold: f32) -> Observation {
        if threshold > 0.0 {
            self.apply_pins(levels);
        }
        let seen = self.tracker.observe(levels);
        if threshold > 0.0 {
            self.freeze(levels, threshold);
        }
        seen
    }

    /// Which weights are frozen.
    pub fn frozen(&self) -> &[bool] {
        &self.frozen
    }

    /// The pinned level of each frozen weight; 0 for the others.
    pub fn pins(&self) -> &[i8] {
        &self.pins
    }

    /// The moving average of each weight's level, once freezing has begun with [`PinLevel::Average`].
    pub fn average_level(&self) -> Option<&[f32]> {
        self.average.as_deref()
    }

    /// The oscillation counts.
    pub fn tracker(&self) -> &Tracker {
        &self.tracker
    }

    fn apply_pins(&self, levels: &mut [i8]) {
        let pins = self.frozen.iter().zip(&self.pins);
        for (level, (frozen, pin)) in levels.iter_mut().zip(pins) {
            if *frozen {
                *level = *pin;
            }
        }
    }

    fn freeze(&mut self, levels: &[i8], threshold: f32) {
        let as_float = |level: &i8| f32::from(*level);
        let pin_level = self.pin_level;
        let average = self.average.get_or_insert_with(|| levels.iter().map(as_float).collect());
        let state = self.frozen.iter_mut().zip(&mut self.pins).zip(average.iter_mut());
        let inputs = self.tracker.frequency().iter().zip(levels);
        for (((frozen, pin), average), (frequency, level)) in state.zip(inputs) {
            if *frequency > threshold {
                *frozen = true;
                *pin = match pin_level {
                    PinLevel::Average => average.round_half_even() as i8,
                    PinLevel::Current => *level,
                };
            }
            *average = self.momentum * as_float(level) + (1.0 - self.momentum) * *average;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn freezing_never_thaws_and_pins_hold_until_they_are_renewed(
            history in prop::collection::vec(prop::collection::vec(-2_i8..2, 5), 2..40),
            thresholds in prop::collection::vec(0.01_f32..0.5, 40),
        ) {
            let mut freezing = Freezing::new(5, 0.2, PinLevel::Average, Totals::Dropped);
            for (levels, threshold) in history.iter().zip(&thresholds) {
                let (frozen, pins) = (freezing.frozen().to_vec(), freezing.pins().to_vec());
                let mut output = levels.clone();
                freezing.observe(&mut output, *threshold);
                for index in 0..5 {
                    prop_assert!(!frozen[index] || freezing.frozen()[index]);
                    prop_assert_eq!(output[index], if frozen[index] { pins[index] } else { levels[index] });
                    prop_assert!((-2..2).contains(&freezing.pins()[index]));
                }
            }
        }
    }

    #[test]
    fn a_threshold_of_zero_only_tracks() {
        let mut freezing = Freezing::new(1, 0.5, PinLevel::Current, Totals::Kept);
        for level in [0, 1, 0, 1, 0] {
            let mut levels = [level];
            freezing.observe(&mut levels, 0.0);
            assert_eq!(levels, [level]);
        }
        assert_eq!(freezing.frozen(), [false]);
        assert_eq!(freezing.tracker().totals(), Some(&[3][..]));
        assert_eq!(freezing.average_level(), None);
    }
}
