//! The regularised incomplete beta function and the tail of the F distribution (DLMF 8.17: symmetry 8.17.4, continued fraction 8.17.22).

use super::gamma::ln_gamma;

/// Tail `P(F > value)` of the F distribution with these degrees of freedom.
pub fn f_tail(value: f64, first: f64, second: f64) -> f64 {
    if value <= 0.0 {
        return 1.0;
    }
    if value.is_infinite() {
        return 0.0;
    }
    incomplete_beta(second / (second + first * value), second / 2.0, first / 2.0)
}

/// `I_x(a, b) = ∫₀ˣ t^(a−1) (1 − t)^(b−1) dt / B(a, b)` for positive a and b; x below 0 counts as 0, above 1 as 1.
/// Not-a-number for other a and b. To about 1e-12 while a and b stay below 1e5.
pub fn incomplete_beta(x: f64, a: f64, b: f64) -> f64 {
    if !(a > 0.0 && b > 0.0) {
        return f64::NAN;
    }
    if x <= 0.0 || x >= 1.0 {
        return x.clamp(0.0, 1.0);
    }
    // The fraction converges fast on this side of the mean.
    if x > (a + 1.0) / (a + b + 2.0) { 1.0 - by_fraction(1.0 - x, b, a) } else { by_fraction(x, a, b) }
}

fn by_fraction(x: f64, a: f64, b: f64) -> f64 {
    let front = a * x.ln() + b * (1.0 - x).ln() + ln_gamma(a + b) - ln_gamma(a) - ln_gamma(b);
    front.exp() / (a * fraction(x, a, b))
}

/// The continued fraction of DLMF 8.17.22 from its inner end: `1 + d₁/(1 + d₂/(1 + …))`.
fn fraction(x: f64, a: f64, b: f64) -> f64 {
    const TERMS: i32 = 400;
    let mut value = 1.0;
    for term in (1..=TERMS).rev() {
        let m = f64::from(term / 2);
        let numerator = if term % 2 == 0 {
            m * (b - m) * x / ((a + 2.0 * m - 1.0) * (a + 2.0 * m))
        } else {
            -(a + m) * (a + b + m) * x / ((a + 2.0 * m) * (a + 2.0 * m + 1.0))
        };
        value = 1.0 + numerator / value;
    }
    value
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_values_of_the_beta_function() {
        assert!((incomplete_beta(0.3, 1.0, 1.0) - 0.3).abs() < 1e-14, "the uniform distribution");
        assert!((incomplete_beta(0.25, 2.0, 3.0) - 0.26171875).abs() < 1e-12, "a polynomial");
        assert!((incomplete_beta(0.9, 0.5, 0.5) - 0.795167235300867).abs() < 1e-10, "the arcsine law");
    }

    /// `scipy.special.betainc(a, b, x)` (1.17.1).
    #[test]
    fn the_beta_function_agrees_with_another_implementation() {
        for (a, b, x, value) in [
            (0.5, 0.5, 0.1, 0.20483276469913345),
            (2.0, 5.0, 0.3, 0.5798250000000003),
            (30.0, 10.0, 0.8, 0.7586405487192087),
            (200.0, 300.0, 0.45, 0.9881463456202628),
            (1e4, 2e4, 0.33, 0.11020551912742219),
        ] {
            let found = incomplete_beta(x, a, b);
            assert!((found - value).abs() < 1e-10, "{a}, {b}, {x}: {found} instead of {value}");
        }
        assert!(incomplete_beta(0.5, 0.0, 1.0).is_nan() && incomplete_beta(0.5, f64::NAN, 1.0).is_nan());
        assert!(incomplete_beta(f64::NAN, 1.0, 1.0).is_nan());
    }

    #[test]
    fn known_tails_of_the_f_distribution() {
        // With two degrees of freedom above, the tail is (1 + 2 F/d)^(−d/2).
        assert!((f_tail(3.0, 2.0, 10.0) - 1.6_f64.powi(-5)).abs() < 1e-12);
        // The 5 % point of F(3, 39) in Demšar, section 3.2.2.
        assert!((f_tail(2.85, 3.0, 39.0) - 0.05).abs() < 1e-3);
        assert_eq!((f_tail(0.0, 3.0, 9.0), f_tail(f64::INFINITY, 3.0, 9.0)), (1.0, 0.0));
    }
}
