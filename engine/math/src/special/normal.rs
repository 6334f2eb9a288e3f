//! The standard normal distribution: density, distribution function, quantile function.
//!
//! Φ: the continued fraction and the series of the error function (Abramowitz and Stegun 7.1.5, 7.1.14), to about 1e-15.
//! Φ⁻¹: the rational starting value of Wichura's bounds is not needed; two Halley steps from a crude start reach 1e-15.

use std::f64::consts::{FRAC_1_SQRT_2, PI, SQRT_2, TAU};

/// Below this the series serves, above it the continued fraction.
const SERIES_UP_TO: f64 = 2.5;

/// φ(z) = e^(−z²/2)/√(2π).
pub fn density(z: f64) -> f64 {
    (-0.5 * z * z).exp() / TAU.sqrt()
}

/// Φ(z).
pub fn cdf(z: f64) -> f64 {
    0.5 * erfc(-z * FRAC_1_SQRT_2)
}

/// Φ⁻¹(p) for p in (0, 1); infinite at the ends, not-a-number outside.
pub fn quantile(p: f64) -> f64 {
    if p <= 0.0 || p >= 1.0 || p.is_nan() {
        return if p == 0.0 {
            f64::NEG_INFINITY
        } else if p == 1.0 {
            f64::INFINITY
        } else {
            f64::NAN
        };
    }
    let tail = p.min(1.0 - p);
    // Abramowitz and Stegun 26.2.23, error below 4.5e-4: near enough for Halley's cubic convergence.
    let t = (-2.0 * tail.ln()).sqrt();
    let numerator = 2.515_517 + t * (0.802_853 + t * 0.010_328);
    let denominator = 1.0 + t * (1.432_788 + t * (0.189_269 + t * 0.001_308));
    let mut z = numerator / denominator - t;
    for _ in 0..3 {
        let step = (cdf(z) - tail) / density(z);
        z -= step / (1.0 + 0.5 * z * step);
    }
    if p <= 0.5 { z } else { -z }
}

/// The error function `erf x = 2/√π ∫₀ˣ e^(−t²) dt`.
pub fn erf(x: f64) -> f64 {
    if x < 0.0 {
        -erf(-x)
    } else if x < SERIES_UP_TO {
        error_series(x)
    } else {
        1.0 - error_fraction(x)
    }
}

/// The complementary error function `erfc x = 1 − erf x`, to full relative precision for large `x`.
pub fn erfc(x: f64) -> f64 {
    if x < 0.0 {
        return 2.0 - erfc(-x);
    }
    if x < SERIES_UP_TO { 1.0 - error_series(x) } else { error_fraction(x) }
}

/// erf(x) = 2/√π · e^(−x²) Σ 2ⁿ x^(2n+1)/(1·3·…·(2n+1)): all terms positive, so nothing cancels.
fn error_series(x: f64) -> f64 {
    let (mut term, mut sum, mut n) = (x, x, 0.0);
    while term > sum * 1e-17 && n < 200.0 {
        n += 1.0;
        term *= 2.0 * x * x / (2.0 * n + 1.0);
        sum += term;
    }
    2.0 / PI.sqrt() * (-x * x).exp() * sum
}

/// erfc(x) by its continued fraction, from the tail inwards.
fn error_fraction(x: f64) -> f64 {
    const TERMS: u32 = 80;
    let scaled = x * SQRT_2;
    let fraction = (1..=TERMS).rev().fold(scaled, |tail, k| scaled + f64::from(k) / tail);
    2.0 * (-x * x).exp() / (fraction * TAU.sqrt())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn near(found: f64, expected: f64, tolerance: f64) {
        assert!((found - expected).abs() <= tolerance * expected.abs(), "{found} instead of {expected}");
    }

    /// `scipy.special.erf`, `erfc` (1.17.1).
    #[test]
    fn the_error_function_has_its_known_values() {
        for (x, value) in [
            (0.1, 0.1124629160182849),
            (0.5, 0.5204998778130465),
            (1.0, 0.8427007929497148),
            (2.0, 0.9953222650189527),
            (3.0, 0.9999779095030014),
        ] {
            near(erf(x), value, 1e-14);
            near(erf(-x), -value, 1e-14);
        }
        for (x, value) in [
            (0.1, 0.8875370839817152),
            (1.0, 0.15729920705028516),
            (2.6, 0.000236034416529349),
            (5.0, 1.5374597944280347e-12),
            (10.0, 2.0884875837625446e-45),
        ] {
            near(erfc(x), value, 1e-13);
        }
    }

    /// `scipy.stats.norm.cdf`, `norm.ppf` (1.17.1).
    #[test]
    fn the_normal_distribution_has_its_known_values() {
        for (z, value) in [
            (-8.0, 6.22096057427174e-16),
            (-3.0, 0.0013498980316300933),
            (-1.0, 0.15865525393145707),
            (0.5, 0.6914624612740131),
            (2.0, 0.9772498680518208),
        ] {
            near(cdf(z), value, 1e-13);
        }
        for (p, value) in [
            (1e-10, -6.361340902404056),
            (1e-3, -3.090232306167813),
            (0.3, -0.5244005127080409),
            (0.9, 1.2815515655446004),
            (0.975, 1.959963984540054),
        ] {
            near(quantile(p), value, 1e-13);
        }
        assert!(quantile(0.5).abs() < 1e-15 && cdf(0.0) == 0.5);
    }

    #[test]
    fn outside_its_range_the_quantile_is_infinite_or_not_a_number() {
        assert_eq!((quantile(0.0), quantile(1.0)), (f64::NEG_INFINITY, f64::INFINITY));
        assert!(quantile(-0.1).is_nan() && quantile(1.1).is_nan() && quantile(f64::NAN).is_nan());
        assert!(cdf(f64::NAN).is_nan() && erf(f64::NAN).is_nan());
    }

    proptest::proptest! {
        #[test]
        fn quantile_and_distribution_function_undo_each_other(p in 1e-12_f64..1.0) {
            proptest::prop_assert!((cdf(quantile(p)) - p).abs() < 1e-14 + 1e-12 * p);
        }
    }
}
