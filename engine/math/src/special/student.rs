//! Student's t distribution by the incomplete beta function (DLMF 8.17; Abramowitz and Stegun 26.7.1).

use super::beta::incomplete_beta;
use super::gamma::ln_gamma;
use super::normal;

/// Beyond this the normal distribution is nearer (to about 1e-8) than the difference of two large logarithms.
const NORMAL_FROM: f64 = 1e7;

/// Density at `t` with `degrees` of freedom; not-a-number unless they are positive.
pub fn density(t: f64, degrees: f64) -> f64 {
    if degrees.is_nan() || degrees <= 0.0 {
        return f64::NAN;
    }
    if degrees > NORMAL_FROM {
        return normal::density(t);
    }
    let front = ln_gamma(0.5 * (degrees + 1.0)) - ln_gamma(0.5 * degrees);
    let shape = -0.5 * (degrees + 1.0) * (t * t / degrees).ln_1p();
    (front + shape).exp() / (degrees * std::f64::consts::PI).sqrt()
}

/// `P(T ≤ t)` with `degrees` of freedom: `½ I_{ν/(ν+t²)}(ν/2, ½)` below 0 (near it by the complement, which keeps the digits of t), the rest by symmetry. Not-a-number unless they are positive.
pub fn cdf(t: f64, degrees: f64) -> f64 {
    if t > 0.0 { 1.0 - lower_tail(t, degrees) } else { lower_tail(-t, degrees) }
}

/// `P(T ≤ −t)` for t at least 0.
fn lower_tail(t: f64, degrees: f64) -> f64 {
    if degrees > NORMAL_FROM {
        return normal::cdf(-t);
    }
    let square = t * t;
    if square < degrees {
        // Near the middle ν/(ν+t²) rounds to 1 and t is lost; its complement keeps all digits.
        return 0.5 * (1.0 - incomplete_beta(square / (degrees + square), 0.5, 0.5 * degrees));
    }
    0.5 * incomplete_beta(degrees / (degrees + square), 0.5 * degrees, 0.5)
}

/// The t below which `p` of the distribution lies; infinite for 0 and 1, not-a-number outside or unless the degrees are positive.
///
/// Meant for at least half a degree of freedom. The upper end is doubled until it lies beyond, then Newton steps inside the bracket, halved where a step leaves it.
pub fn quantile(p: f64, degrees: f64) -> f64 {
    if !(degrees > 0.0 && (0.0..=1.0).contains(&p)) {
        return f64::NAN;
    }
    let tail = p.min(1.0 - p);
    let sign = if p < 0.5 { -1.0 } else { 1.0 };
    if tail == 0.0 {
        return sign * f64::INFINITY;
    }
    if tail == 0.5 {
        return 0.0;
    }
    sign * upper_quantile(tail, degrees)
}

fn upper_quantile(tail: f64, degrees: f64) -> f64 {
    const STEPS: usize = 200;
    let (mut low, mut high) = (0.0, 1.0_f64);
    while lower_tail(high, degrees) > tail {
        low = high;
        high *= 2.0;
        if high.is_infinite() {
            return high;
        }
    }
    let mut t = 0.5 * (low + high);
    for _ in 0..STEPS {
        let excess = lower_tail(t, degrees) - tail;
        if excess > 0.0 {
            low = t;
        } else {
            high = t;
        }
        let newton = t + excess / density(t, degrees);
        let next = if newton > low && newton < high { newton } else { 0.5 * (low + high) };
        if (next - t).abs() <= 1e-15 * t.abs() {
            return next;
        }
        t = next;
    }
    t
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `scipy.stats.t.cdf(t, nu)` (1.17.1).
    #[test]
    fn the_distribution_function_has_its_known_values() {
        // Near zero the distribution function is ½ + t·density(0).
        for (t, degrees) in [(1e-9, 176.0), (-3e-7, 5.0), (1e-5, 0.5)] {
            let by_density = 0.5 + t * density(0.0, degrees);
            assert!((cdf(t, degrees) - by_density).abs() < 1e-15, "{t}, {degrees}: {}", cdf(t, degrees));
        }
        for (t, degrees, value) in [
            (-2.0, 1.0, 0.14758361765043326),
            (0.5, 3.0, 0.6742760175759245),
            (1.96, 30.0, 0.9703288435519748),
            (-6.0, 5.0, 0.0009230691447970072),
            (2.5, 1e6, 0.9937902552489184),
        ] {
            let found = cdf(t, degrees);
            assert!((found - value).abs() < 1e-9 * value, "{t}, {degrees}: {found} instead of {value}");
        }
        assert_eq!(cdf(0.0, 4.0), 0.5);
        assert!(cdf(1.0, 0.0).is_nan() && cdf(f64::NAN, 3.0).is_nan());
    }

    /// `scipy.stats.t.ppf(p, nu)` (1.17.1).
    #[test]
    fn the_quantiles_have_their_known_values() {
        for (p, degrees, value) in [
            (0.975, 1.0, 12.706204736174694),
            (0.975, 2.0, 4.302652729749462),
            (0.975, 4.0, 2.7764451051977934),
            (0.975, 9.0, 2.262157162798205),
            (0.975, 29.0, 2.045229642132703),
            (0.995, 9.0, 3.249835541592126),
            (0.6, 0.5, 0.3979754267847907),
            (0.01, 3.5, -4.0607113593000825),
            (1e-8, 2.5, -1389.227583027538),
            (0.975, 1e5, 1.9599877075346095),
        ] {
            let found = quantile(p, degrees);
            assert!((found / value - 1.0).abs() < 1e-9, "{p}, {degrees}: {found} instead of {value}");
        }
        assert!((quantile(0.975, f64::INFINITY) - 1.959963984540054).abs() < 1e-13);
        assert!((quantile(0.9, 1.1e7) - quantile(0.9, 0.9e7)).abs() < 1e-6, "both ways meet");
        assert_eq!((quantile(0.0, 3.0), quantile(0.5, 3.0)), (f64::NEG_INFINITY, 0.0));
        assert!(
            quantile(0.5, -1.0).is_nan() && quantile(1.5, 3.0).is_nan() && quantile(f64::NAN, 3.0).is_nan()
        );
    }

    proptest::proptest! {
        #[test]
        fn quantile_and_distribution_function_undo_each_other(p in 1e-6_f64..1.0, degrees in 0.5_f64..200.0) {
            proptest::prop_assert!((cdf(quantile(p, degrees), degrees) - p).abs() < 1e-11);
        }
    }
}
