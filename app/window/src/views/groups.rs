//! Seed groups: runs that are equal but for their seed, drawn as one line with a band.
//!
//! Contract: values are joined only where every run of the group that covers the step recorded one at exactly that step, so no
//! value is made up; a non-finite value makes the line break there. Bands are about the mean: the sample deviation s divides by
//! n − 1, the standard error is s/√n, the 95 % interval is Student's t(0.975, n − 1)·s/√n.

use serde::{Deserialize, Serialize};
use weightscope_frame::record::{Point, Series};

/// What the line of a group is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Center {
    /// The arithmetic mean.
    #[default]
    Mean,
    /// The median; of an even number the mean of the middle two.
    Median,
}

/// What the band of a group is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Spread {
    /// No band.
    None,
    /// From the smallest to the largest value.
    #[default]
    MinMax,
    /// One sample standard deviation to each side of the mean.
    Deviation,
    /// One standard error to each side of the mean.
    Error,
    /// The 95 % confidence interval of the mean.
    Confidence,
}

impl Center {
    /// All, in the order of the form.
    pub const ALL: [Self; 2] = [Self::Mean, Self::Median];

    /// In words.
    pub const fn words(self) -> &'static str {
        match self {
            Self::Mean => "mean",
            Self::Median => "median",
        }
    }
}

impl Spread {
    /// All, in the order of the form.
    pub const ALL: [Self; 5] = [Self::MinMax, Self::Deviation, Self::Error, Self::Confidence, Self::None];

    /// In words.
    pub const fn words(self) -> &'static str {
        match self {
            Self::None => "no band",
            Self::MinMax => "min–max",
            Self::Deviation => "± std",
            Self::Error => "± stderr",
            Self::Confidence => "95 % CI",
        }
    }
}

/// How runs that differ only in their seed are drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct SeedGroups {
    /// As one line; off, each by itself.
    pub joined: bool,
    /// The line.
    pub center: Center,
    /// The band.
    pub spread: Spread,
    /// The single runs behind it.
    pub traces: bool,
}

impl Default for SeedGroups {
    fn default() -> Self {
        Self { joined: true, center: Center::Mean, spread: Spread::MinMax, traces: false }
    }
}

/// A group of series as one.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Summary {
    /// Steps.
    pub x: Vec<f64>,
    /// The line.
    pub center: Vec<f64>,
    /// Lower edge of the band.
    pub lower: Vec<f64>,
    /// Upper edge of the band.
    pub upper: Vec<f64>,
    /// Fewest and most values at a step.
    pub n: (usize, usize),
}

impl Summary {
    /// What the legend says about it: `mean, 95 % CI, n = 3`.
    pub fn words(&self, groups: SeedGroups) -> String {
        let (fewest, most) = self.n;
        let n = if fewest == most { most.to_string() } else { format!("{fewest}–{most}") };
        let band = match groups.spread {
            Spread::None => String::new(),
            spread => format!(" {}", spread.words()),
        };
        format!("{}{band}, n = {n}", groups.center.words())
    }

    /// At most about `limit` steps, evenly taken; the last one stays.
    #[must_use]
    pub fn thinned(self, limit: usize) -> Self {
        let stride = self.x.len().div_ceil(limit.max(1));
        if stride <= 1 {
            return self;
        }
        let thin = |values: &[f64]| -> Vec<f64> {
            let last = values.len().saturating_sub(1);
            let kept = |index: usize| index.is_multiple_of(stride) || index == last;
            values.iter().enumerate().filter(|(index, _)| kept(*index)).map(|(_, value)| *value).collect()
        };
        Self {
            x: thin(&self.x),
            center: thin(&self.center),
            lower: thin(&self.lower),
            upper: thin(&self.upper),
            n: self.n,
        }
    }
}

