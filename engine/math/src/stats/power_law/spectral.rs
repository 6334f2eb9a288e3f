//! The exponent of a spectrum of weights by the rule of `WeightWatcher` 0.7.7 (`WW_powerlaw.py`).
//!
//! The values are squared singular values above [`LEAST_EIGENVALUE`]. From [`FEW_VALUES`] of them on, each but the largest is tried as
//! `x_min` with all values from there on; the least Kolmogorov–Smirnov distance wins, the first of equals. Fewer values take the
//! bias-corrected fit instead, which tables do not show as an exponent.

use super::{PowerLaw, best_tail, distance};

/// Squared singular values at or below this are left out: their logarithm would rule the sums.
pub const LEAST_EIGENVALUE: f64 = 1e-5;

/// Fewer values than this say too little for an exponent.
pub const FEW_VALUES: usize = 20;

/// Least tail of the fit to few values, where there are that many.
const LEAST_TAIL: usize = 8;

/// Weight of the reward for longer tails in the fit to few values: `D − 0.868/√n` is least for the chosen tail.
const TAIL_REWARD: f64 = 0.868;

/// The fitted tail of a spectrum.
#[derive(Clone, Debug, PartialEq)]
pub struct PowerLawTail {
    /// The squared singular values that count, ascending.
    pub values: Vec<f64>,
    /// Whether there are fewer than [`FEW_VALUES`]: then the fit is a hint, not a figure.
    pub few_values: bool,
    /// The fit; `None` if fewer than two different values are left.
    pub fit: Option<PowerLaw>,
}

impl PowerLawTail {
    /// Fits the tail of squared singular values in any order; those at or below [`LEAST_EIGENVALUE`], and what is not finite, are left out.
    pub fn of(eigenvalues: &[f64]) -> Self {
        let kept: Vec<f64> = eigenvalues
            .iter()
            .copied()
            .filter(|value| value.is_finite() && *value > LEAST_EIGENVALUE)
            .collect();
        let values = crate::stats::ascending(&kept);
        let few_values = values.len() < FEW_VALUES;
        let logarithms: Vec<f64> = values.iter().map(|value| value.ln()).collect();
        let last = values.len().saturating_sub(1);
        let fit =
            if few_values { few(&values, &logarithms) } else { best_tail(&values, &logarithms, 0..last) };
        Self { values, few_values, fit }
    }

    /// The fit as a figure: `None` for few values.
    pub fn figure(&self) -> Option<PowerLaw> {
        self.fit.filter(|_| !self.few_values)
    }

    /// The fit from a chosen `x_min` on.
    pub fn from(&self, smallest: f64) -> Option<PowerLaw> {
        super::power_law_from(&self.values, smallest)
    }
}

