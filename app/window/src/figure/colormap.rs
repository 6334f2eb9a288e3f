//! Colour maps: values to colours.
//!
//! Each map is sampled once into 256 entries. All of them are legible with any colour-vision deficiency: viridis,
//! magma (van der Walt and Smith 2015) and cividis (Nuñez, Anderton and Renslow 2018) rise evenly in lightness, the
//! diverging map is the reversed red–blue of `ColorBrewer` (Harrower and Brewer 2003) and has its centre at zero.

use std::sync::LazyLock;

use colorgrad::Gradient;

use super::axis::Scale;
use crate::theme::{Rgba, Theme};

/// Number of entries of a sampled map.
pub const ENTRIES: usize = 256;

/// A named colour map.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum ColorMap {
    /// Dark blue over green to yellow.
    #[default]
    Viridis,
    /// Blue over grey to yellow; the safest for all readers.
    Cividis,
    /// Black over purple to cream.
    Magma,
    /// Blue (negative) over white (zero) to red (positive).
    Diverging,
    /// The colours of categories, one for each of 0, 1, 2 …
    Categorical,
}

/// How values become colours: a map between two limits.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ColorScale {
    /// The colours.
    pub map: ColorMap,
    /// Values at the two ends, lower first; values beyond take the colour of the end.
    pub limits: (f64, f64),
    /// How values are spread between the limits.
    pub norm: Scale,
    /// Whether the map runs backwards.
    pub reversed: bool,
}

impl ColorMap {
    /// All maps that a person can choose for measurements, in a fixed order.
    pub const ALL: [Self; 4] = [Self::Viridis, Self::Cividis, Self::Magma, Self::Diverging];

    /// Name as shown to people.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Viridis => "viridis",
            Self::Cividis => "cividis",
            Self::Magma => "magma",
            Self::Diverging => "diverging",
            Self::Categorical => "categorical",
        }
    }

    /// The sampled colours, first to last.
    pub fn table(self) -> &'static [Rgba; ENTRIES] {
        static VIRIDIS: LazyLock<[Rgba; ENTRIES]> = LazyLock::new(|| sample(&colorgrad::preset::viridis()));
        static CIVIDIS: LazyLock<[Rgba; ENTRIES]> = LazyLock::new(|| sample(&colorgrad::preset::cividis()));
        static MAGMA: LazyLock<[Rgba; ENTRIES]> = LazyLock::new(|| sample(&colorgrad::preset::magma()));
        static DIVERGING: LazyLock<[Rgba; ENTRIES]> = LazyLock::new(|| {
            let mut table = sample(&colorgrad::preset::rd_bu());
            table.reverse();
            table
        });
        static CATEGORICAL: LazyLock<[Rgba; ENTRIES]> = LazyLock::new(|| {
            // The print theme's: cells look the same on the screen and in a figure, whatever the theme of the window.
            let colors = Theme::Print.tokens().categories;
            std::array::from_fn(|index| colors.get(index % colors.len()).copied().unwrap_or_default())
        });
        match self {
            Self::Categorical => &CATEGORICAL,
            Self::Viridis => &VIRIDIS,
            Self::Cividis => &CIVIDIS,
            Self::Magma => &MAGMA,
            Self::Diverging => &DIVERGING,
        }
    }

    /// The colour at a position, 0 to 1; positions beyond take the colour of the end.
    pub fn at(self, position: f64) -> Rgba {
        let index = (position.clamp(0.0, 1.0) * (ENTRIES - 1) as f64).round() as usize;
        self.table().get(index).copied().unwrap_or_default()
    }
}

impl ColorScale {
    /// A linear scale between two limits.
    pub const fn new(map: ColorMap, limits: (f64, f64)) -> Self {
        Self { map, limits, norm: Scale::Linear, reversed: false }
    }

