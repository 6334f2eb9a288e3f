//! The hyperbolic tangent and the inverse tangent in single precision, in forms that compilers vectorise.
//!
//! Contract: odd, 0 at 0, and a NaN stays one; relative error below 1e-6 for the hyperbolic tangent, below 3e-7 for the inverse tangent.

#![expect(
    clippy::inline_always,
    reason = "a function that is not inlined is compiled for the smallest instruction set"
)]

use super::exponential::exp_of_nonpositive;

/// Coefficients of tanh(x) = x + x³·P(x²) for |x| < 0.625, highest power first (S. Moshier's Cephes library, `tanhf`).
const TANH_SMALL: [f32; 5] = [-5.704_988_7e-3, 2.063_909e-2, -5.373_971_6e-2, 1.333_144_2e-1, -3.333_328e-1];

/// Coefficients of atan(x) = x + x³·P(x²) for |x| < tan π/8, highest power first (S. Moshier's Cephes library, `atanf`).
const ARCTAN_SMALL: [f32; 4] = [8.053_745e-2, -1.387_768_6e-1, 1.997_771_1e-1, -3.333_295e-1];

/// tan π/8 and tan 3π/8: between them atan(x) = π/4 + atan((x − 1)/(x + 1)), above atan(x) = π/2 − atan(1/x).
const TAN_PI_8: f32 = 0.414_213_57;
const TAN_3_PI_8: f32 = 2.414_213_7;

/// Hyperbolic tangent of `x`, relative error below 1e-6.
#[inline(always)]
pub fn tanh(x: f32) -> f32 {
    let square = x * x;
    let mut sum = 0.0;
    for coefficient in TANH_SMALL {
        sum = sum * square + coefficient;
    }
    let small = x + x * square * sum;
    let power = exp_of_nonpositive(-2.0 * x.abs());
    let large = ((1.0 - power) / (1.0 + power)).copysign(x);
    if x.abs() < 0.625 { small } else { large }
}

/// Inverse tangent of `x` in radians, relative error below 3e-7.
#[inline(always)]
pub fn arctan(x: f32) -> f32 {
    let size = x.abs();
    // One division for all three ranges, so that no branch is left.
    let numerator = if size > TAN_3_PI_8 {
        -1.0
    } else if size > TAN_PI_8 {
        size - 1.0
    } else {
        size
    };
    let denominator = if size > TAN_3_PI_8 {
        size
    } else if size > TAN_PI_8 {
        size + 1.0
    } else {
        1.0
    };
    let base = if size > TAN_3_PI_8 {
        std::f32::consts::FRAC_PI_2
    } else if size > TAN_PI_8 {
        std::f32::consts::FRAC_PI_4
    } else {
        0.0
    };
    let rest = numerator / denominator;
    let square = rest * rest;
    let mut sum = 0.0;
    for coefficient in ARCTAN_SMALL {
        sum = sum * square + coefficient;
    }
    (base + (rest + rest * square * sum)).copysign(x)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_hyperbolic_tangent_agrees_with_the_library() {
        for index in -4000..=4000 {
            let x = index as f32 / 300.0;
            let exact = f64::from(x).tanh();
            let error = (f64::from(tanh(x)) - exact).abs();
            assert!(error <= 1e-6 * exact.abs(), "{x}: {error}");
        }
    }

    #[test]
    fn the_inverse_tangent_agrees_with_the_library() {
        for index in -60_000..=60_000 {
            let x = index as f32 / 700.0;
            let exact = f64::from(x).atan();
            let error = (f64::from(arctan(x)) - exact).abs();
            assert!(error <= 3e-7 * exact.abs(), "{x}: {error}");
        }
        assert!((arctan(1e30) - std::f32::consts::FRAC_PI_2).abs() < 1e-7);
        assert_eq!(arctan(0.0), 0.0);
        assert!(arctan(f32::NAN).is_nan() && tanh(f32::NAN).is_nan(), "what is no number stays none");
    }
}
