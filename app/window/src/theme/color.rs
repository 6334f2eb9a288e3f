//! A colour as plain data: four sRGB bytes, written `#rrggbb` or `#rrggbbaa` in the theme files.

use std::fmt;

use serde::Deserialize;

/// sRGB with straight (not premultiplied) alpha: red, green, blue, alpha.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Deserialize)]
#[serde(try_from = "String")]
pub struct Rgba(pub [u8; 4]);

impl Rgba {
    /// An opaque colour.
    pub const fn opaque(red: u8, green: u8, blue: u8) -> Self {
        Self([red, green, blue, 255])
    }

    /// The colour without its alpha, as `#rrggbb`, which every reader of SVG understands.
    pub fn hex(self) -> String {
        let [red, green, blue, _] = self.0;
        format!("#{red:02x}{green:02x}{blue:02x}")
    }

    /// The opaque colour that `share` (0 to 1) of this one gives when laid over another.
    #[must_use]
    pub fn over(self, background: Self, share: f64) -> Self {
        let mix = |front: u8, back: u8| {
            (f64::from(front) * share + f64::from(back) * (1.0 - share)).round().clamp(0.0, 255.0) as u8
        };
        let ([r, g, b, _], [br, bg, bb, _]) = (self.0, background.0);
        Self::opaque(mix(r, br), mix(g, bg), mix(b, bb))
    }

    /// Alpha as a share of one.
    pub fn opacity(self) -> f64 {
        f64::from(self.0[3]) / 255.0
    }

    /// Red, green and blue in linear light, 0 to 1 (IEC 61966-2-1).
    pub fn linear(self) -> [f64; 3] {
        let [red, green, blue, _] = self.0;
        [red, green, blue].map(|byte| {
            let encoded = f64::from(byte) / 255.0;
            if encoded <= 0.04045 { encoded / 12.92 } else { ((encoded + 0.055) / 1.055).powf(2.4) }
        })
    }

    /// Relative luminance, 0 (black) to 1 (white), as WCAG 2.2 defines it.
    pub fn luminance(self) -> f64 {
        let [red, green, blue] = self.linear();
        0.2126 * red + 0.7152 * green + 0.0722 * blue
    }

    /// Contrast ratio of two opaque colours, 1 to 21, as WCAG 2.2 defines it.
    pub fn contrast(self, other: Self) -> f64 {
        let (a, b) = (self.luminance(), other.luminance());
        (a.max(b) + 0.05) / (a.min(b) + 0.05)
    }
}

/// A colour in a theme file that is not `#rrggbb` or `#rrggbbaa`.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is not a colour; write it as #rrggbb or #rrggbbaa")]
pub struct ColorError(String);

impl TryFrom<String> for Rgba {
    type Error = ColorError;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        parse(&text).ok_or(ColorError(text))
    }
}

impl fmt::Display for Rgba {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}{:02x}", self.hex(), self.0[3])
    }
}

fn parse(text: &str) -> Option<Rgba> {
    let digits = text.strip_prefix('#')?;
    if !digits.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return None;
    }
    let value = u32::from_str_radix(digits, 16).ok()?;
    match digits.len() {
        6 => Some(Rgba((value << 8 | 0xff).to_be_bytes())),
        8 => Some(Rgba(value.to_be_bytes())),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colours_parse_with_and_without_alpha() {
        assert_eq!(parse("#0072b2"), Some(Rgba([0, 0x72, 0xb2, 255])));
        assert_eq!(parse("#0072b240"), Some(Rgba([0, 0x72, 0xb2, 0x40])));
        for wrong in ["0072b2", "#0072b", "#gg0000", "#+07 2b2", ""] {
            assert_eq!(parse(wrong), None, "{wrong:?} must be refused");
        }
    }

    #[test]
    fn contrast_of_black_and_white_is_twenty_one() {
        let (black, white) = (Rgba::opaque(0, 0, 0), Rgba::opaque(255, 255, 255));
        assert!((black.contrast(white) - 21.0).abs() < 1e-9);
        assert!((white.contrast(white) - 1.0).abs() < 1e-12);
    }
}
