//! Mean and variance in one pass (Welford, Technometrics 4, 1962; Chan et al. 1983 for the sum of two parts), skewness and kurtosis
//! in two.

/// Count, mean and squared deviations of a stream of values. A value that is not finite makes mean and variance not-a-number.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Moments {
    count: u64,
    mean: f64,
    squares: f64,
}

impl Moments {
    /// Those of these values.
    pub fn of(values: &[f64]) -> Self {
        let mut moments = Self::default();
        values.iter().for_each(|value| moments.push(*value));
        moments
    }

    /// Takes one more value.
    pub fn push(&mut self, value: f64) {
        self.count += 1;
        let before = value - self.mean;
        self.mean += before / self.count as f64;
        self.squares += before * (value - self.mean);
    }

    /// Takes all values of another stream.
    pub fn merge(&mut self, other: &Self) {
        if other.count == 0 {
            return;
        }
        let (own, others) = (self.count as f64, other.count as f64);
        let difference = other.mean - self.mean;
        self.count += other.count;
        self.mean += difference * others / (own + others);
        self.squares += other.squares + difference * difference * own * others / (own + others);
    }

    /// Number of values.
    pub fn count(&self) -> u64 {
        self.count
    }

    /// Mean; `None` without values.
    pub fn mean(&self) -> Option<f64> {
        (self.count > 0).then_some(self.mean)
    }

    /// Mean squared deviation `Σ(x − x̄)²/n`; `None` without values.
    pub fn population_variance(&self) -> Option<f64> {
        (self.count > 0).then(|| self.squares / self.count as f64)
    }

    /// Unbiased variance `Σ(x − x̄)²/(n − 1)`; `None` with fewer than two values.
    pub fn variance(&self) -> Option<f64> {
        (self.count > 1).then(|| self.squares / (self.count - 1) as f64)
    }

    /// Standard error of the mean `√(variance/n)`; `None` with fewer than two values.
    pub fn standard_error(&self) -> Option<f64> {
        Some((self.variance()? / self.count as f64).sqrt())
    }
}

/// Mean; `None` without values.
pub fn mean(values: &[f64]) -> Option<f64> {
    Moments::of(values).mean()
}

/// Skewness `m₃/m₂^{3/2}` from population moments; `None` if nothing varies or a value is not finite.
pub fn skewness(values: &[f64]) -> Option<f64> {
    standardised_power(values, 3)
}

/// Excess kurtosis `m₄/m₂² − 3` from population moments, 0 for the normal distribution; `None` as for [`skewness`].
pub fn kurtosis(values: &[f64]) -> Option<f64> {
    Some(standardised_power(values, 4)? - 3.0)
}

fn standardised_power(values: &[f64], power: i32) -> Option<f64> {
    let moments = Moments::of(values);
    let (mean, deviation) = (moments.mean()?, moments.population_variance()?.sqrt());
    // Deviations that are rounding errors of the mean are none.
    if deviation.is_nan() || deviation <= f64::EPSILON * mean.abs() {
        return None;
    }
    let sum: f64 = values.iter().map(|value| ((value - mean) / deviation).powi(power)).sum();
    Some(sum / values.len() as f64).filter(|value| value.is_finite())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// `numpy.mean`, `numpy.var`, `scipy.stats.skew`, `scipy.stats.kurtosis` (2.4.6, 1.17.1).
    #[test]
    fn known_values_have_their_known_moments() {
        let values = [2.5, -1.0, 4.0, 0.5, 3.0, 3.0, -2.0, 7.5];
        let near = |found: Option<f64>, expected: f64| assert!((found.unwrap() - expected).abs() < 1e-13);
        let moments = Moments::of(&values);
        near(moments.mean(), 2.1875);
        near(moments.population_variance(), 7.93359375);
        near(moments.variance(), 9.066964285714286);
        near(skewness(&values), 0.25938951405584204);
        near(kurtosis(&values), -0.5632067794095508);
    }

    #[test]
    fn too_few_or_equal_values_have_no_moments() {
        assert_eq!((mean(&[]), Moments::of(&[1.0]).variance()), (None, None));
        assert_eq!((skewness(&[0.1; 7]), kurtosis(&[])), (None, None));
        assert_eq!(kurtosis(&[1.0, f64::NAN, 2.0]), None);
        assert!(mean(&[1.0, f64::INFINITY]).is_some_and(|mean| !mean.is_finite()));
    }

    proptest! {
        #[test]
        fn two_parts_make_the_whole(values in prop::collection::vec(-1e3_f64..1e3, 2..40), cut in 0_usize..40) {
            let (first, second) = values.split_at(cut.min(values.len()));
            let (mut joined, whole) = (Moments::of(first), Moments::of(&values));
            joined.merge(&Moments::of(second));
            prop_assert_eq!(joined.count(), whole.count());
            prop_assert!((joined.mean().unwrap() - whole.mean().unwrap()).abs() < 1e-10);
            prop_assert!((joined.variance().unwrap() - whole.variance().unwrap()).abs() < 1e-8);
        }
    }
}
