//! An exponential that compilers vectorise, for the host passes of activations and of softmax.
//!
//! Contract: arguments at most 0; relative error below 2.5e-7; below -87 the result is that of -87 (about 1.6e-38).

/// Adding and subtracting 1.5·2²³ rounds to the nearest integer, ties to even, for magnitudes below 2²².
const ROUNDER: f32 = 12_582_912.0;

/// ln 2 in two parts: the first has few digits, so that its products with small integers are exact.
const LN2_HIGH: f32 = 0.693_359_4;
const LN2_LOW: f32 = -2.121_944_4e-4;

/// e to the power `x` for `x` at most 0: `2^n · e^r` with `|r| <= ln 2 / 2` and the Taylor polynomial of degree 7 for `e^r`.
#[inline]
pub fn exp_of_nonpositive(x: f32) -> f32 {
    let x = if x < -87.0 { -87.0 } else { x };
    let shifted = x * std::f32::consts::LOG2_E + ROUNDER;
    let whole = shifted - ROUNDER;
    let rest = (x - whole * LN2_HIGH) - whole * LN2_LOW;
    let mut sum = 1.0 / 5040.0;
    for coefficient in [1.0 / 720.0, 1.0 / 120.0, 1.0 / 24.0, 1.0 / 6.0, 0.5, 1.0, 1.0] {
        sum = sum * rest + coefficient;
    }
    // The low bits of `shifted` hold the integer; moved up they are the exponent field.
    sum * f32::from_bits(shifted.to_bits().wrapping_add(127) << 23)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn agrees_with_the_library_over_its_whole_range() {
        for index in 0..=87_000 {
            let x = -(index as f32) / 1000.0;
            let exact = f64::from(x).exp();
            let error = (f64::from(exp_of_nonpositive(x)) / exact - 1.0).abs();
            assert!(error < 2.5e-7, "{x}: {error}");
        }
        assert_eq!(exp_of_nonpositive(0.0), 1.0);
        assert!(exp_of_nonpositive(-1e9) < 2e-38);
        assert!(exp_of_nonpositive(f32::NEG_INFINITY) < 2e-38);
    }
}