/// The fit to few values: `α = 1 + (n − 1)/Σ ln(x/x_min)`, and of all tails of at least eight values the one with the least
/// `D − 0.868/√n`; all values where there are fewer.
fn few(values: &[f64], logarithms: &[f64]) -> Option<PowerLaw> {
    let corrected = |start: usize| -> Option<PowerLaw> {
        let tail = logarithms.get(start..)?;
        let (count, first) = (tail.len(), tail.first()?);
        let spread: f64 = tail.iter().map(|logarithm| logarithm - first).sum();
        let slope = (count as f64 - 1.0) / spread;
        // Differences of logarithms below this are equal values.
        let spread_out = spread > 1e-12 && slope > 0.0;
        let distance = spread_out.then(|| distance(tail, slope, f64::INFINITY, &mut 0)).flatten()?;
        Some(PowerLaw::of(*values.get(start)?, count, slope, distance))
    };
    if values.len() < LEAST_TAIL {
        return corrected(0);
    }
    let merit = |fit: &PowerLaw| fit.distance - TAIL_REWARD / (fit.count as f64).sqrt();
    let mut best: Option<PowerLaw> = None;
    for found in (0..=values.len() - LEAST_TAIL).filter_map(corrected) {
        if best.is_none_or(|best| merit(&found) < merit(&best)) {
            best = Some(found);
        }
    }
    best
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stream;

    fn drawn(alpha: f64, count: usize, name: &str) -> Vec<f64> {
        let mut random = stream(4, name);
        (0..count).map(|_| (1.0 - random.unit_f64()).powf(-1.0 / (alpha - 1.0))).collect()
    }

    /// The rule as it is written, with powers instead of logarithms.
    fn by_the_letter(values: &[f64]) -> (f64, f64, f64) {
        let sorted = crate::stats::ascending(values);
        let mut best = (f64::INFINITY, 0.0, 0.0);
        for start in 0..sorted.len() - 1 {
            let tail = &sorted[start..];
            let (n, xmin) = (tail.len() as f64, tail[0]);
            let alpha = 1.0 + n / (tail.iter().map(|x| x.ln()).sum::<f64>() - n * xmin.ln());
            let gaps = tail
                .iter()
                .enumerate()
                .map(|(k, x)| (1.0 - (x / xmin).powf(1.0 - alpha) - k as f64 / n).abs());
            let distance = gaps.fold(0.0, f64::max);
            if distance < best.0 {
                best = (distance, alpha, xmin);
            }
        }
        best
    }

    #[test]
    fn the_fast_search_finds_what_the_rule_says() {
        for (count, name) in [(20, "a"), (37, "b"), (400, "c"), (1500, "d")] {
            let mut values = drawn(2.4, count, name);
            values.iter_mut().step_by(3).for_each(|value| *value = value.sqrt());
            let found = PowerLawTail::of(&values);
            let (fit, (distance, alpha, xmin)) = (found.figure().unwrap(), by_the_letter(&values));
            assert!((fit.distance - distance).abs() < 1e-12 && (fit.exponent / alpha - 1.0).abs() < 1e-11);
            assert_eq!(fit.smallest, xmin);
            assert_eq!(found.from(xmin), Some(fit));
        }
    }

    const VALUES: [f64; 15] = [0.3, 0.5, 0.55, 0.7, 0.9, 1.0, 1.1, 1.25, 1.3, 1.9, 2.2, 3.5, 4.0, 9.0, 30.0];

    fn assert_near(values: &[f64], expected: (f64, f64, f64), count: usize) {
        let found = PowerLawTail::of(values).fit.unwrap();
        let (exponent, smallest, distance) = expected;
        assert!((found.exponent - exponent).abs() < 1e-12 && (found.distance - distance).abs() < 1e-12);
        assert_eq!((found.smallest, found.count), (smallest, count));
    }

    /// `fit_powerlaw_smallN` and `fit_power_law_standard` of `WW_powerlaw.py` (weightwatcher 0.7.7, numpy 2.4.6) on these values.
    #[test]
    fn fits_are_those_of_the_published_code() {
        assert_near(&VALUES, (1.836505087724333, 1.25, 0.09272402925543122), 8);
        assert_near(&VALUES[..6], (2.171826191411075, 0.3, 0.28375218819145376), 6);
        assert_near(&VALUES[3..11], (2.590008086073066, 0.7, 0.2044063895559769), 8);
        let more = [VALUES.as_slice(), &[0.31, 0.62, 0.62, 2.8, 5.5, 0.05, 14.0]].concat();
        assert_near(&more, (1.7284511155925009, 0.5, 0.09554127418823655), 19);
        assert!(!PowerLawTail::of(&more).few_values);
    }

    #[test]
    fn values_that_are_next_to_nothing_are_left_out() {
        let mut values = drawn(3.0, 60, "left out");
        let alone = PowerLawTail::of(&values);
        values.extend([0.0, 1e-5, 1e-9, f64::NAN, f64::INFINITY]);
        assert_eq!(PowerLawTail::of(&values), alone);
        assert_eq!(alone.values.len(), 60);
    }

    #[test]
    fn few_values_have_a_hint_and_no_figure() {
        let found = PowerLawTail::of(&drawn(2.0, 19, "few"));
        assert!(found.few_values && found.fit.is_some() && found.figure().is_none());
        assert!(found.fit.unwrap().count >= 8);
        for values in [&[][..], &[1.0], &[2.0; 12]] {
            assert_eq!(PowerLawTail::of(values).fit, None);
        }
        // Two values: α = 1 + 1/ln 4, D = |1 − 4^(1−α) − 1/2|.
        let two = PowerLawTail::of(&[4.0, 1.0]).fit.unwrap();
        let slope = 1.0 / 4.0_f64.ln();
        assert!((two.exponent - 1.0 - slope).abs() < 1e-15);
        assert!((two.distance - (0.5 - 4.0_f64.powf(-slope)).abs()).abs() < 1e-15);
    }
}
