//! How data values map to positions on an axis.
//!
//! Every scale is a strictly increasing map from the values it can show to "axis space", which is then stretched
//! linearly over the page or the window. The window and the files use this same map, so that both agree; `egui_plot`
//! itself has linear axes only.

/// A map from values to axis space.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub enum Scale {
    /// Axis space is the value.
    #[default]
    Linear,
    /// Axis space is the decimal logarithm; values ≤ 0 have no place.
    Log,
    /// Axis space is `sign(y) log₁₀(1 + |y| / c)`: linear near zero, logarithmic far from it (Webber 2013, "A
    /// bi-symmetric log transformation for wide-range data", Measurement Science and Technology 24, 027001).
    SymLog {
        /// `c`, the size at which the map turns from linear to logarithmic; must be positive.
        linear_threshold: f64,
    },
}

impl Scale {
    /// The place of a value in axis space; NaN if it has none.
    pub fn to_axis(self, value: f64) -> f64 {
        match self {
            Self::Linear => value,
            Self::Log if value > 0.0 => value.log10(),
            Self::Log => f64::NAN,
            Self::SymLog { linear_threshold } => {
                let ratio = value.abs() / threshold(linear_threshold);
                (ratio.ln_1p() / std::f64::consts::LN_10).copysign(value)
            }
        }
    }

    /// The value at a place in axis space: the inverse of [`Scale::to_axis`].
    pub fn from_axis(self, position: f64) -> f64 {
        match self {
            Self::Linear => position,
            Self::Log => 10f64.powf(position),
            Self::SymLog { linear_threshold } => {
                let ratio = (position.abs() * std::f64::consts::LN_10).exp_m1();
                (threshold(linear_threshold) * ratio).copysign(position)
            }
        }
    }

    /// The size at which a symmetric logarithmic scale turns from linear to logarithmic, always positive; `None` for
    /// the others.
    pub fn linear_threshold(self) -> Option<f64> {
        match self {
            Self::SymLog { linear_threshold } => Some(threshold(linear_threshold)),
            Self::Linear | Self::Log => None,
        }
    }

    /// Whether a value has a place on the axis.
    pub fn shows(self, value: f64) -> bool {
        value.is_finite() && (self != Self::Log || value > 0.0)
    }

    /// A symmetric logarithmic scale whose threshold is the decade of the smallest non-zero size among the values;
    /// 1 if there is none.
    pub fn sym_log_for(values: impl IntoIterator<Item = f64>) -> Self {
        let smallest = values
            .into_iter()
            .map(f64::abs)
            .filter(|size| size.is_finite() && *size > 0.0)
            .fold(f64::INFINITY, f64::min);
        let linear_threshold = if smallest.is_finite() {
            10f64.powf(smallest.log10().floor()).max(f64::MIN_POSITIVE)
        } else {
            1.0
        };
        Self::SymLog { linear_threshold }
    }

    /// A range that this scale can show: finite, ordered, not empty. A wrong range is widened or replaced instead of
    /// refused, because it may come from an empty plot.
    pub fn sane_range(self, (from, to): (f64, f64)) -> (f64, f64) {
        let (mut low, mut high) = if from <= to { (from, to) } else { (to, from) };
        if !(low.is_finite() && high.is_finite()) {
            (low, high) = if self == Self::Log { (0.1, 10.0) } else { (0.0, 1.0) };
        }
        if self == Self::Log {
            if high <= 0.0 {
                (low, high) = (0.1, 10.0);
            } else if low <= 0.0 {
                low = high / 1e3;
            }
            // One part in 10⁴ of a decade is the least that ticks can tell apart.
            if high / low < 1.0002 {
                (low, high) = (low / 2.0, high * 2.0);
            }
        } else if high - low <= 1e-9 * low.abs().max(high.abs()) {
            let margin = if low == 0.0 { 0.5 } else { low.abs() * 0.1 };
            (low, high) = (low - margin, high + margin);
        }
        (low, high)
    }
}

/// A threshold that is not positive (or subnormal) would divide by zero; it counts as 1.
fn threshold(linear_threshold: f64) -> f64 {
    if linear_threshold.is_normal() && linear_threshold > 0.0 { linear_threshold } else { 1.0 }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn scale() -> impl Strategy<Value = Scale> {
        prop_oneof![
            Just(Scale::Linear),
            Just(Scale::Log),
            (-8f64..4.0).prop_map(|decade| Scale::SymLog { linear_threshold: 10f64.powf(decade) }),
        ]
    }

    proptest! {
        #[test]
        fn values_survive_the_round_trip(scale in scale(), decade in -12f64..12.0, negative: bool) {
            let size = 10f64.powf(decade);
            let value = if negative && scale != Scale::Log { -size } else { size };
            let back = scale.from_axis(scale.to_axis(value));
            prop_assert!((back - value).abs() <= 1e-9 * value.abs(), "{value} came back as {back}");
        }

        #[test]
        fn the_map_is_increasing(scale in scale(), a in -6f64..6.0, gap in 1e-3f64..6.0, negative: bool) {
            let (small, large) = (10f64.powf(a), 10f64.powf(a + gap));
            let (low, high) =
                if negative && scale != Scale::Log { (-large, -small) } else { (small, large) };
            prop_assert!(scale.to_axis(low) < scale.to_axis(high));
        }

        #[test]
        fn every_range_becomes_sane(scale in scale(), from: f64, to: f64) {
            let (low, high) = scale.sane_range((from, to));
            prop_assert!(low < high, "{low} {high}");
            prop_assert!(scale != Scale::Log || low > 0.0);
        }
    }

    #[test]
    fn symmetric_logarithm_has_its_defining_values() {
        let scale = Scale::SymLog { linear_threshold: 2.0 };
        assert_eq!(scale.to_axis(0.0), 0.0);
        assert!((scale.to_axis(18.0) - 1.0).abs() < 1e-12);
        assert!((scale.to_axis(-198.0) + 2.0).abs() < 1e-12);
    }

    #[test]
    fn the_threshold_is_the_decade_of_the_smallest_value() {
        let scale = Scale::sym_log_for([0.0, -0.034, 12.0, f64::NAN]);
        assert_eq!(scale, Scale::SymLog { linear_threshold: 0.01 });
        assert_eq!(Scale::sym_log_for([0.0]), Scale::SymLog { linear_threshold: 1.0 });
    }

    #[test]
    fn a_logarithmic_axis_has_no_place_for_zero() {
        assert!(Scale::Log.to_axis(0.0).is_nan());
        assert!(!Scale::Log.shows(-1.0));
        assert!(!Scale::Linear.shows(f64::NAN));
    }
}
