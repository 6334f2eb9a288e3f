//! The few operations that the trained part of the mathematics needs from a float type, so that it runs in f32 and f64 alike.

use std::fmt::Debug;
use std::iter::Sum;
use std::ops::{Add, AddAssign, Div, Mul, Neg, Sub, SubAssign};

use weightscope_nn::exponential::exp_of_nonpositive;

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

    /// e to this power, for values at most 0. Single precision uses a form that compilers vectorise.
    #[must_use]
    fn exp_nonpositive(self) -> Self;

    /// Square root.
    #[must_use]
    fn root(self) -> Self;

    /// The larger one; `other` where this one is not a number.
    #[must_use]
    fn larger(self, other: Self) -> Self {
        if self > other { self } else { other }
    }

    /// The magnitude.
    #[must_use]
    fn magnitude(self) -> Self {
        if self < Self::ZERO { -self } else { self }
    }
}

impl Real for f32 {
    const ZERO: Self = 0.0;
    const ONE: Self = 1.0;

    fn from_f64(value: f64) -> Self {
        value as Self
    }

    fn to_f64(self) -> f64 {
        f64::from(self)
    }

    #[inline]
    fn exp_nonpositive(self) -> Self {
        exp_of_nonpositive(self)
    }

    fn root(self) -> Self {
        self.sqrt()
    }
}

impl Real for f64 {
    const ZERO: Self = 0.0;
    const ONE: Self = 1.0;

    fn from_f64(value: f64) -> Self {
        value
    }

    fn to_f64(self) -> f64 {
        self
    }

    fn exp_nonpositive(self) -> Self {
        self.exp()
    }

    fn root(self) -> Self {
        self.sqrt()
    }
}
