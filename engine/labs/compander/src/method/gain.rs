//! What the compander gains over its twin: the mean of paired differences, its interval, and words that claim no more.

use weightscope_math::stats::interval::paired_difference;

/// Coverage of the interval.
pub const COVERAGE: f64 = 0.95;

/// Paired differences over seeds.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Gain {
    /// Mean difference.
    pub mean: f64,
    /// Ends of Student's 95 % interval; none for fewer than two pairs.
    pub interval: Option<(f64, f64)>,
    /// Pairs with a positive difference.
    pub wins: usize,
    /// Number of pairs.
    pub pairs: usize,
}

impl Gain {
    /// Of the first over the second, pair by pair; `None` without pairs or where a value is no finite number.
    pub fn of(first: &[f64], second: &[f64]) -> Option<Self> {
        let pairs = first.len().min(second.len());
        let differences: Vec<f64> = first.iter().zip(second).map(|(a, b)| a - b).collect();
        if pairs == 0 || differences.iter().any(|difference| !difference.is_finite()) {
            return None;
        }
        let interval = paired_difference(first, second, COVERAGE).ok();
        Some(Self {
            mean: differences.iter().sum::<f64>() / pairs as f64,
            interval: interval.map(|interval| (interval.lower, interval.upper)),
            wins: differences.iter().filter(|difference| **difference > 0.0).count(),
            pairs,
        })
    }

    /// "gain" or "loss" if the interval lies on one side of 0, else "no difference shown"; one pair tests nothing.
    pub fn words(&self) -> &'static str {
        words_of(self.interval)
    }
}

/// What an interval of the mean gain shows; without one, nothing.
pub fn words_of(interval: Option<(f64, f64)>) -> &'static str {
    match interval {
        Some((low, _)) if low > 0.0 => "gain",
        Some((_, high)) if high < 0.0 => "loss",
        Some(_) => "no difference shown",
        None => "not tested: one seed",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_words_follow_the_interval_and_nothing_else() {
        let up = Gain::of(&[0.78, 0.80, 0.79, 0.81], &[0.75, 0.76, 0.76, 0.77]).unwrap();
        assert_eq!((up.words(), up.wins, up.pairs), ("gain", 4, 4));
        let down = Gain::of(&[0.75, 0.76, 0.76, 0.77], &[0.78, 0.80, 0.79, 0.81]).unwrap();
        assert_eq!((down.words(), down.wins), ("loss", 0));
        let open = Gain::of(&[0.5, 0.9], &[0.4, 0.85]).unwrap();
        assert_eq!(
            (open.words(), open.wins),
            ("no difference shown", 2),
            "both are larger, and two say little"
        );
        let one = Gain::of(&[0.9], &[0.1]).unwrap();
        assert_eq!((one.words(), one.interval), ("not tested: one seed", None));
        assert!(Gain::of(&[], &[]).is_none() && Gain::of(&[f64::NAN], &[0.0]).is_none());
    }

    /// `scipy.stats.ttest_rel(a, b).confidence_interval()` (1.17.1) of the first case.
    #[test]
    fn the_interval_is_students() {
        let found = Gain::of(&[0.78, 0.80, 0.79, 0.81], &[0.75, 0.76, 0.76, 0.77]).unwrap();
        // Differences .03, .04, .03, .04: mean .035, s = .0057735, t(.975, 3) = 3.182446.
        let half = 3.182446305284263 * 0.005773502691896258 / 2.0;
        let (low, high) = found.interval.unwrap();
        assert!((low - (0.035 - half)).abs() < 1e-9 && (high - (0.035 + half)).abs() < 1e-9);
    }
}