/// Joins series step by step; `None` if fewer than two have a step in common.
pub fn summarize(series: &[&Series], groups: SeedGroups) -> Option<Summary> {
    let mut walks: Vec<_> = series
        .iter()
        .filter_map(|series| Some((series.first()?.x, series.last()?.x, series.iter().peekable())))
        .collect();
    let mut summary = Summary { n: (usize::MAX, 0), ..Summary::default() };
    let mut values: Vec<f64> = Vec::with_capacity(walks.len());
    loop {
        let heads = walks.iter_mut().filter_map(|(_, _, walk)| walk.peek().map(|point| point.x));
        let Some(x) = heads.min_by(f64::total_cmp) else { break };
        values.clear();
        let mut covering = 0;
        for (first, last, walk) in &mut walks {
            covering += usize::from(*first <= x && x <= *last);
            values.extend(at_step(walk, x));
        }
        if values.len() >= 2 && values.len() == covering {
            let (center, lower, upper) = join(&mut values, groups);
            summary.x.push(x);
            summary.center.push(center);
            summary.lower.push(lower);
            summary.upper.push(upper);
            summary.n = (summary.n.0.min(covering), summary.n.1.max(covering));
        }
    }
    (!summary.x.is_empty()).then_some(summary)
}

/// The value at a step, and on to the next one; a step recorded twice counts with its last value.
fn at_step(walk: &mut std::iter::Peekable<impl Iterator<Item = Point>>, x: f64) -> Option<f64> {
    let mut found = None;
    while let Some(point) = walk.next_if(|point| point.x.total_cmp(&x).is_le()) {
        found = Some(point.y);
    }
    found
}

/// Centre and band of the values at a step; sorts them.
fn join(values: &mut [f64], groups: SeedGroups) -> (f64, f64, f64) {
    if values.iter().any(|value| !value.is_finite()) {
        return (f64::NAN, f64::NAN, f64::NAN);
    }
    values.sort_by(f64::total_cmp);
    let n = values.len() as f64;
    let mean = values.iter().sum::<f64>() / n;
    let deviation = (values.iter().map(|value| (value - mean).powi(2)).sum::<f64>() / (n - 1.0)).sqrt();
    let around = |half: f64| (mean - half, mean + half);
    let (lower, upper) = match groups.spread {
        Spread::None => (f64::NAN, f64::NAN),
        Spread::MinMax => (values.first().copied().unwrap_or(mean), values.last().copied().unwrap_or(mean)),
        Spread::Deviation => around(deviation),
        Spread::Error => around(deviation / n.sqrt()),
        Spread::Confidence => around(student_t(values.len() - 1) * deviation / n.sqrt()),
    };
    let center = match groups.center {
        Center::Mean => mean,
        Center::Median => median(values),
    };
    (center, lower, upper)
}

fn median(sorted: &[f64]) -> f64 {
    let (low, high) = ((sorted.len().saturating_sub(1)) / 2, sorted.len() / 2);
    let value = |index: usize| sorted.get(index).copied().unwrap_or(f64::NAN);
    f64::midpoint(value(low), value(high))
}

/// The 0.975 quantile of Student's t, the half width of a 95 % interval in standard errors.
///
/// P(|T| ≤ t) is a finite sum in θ = atan(t/√ν) for whole ν (Abramowitz and Stegun 1964, 26.7.3 and 26.7.4); it grows with θ,
/// so the quantile is found by halving.
pub fn student_t(freedom: usize) -> f64 {
    const COVERED: f64 = 0.95;
    let freedom = freedom.max(1);
    let (mut low, mut high) = (0.0, std::f64::consts::FRAC_PI_2);
    for _ in 0..80 {
        let middle = f64::midpoint(low, high);
        if covered(middle, freedom) < COVERED {
            low = middle;
        } else {
            high = middle;
        }
    }
    (freedom as f64).sqrt() * f64::midpoint(low, high).tan()
}

