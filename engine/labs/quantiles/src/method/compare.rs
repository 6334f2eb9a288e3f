//! Comparing methods: paired bootstrap of differences; mean ranks, Friedman's test in the form of Iman and Davenport, the critical
//! difference of Nemenyi (Demšar, JMLR 7, 2006, section 3.2.2).

use weightscope_math::rng::Stream;
use weightscope_math::special::beta;
use weightscope_math::stats::order;
use weightscope_math::stats::rank::ranks;

/// A mean difference with its bootstrap interval.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Difference {
    /// Mean of the paired differences.
    pub mean: f64,
    /// Lower end of the central interval.
    pub lower: f64,
    /// Upper end.
    pub upper: f64,
}

/// Percentile bootstrap of a mean of paired differences, central `coverage`.
pub fn paired_bootstrap(differences: &[f64], draws: usize, coverage: f64, random: &mut Stream) -> Difference {
    let count = differences.len();
    let mean = differences.iter().sum::<f64>() / count.max(1) as f64;
    if count < 2 || draws == 0 {
        return Difference { mean, lower: f64::NEG_INFINITY, upper: f64::INFINITY };
    }
    let means: Vec<f64> = (0..draws)
        .map(|_| (0..count).map(|_| differences[random.below(count)]).sum::<f64>() / count as f64)
        .collect();
    let tail = 0.5 * (1.0 - coverage);
    let ends = order::quantiles(&means, &[tail, 1.0 - tail]);
    Difference { mean, lower: ends[0], upper: ends[1] }
}

/// Mean rank of each method over data sets; `scores` is `[sets, methods]`, smaller is better.
pub fn mean_ranks(scores: &[Vec<f64>]) -> Vec<f64> {
    let Some(first) = scores.first() else { return Vec::new() };
    let mut sums = vec![0.0; first.len()];
    for set in scores {
        for (sum, rank) in sums.iter_mut().zip(ranks(set)) {
            *sum += rank;
        }
    }
    sums.iter().map(|sum| sum / scores.len() as f64).collect()
}

/// Nemenyi's critical difference of mean ranks at 5 %: `q √(k(k + 1)/(6N))`. `None` beyond the table of 2 to 20 methods,
/// or with fewer than five data sets, where the test says nothing.
pub fn critical_difference(methods: usize, sets: usize) -> Option<f64> {
    /// Studentised range over √2, infinite degrees of freedom, 5 %, for 2 to 20 methods (Demšar, table 5a, continued).
    const Q: [f64; 19] = [
        1.960, 2.344, 2.569, 2.728, 2.850, 2.949, 3.031, 3.102, 3.164, 3.219, 3.268, 3.313, 3.354, 3.391,
        3.426, 3.458, 3.489, 3.517, 3.544,
    ];
    if sets < 5 {
        return None;
    }
    let q = Q.get(methods.checked_sub(2)?)?;
    let k = methods as f64;
    Some(q * (k * (k + 1.0) / (6.0 * sets as f64)).sqrt())
}

/// Friedman's test that all methods are alike, in the form of Iman and Davenport.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Friedman {
    /// Statistic; infinite if all data sets rank the methods alike.
    pub statistic: f64,
    /// Degrees of freedom.
    pub degrees: (f64, f64),
    /// Probability of such a statistic or a larger one if the methods are alike.
    pub p: f64,
}

/// Friedman's test from the mean ranks of at least two methods over at least two data sets.
pub fn friedman(mean_ranks: &[f64], sets: usize) -> Option<Friedman> {
    let (k, n) = (mean_ranks.len() as f64, sets as f64);
    if k < 2.0 || n < 2.0 {
        return None;
    }
    let squares: f64 = mean_ranks.iter().map(|rank| rank * rank).sum();
    let chi = 12.0 * n / (k * (k + 1.0)) * (squares - k * (k + 1.0) * (k + 1.0) / 4.0);
    let rest = n * (k - 1.0) - chi;
    let statistic = if rest <= 1e-9 * chi { f64::INFINITY } else { (n - 1.0) * chi / rest };
    let degrees = (k - 1.0, (k - 1.0) * (n - 1.0));
    Some(Friedman { statistic, degrees, p: beta::f_tail(statistic, degrees.0, degrees.1) })
}

/// Widest runs of neighbouring ranks whose ends are closer than the critical difference; `ascending` holds mean ranks.
pub fn alike(ascending: &[f64], critical: f64) -> Vec<(f64, f64)> {
    let mut groups: Vec<(usize, usize)> = Vec::new();
    for first in 0..ascending.len() {
        let last = ascending.partition_point(|rank| rank - ascending[first] < critical).saturating_sub(1);
        if last > first && groups.last().is_none_or(|(_, end)| last > *end) {
            groups.push((first, last));
        }
    }
    groups.into_iter().map(|(first, last)| (ascending[first], ascending[last])).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use weightscope_math::rng::stream;

    #[test]
    fn ties_share_their_rank() {
        assert_eq!(ranks(&[3.0, 1.0, 3.0, 2.0]), [3.5, 1.0, 3.5, 2.0]);
        assert_eq!(mean_ranks(&[vec![1.0, 2.0], vec![2.0, 1.0]]), [1.5, 1.5]);
    }

    #[test]
    fn the_critical_difference_is_that_of_the_published_example() {
        // Demšar, section 3.2.2: four methods on fourteen sets, 1.25 at 5 %.
        assert!((critical_difference(4, 14).unwrap() - 1.25).abs() < 0.01);
        assert_eq!(critical_difference(4, 4), None);
    }

    #[test]
    fn friedmans_test_is_that_of_the_published_example() {
        // Demšar, section 3.2.2: mean ranks over fourteen sets, F = 3.69 with 3 and 39 degrees of freedom.
        let found = friedman(&[3.143, 2.0, 2.893, 1.964], 14).unwrap();
        assert!((found.statistic - 3.69).abs() < 0.01, "{found:?}");
        assert_eq!(found.degrees, (3.0, 39.0));
        assert!(found.p < 0.05 && found.p > 0.01, "{found:?}");
        assert_eq!(friedman(&[1.0, 2.0, 3.0], 6).unwrap().p, 0.0, "all sets agree");
        assert_eq!(friedman(&[1.0], 6), None, "one method");
    }

    #[test]
    fn groups_are_the_widest_that_do_not_differ() {
        assert_eq!(alike(&[1.964, 2.0, 2.893, 3.143], 1.25), [(1.964, 3.143)]);
        assert_eq!(alike(&[1.0, 1.5, 2.2, 4.0], 1.0), [(1.0, 1.5), (1.5, 2.2)]);
        assert!(alike(&[1.0, 3.0], 1.0).is_empty(), "all differ");
    }

    #[test]
    fn a_bootstrap_interval_holds_its_mean() {
        let values: Vec<f64> = (0..50).map(|index| f64::from(index % 7) - 2.0).collect();
        let found = paired_bootstrap(&values, 500, 0.95, &mut stream(1, "bootstrap"));
        assert!(found.lower < found.mean && found.mean < found.upper, "{found:?}");
    }
}
