//! Bit widths and the integer ranges that follow from them.

use serde::{Deserialize, Serialize};
use thiserror::Error;

/// A bit width from 2 to 8. Widths of 1 are refused: the statistical quantizer of the paper leaves its range there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "u8", into = "u8")]
pub struct Bits(u8);

/// A bit width outside the supported range.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
#[error("{0} bits cannot be quantized to: choose 2 to 8 bits, or float")]
pub struct BitsError(pub u8);

impl Bits {
    /// Two bits, the paper's hardest case.
    pub const TWO: Self = Self(2);
    /// Eight bits.
    pub const EIGHT: Self = Self(8);

    /// A bit width.
    ///
    /// # Errors
    /// Anything but 2 to 8.
    pub fn new(bits: u8) -> Result<Self, BitsError> {
        if (2..=8).contains(&bits) { Ok(Self(bits)) } else { Err(BitsError(bits)) }
    }

    /// The number of bits.
    pub fn get(self) -> u8 {
        self.0
    }

    /// `n = 2^(b-1)`, half the number of levels.
    pub fn half_levels(self) -> i32 {
        1 << (self.0 - 1)
    }
}

impl TryFrom<u8> for Bits {
    type Error = BitsError;

    fn try_from(bits: u8) -> Result<Self, BitsError> {
        Self::new(bits)
    }
}

impl From<Bits> for u8 {
    fn from(bits: Bits) -> Self {
        bits.0
    }
}

/// Whether a quantizer's input takes both signs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Sign {
    /// Levels on both sides of zero.
    Signed,
    /// No negative levels, as after a softmax or GELU.
    AllPositive,
}

/// The integer levels of a quantizer, both ends included (`Qn` and `Qp` of LSQ).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct LevelRange {
    /// Lowest level.
    pub lowest: i32,
    /// Highest level.
    pub highest: i32,
}

impl LevelRange {
    /// `-2^(b-1) ..= 2^(b-1)-1`, or `0 ..= 2^b-1` for all-positive inputs.
    pub fn new(bits: Bits, sign: Sign) -> Self {
        let half = bits.half_levels();
        match sign {
            Sign::Signed => Self { lowest: -half, highest: half - 1 },
            Sign::AllPositive => Self { lowest: 0, highest: 2 * half - 1 },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_bit_and_nine_bits_are_refused() {
        assert_eq!(Bits::new(1), Err(BitsError(1)));
        assert_eq!(Bits::new(9), Err(BitsError(9)));
        assert_eq!(Bits::new(3).map(Bits::half_levels), Ok(4));
    }

    #[test]
    fn ranges_are_those_of_lsq() {
        assert_eq!(LevelRange::new(Bits::TWO, Sign::Signed), LevelRange { lowest: -2, highest: 1 });
        assert_eq!(LevelRange::new(Bits::TWO, Sign::AllPositive), LevelRange { lowest: 0, highest: 3 });
    }
}
