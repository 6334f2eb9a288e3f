//! The few operations that mathematics on the host needs from a float type, so that it runs in f32 and f64 alike.

use std::fmt::Debug;
use std::iter::Sum;
use std::ops::{Add, AddAssign, Div, Mul, Neg, Sub, SubAssign};

use crate::special::exponential::exp_of_nonpositive;

/// f32 or f64.
pub trait Real:
    Copy
    + Debug
    + Default
    + PartialOrd
    + Add<Output = Self>
    + AddAssign
    + Sub<Output = Self>
    + SubAssign
    + Mul<Output = Self>
    + Div<Output = Self>
    + Neg<Output = Self>
    + Sum
    + Send
    + Sync
    + 'static
{
    /// Zero.
    const ZERO: Self;
    /// One.
    const ONE: Self;

    /// The nearest value of this type.
    fn from_f64(value: f64) -> Self;

    /// The same value in double precision.
    fn to_f64(self) -> f64;

    /// The magnitude.
    #[must_use]
    fn abs(self) -> Self;

    /// Square root.
    #[must_use]
    fn root(self) -> Self;

    /// e to this power, for values at most 0. Single precision uses a form that compilers vectorise ([`exp_of_nonpositive`]).
    #[must_use]
    fn exp_nonpositive(self) -> Self;

    /// The nearest integer, ties to even, for magnitudes below 2²². A zero result may have either sign.
    ///
    /// Every quantizer rounds through this function. It adds and subtracts a constant, which compilers vectorise;
    /// `round_ties_even` becomes a call per element on processors without a rounding instruction.
    #[must_use]
    fn round_half_even(self) -> Self;

    /// The larger one; `other` where this one is not a number.
    #[must_use]
    fn larger(self, other: Self) -> Self {
        if self > other { self } else { other }
    }

    /// The nearest value in `[low, high]`; not-a-number stays.
    #[must_use]
    fn clip(self, low: Self, high: Self) -> Self {
        let raised = if self < low { low } else { self };
        if raised > high { high } else { raised }
    }
}

impl Real for f32 {
    const ZERO: Self = 0.0;
    const ONE: Self = 1.0;

    #[inline]
    fn from_f64(value: f64) -> Self {
        value as Self
    }

    #[inline]
    fn to_f64(self) -> f64 {
        f64::from(self)
    }

    #[inline]
    fn abs(self) -> Self {
        self.abs()
    }

    #[inline]
    fn root(self) -> Self {
        self.sqrt()
    }

    #[inline]
    fn exp_nonpositive(self) -> Self {
        exp_of_nonpositive(self)
    }

    #[inline]
    fn round_half_even(self) -> Self {
        const ROUNDER: f32 = 12_582_912.0; // 1.5 * 2^23
        (self + ROUNDER) - ROUNDER
    }
}

impl Real for f64 {
    const ZERO: Self = 0.0;
    const ONE: Self = 1.0;

    #[inline]
    fn from_f64(value: f64) -> Self {
        value
    }

    #[inline]
    fn to_f64(self) -> f64 {
        self
    }

    #[inline]
    fn abs(self) -> Self {
        self.abs()
    }

    #[inline]
    fn root(self) -> Self {
        self.sqrt()
    }

    #[inline]
    fn exp_nonpositive(self) -> Self {
        self.exp()
    }

    #[inline]
    fn round_half_even(self) -> Self {
        const ROUNDER: f64 = 6_755_399_441_055_744.0; // 1.5 * 2^52
        (self + ROUNDER) - ROUNDER
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn rounding_is_half_to_even(value in -4.0e6_f32..4.0e6, quarter in -2000_i32..2000) {
            prop_assert_eq!(value.round_half_even(), value.round_ties_even());
            prop_assert_eq!(f64::from(value).round_half_even(), f64::from(value).round_ties_even());
            let tie = quarter as f32 / 4.0;
            prop_assert_eq!(tie.round_half_even(), tie.round_ties_even());
        }
    }

    #[test]
    fn clipping_keeps_what_lies_inside() {
        assert_eq!(3.0.clip(-1.0, 1.0), 1.0);
        assert_eq!((-3.0_f32).clip(-1.0, 1.0), -1.0);
        assert_eq!(0.5.clip(-1.0, 1.0), 0.5);
    }
}