fn covered(angle: f64, freedom: usize) -> f64 {
    let (sine, cosine) = angle.sin_cos();
    let odd = !freedom.is_multiple_of(2);
    let (mut term, mut sum) = if odd { (cosine, cosine) } else { (1.0, 1.0) };
    if freedom == 1 {
        return angle * std::f64::consts::FRAC_2_PI;
    }
    // Factors 2/3, 4/5 … for odd ν and 1/2, 3/4 … for even ν, up to ν − 2.
    let mut factor = if odd { 2 } else { 1 };
    while factor + 2 < freedom {
        term *= cosine * cosine * factor as f64 / (factor + 1) as f64;
        sum += term;
        factor += 2;
    }
    if odd { std::f64::consts::FRAC_2_PI * (angle + sine * sum) } else { sine * sum }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn series(points: &[(f64, f64)]) -> Series {
        points.iter().copied().collect()
    }

    fn groups(center: Center, spread: Spread) -> SeedGroups {
        SeedGroups { joined: true, center, spread, traces: false }
    }

    /// Student's t, two-sided 95 %, as tabulated (NIST/SEMATECH e-Handbook of Statistical Methods, 1.3.6.7.2).
    #[test]
    fn quantiles_are_those_of_the_tables() {
        for (freedom, expected) in [
            (1, 12.706),
            (2, 4.303),
            (3, 3.182),
            (4, 2.776),
            (5, 2.571),
            (9, 2.262),
            (10, 2.228),
            (30, 2.042),
            (100, 1.984),
        ] {
            let t = student_t(freedom);
            assert!((t - expected).abs() < 6e-4, "ν = {freedom}: {t}, tabulated {expected}");
        }
    }

    #[test]
    fn mean_median_and_bands_of_three_seeds() {
        let three = [1.0, 2.0, 6.0].map(|value| series(&[(0.0, value), (10.0, 5.0)]));
        let three: Vec<&Series> = three.iter().collect();
        let of = |center, spread| summarize(&three, groups(center, spread)).unwrap();
        let range = of(Center::Median, Spread::MinMax);
        assert_eq!(
            (range.center[0], range.lower[0], range.upper[0]),
            (2.0, 1.0, 6.0),
            "the middle and the ends"
        );
        assert_eq!(range.n, (3, 3), "three values at each step");
        assert_eq!(range.words(groups(Center::Median, Spread::MinMax)), "median min–max, n = 3", "legend");
        // s² = ((1−3)² + (2−3)² + (6−3)²)/2 = 7
        let deviation = of(Center::Mean, Spread::Deviation);
        assert!((deviation.upper[0] - 3.0 - 7_f64.sqrt()).abs() < 1e-12, "sample deviation");
        let error = of(Center::Mean, Spread::Error);
        assert!((3.0 - error.lower[0] - (7.0_f64 / 3.0).sqrt()).abs() < 1e-12, "standard error");
        let confidence = of(Center::Mean, Spread::Confidence);
        let half = 4.302_653 * (7.0_f64 / 3.0).sqrt();
        assert!((confidence.upper[0] - 3.0 - half).abs() < 1e-5, "95 % interval");
        assert_eq!((confidence.lower[1], confidence.upper[1]), (5.0, 5.0), "no spread, no width");
    }

    #[test]
    fn only_common_steps_are_joined_and_a_shorter_run_ends_earlier() {
        let (long, short, other) = (
            series(&[(0.0, 1.0), (1.0, 1.0), (2.0, 1.0), (3.0, 1.0)]),
            series(&[(0.0, 3.0), (2.0, 3.0)]),
            series(&[(0.0, 5.0), (1.0, 5.0), (2.0, 5.0), (3.0, 5.0)]),
        );
        let summary = summarize(&[&long, &short, &other], SeedGroups::default()).unwrap();
        assert_eq!(summary.x, [0.0, 2.0, 3.0], "step 1 lacks a value of a run that covers it");
        assert_eq!(summary.n, (2, 3), "two runs after the shorter one has ended");
        assert!(summarize(&[&long], SeedGroups::default()).is_none(), "one run is no group");
        let apart = series(&[(0.5, 1.0)]);
        assert!(summarize(&[&short, &apart], SeedGroups::default()).is_none(), "no step in common");
    }

    #[test]
    fn a_value_that_is_not_finite_breaks_the_line() {
        let (a, b) = (series(&[(0.0, 1.0), (1.0, f64::NAN)]), series(&[(0.0, 1.0), (1.0, 1.0)]));
        let summary = summarize(&[&a, &b], SeedGroups::default()).unwrap();
        assert!(summary.center[0] == 1.0 && summary.center[1].is_nan(), "{summary:?}");
    }

    #[test]
    fn thinning_keeps_the_ends() {
        let long: Series = (0..1000).map(|step| (f64::from(step), 0.0)).collect();
        let thin = summarize(&[&long, &long], SeedGroups::default()).unwrap().thinned(100);
        assert!(thin.x.len() <= 101 && thin.x.last() == Some(&999.0), "{} steps", thin.x.len());
    }
}