    /// A linear scale from the smallest to the largest finite value; 0 to 1 if there is none. For the diverging map
    /// the limits are symmetric.
    pub fn fitted(map: ColorMap, values: impl IntoIterator<Item = f64>) -> Self {
        let finite = values.into_iter().filter(|value| value.is_finite());
        let (low, high) = finite
            .fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), value| (low.min(value), high.max(value)));
        let limits = match map {
            _ if low > high => (0.0, 1.0),
            ColorMap::Diverging => (-low.abs().max(high.abs()), low.abs().max(high.abs())),
            _ => (low, high),
        };
        Self::new(map, limits)
    }

    /// The scale of categories 0, 1, 2 …
    pub const fn categorical() -> Self {
        Self::new(ColorMap::Categorical, (0.0, (ENTRIES - 1) as f64))
    }

    /// The same scale with values spread in another way.
    #[must_use]
    pub const fn norm(mut self, norm: Scale) -> Self {
        self.norm = norm;
        self
    }

    /// The same scale running backwards.
    #[must_use]
    pub const fn reversed(mut self) -> Self {
        self.reversed = !self.reversed;
        self
    }

    /// The limits that are really used: ordered, distinct, and positive under a logarithmic norm.
    pub fn sane_limits(&self) -> (f64, f64) {
        self.norm.sane_range(self.limits)
    }

    /// Where a value lies in the map, 0 to 1 without clamping; `None` if it has no place. The diverging map keeps zero
    /// at one half, so one of its ends is unused if the limits are not symmetric.
    pub fn position(&self, value: f64) -> Option<f64> {
        let (low, high) = self.sane_limits();
        let (low, high) = (self.norm.to_axis(low), self.norm.to_axis(high));
        let place = self.norm.to_axis(value);
        let place = match value {
            f64::INFINITY => high,
            f64::NEG_INFINITY => low,
            _ if place.is_finite() => place,
            _ => return None,
        };
        let position = if self.map == ColorMap::Diverging && self.norm != Scale::Log {
            0.5 + 0.5 * place / low.abs().max(high.abs())
        } else {
            (place - low) / (high - low)
        };
        Some(if self.reversed { 1.0 - position } else { position })
    }

    /// The colour of a value; `no_data` for NaN and for what a logarithmic norm cannot show.
    pub fn color(&self, value: f64, no_data: Rgba) -> Rgba {
        // Clamped first: a diverging map with unequal limits must not go beyond the shorter one.
        let (low, high) = self.sane_limits();
        let clamped = if value.is_nan() || !(self.norm.shows(value) || value.is_infinite()) {
            f64::NAN
        } else {
            value.clamp(low, high)
        };
        self.position(clamped).map_or(no_data, |position| self.map.at(position))
    }
}

fn sample(gradient: &dyn Gradient) -> [Rgba; ENTRIES] {
    std::array::from_fn(|index| {
        let [red, green, blue, _] = gradient.at(index as f32 / (ENTRIES - 1) as f32).to_rgba8();
        Rgba::opaque(red, green, blue)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const GREY: Rgba = Rgba::opaque(128, 128, 128);

    #[test]
    fn values_beyond_the_limits_take_the_end_colours() {
        let scale = ColorScale::new(ColorMap::Viridis, (0.0, 1.0));
        let table = ColorMap::Viridis.table();
        assert_eq!(scale.color(-5.0, GREY), table[0]);
        assert_eq!(scale.color(f64::INFINITY, GREY), table[255]);
        assert_eq!(scale.color(f64::NAN, GREY), GREY);
        assert_eq!(scale.reversed().color(-5.0, GREY), table[255]);
    }

    #[test]
    fn zero_is_the_centre_of_the_diverging_map_whatever_the_limits() {
        for limits in [(-1.0, 1.0), (-0.2, 3.0), (-7.0, 0.1)] {
            let scale = ColorScale::new(ColorMap::Diverging, limits);
            assert_eq!(scale.position(0.0), Some(0.5), "{limits:?}");
        }
        let scale = ColorScale::new(ColorMap::Diverging, (-0.2, 3.0));
        assert_eq!(scale.color(-9.0, GREY), scale.color(-0.2, GREY), "clamped at the lower limit");
        let red = scale.color(3.0, GREY).0;
        assert!(red[0] > red[2], "positive is red");
    }

    #[test]
    fn a_logarithmic_norm_spreads_decades_evenly() {
        let scale = ColorScale::new(ColorMap::Magma, (1e-3, 10.0)).norm(Scale::Log);
        assert!((scale.position(0.1).unwrap() - 0.5).abs() < 1e-12);
        assert_eq!(scale.color(0.0, GREY), GREY, "zero has no place");
    }

    #[test]
    fn equal_limits_do_not_divide_by_zero() {
        let scale = ColorScale::new(ColorMap::Viridis, (2.0, 2.0));
        assert!((scale.position(2.0).unwrap() - 0.5).abs() < 1e-9);
    }

    #[test]
    fn sequential_maps_rise_in_luminance() {
        for map in [ColorMap::Viridis, ColorMap::Cividis, ColorMap::Magma] {
            let table = map.table();
            for (index, pair) in table.windows(9).step_by(8).enumerate() {
                assert!(
                    pair[8].luminance() > pair[0].luminance(),
                    "{} falls at entry {}",
                    map.name(),
                    index * 8
                );
            }
        }
    }

    #[test]
    fn fitted_limits_ignore_what_is_not_finite() {
        let values = [f64::NAN, -1.0, 4.0, f64::INFINITY];
        assert_eq!(ColorScale::fitted(ColorMap::Viridis, values).limits, (-1.0, 4.0));
        assert_eq!(ColorScale::fitted(ColorMap::Diverging, values).limits, (-4.0, 4.0));
        assert_eq!(ColorScale::fitted(ColorMap::Viridis, []).limits, (0.0, 1.0));
    }
}
