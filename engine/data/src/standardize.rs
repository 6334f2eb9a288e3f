//! Shifting and scaling features to mean 0 and standard deviation 1.
//!
//! Contract: the numbers come from the training rows only, so that nothing of the test rows leaks into them.
//! The standard deviation is that of the population (division by n). A column whose values differ by no more than rounding is constant: it
//! becomes 0 in every row, those of later tables too, so that noise is never scaled up.

use super::dataset::Dataset;
use super::error::DataError;
use super::read::{ColumnRead, Doubt, Read, ReadAs};

/// A column is constant if its deviation is at most this share of its mean, in the units of the source: a thousand times the rounding of
/// double precision in a long sum, and far below the spread of times counted in seconds since 1970.
pub const CONSTANT: f64 = 1e-10;

/// True if a column with this mean and population deviation holds one value, but for rounding.
pub fn is_constant(mean: f64, deviation: f64) -> bool {
    deviation.is_nan() || deviation <= CONSTANT * mean.abs()
}

/// What one mean and one standard deviation are taken over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    /// All values of all training rows: keeps the contrast between pixels.
    Global,
    /// Each column by itself.
    PerColumn,
}

impl Scope {
    /// One scale for the pixels of images, which share their unit; one for each column of anything else.
    pub fn of(dataset: &Dataset) -> Self {
        if dataset.image().is_some() { Self::Global } else { Self::PerColumn }
    }

    /// In words, for what was read.
    pub fn words(self) -> &'static str {
        match self {
            Self::Global => "all pixels share one mean and one scale",
            Self::PerColumn => "each column has a mean and a scale of its own",
        }
    }
}

/// A mean and a standard deviation per column.
#[derive(Clone, Debug, PartialEq)]
pub struct Standardizer {
    /// `[columns]`, in the units of the features.
    mean: Vec<f32>,
    /// `[columns]`, positive, or 0 for a constant column.
    standard_deviation: Vec<f32>,
}

impl Standardizer {
    /// Mean and standard deviation of the training rows.
    ///
    /// # Errors
    /// [`DataError::Request`] if there are no training rows, or one of them does not exist.
    pub fn fit(dataset: &Dataset, training_rows: &[usize], scope: Scope) -> Result<Self, DataError> {
        if training_rows.is_empty() {
            return Err(DataError::Request {
                problem: "there are no training rows to take the mean of".to_owned(),
                remedy: "choose a larger training part",
            });
        }
        let rows = super::batches::existing_rows(dataset, training_rows)?;
        let columns = dataset.columns();
        // Two passes in 64 bits: the one-pass formula loses digits where the mean is large.
        let mut mean = moments(&rows, &vec![0.0; columns], |value, _| value);
        if scope == Scope::Global {
            mean = vec![average(&mean); columns];
        }
        let mut variance = moments(&rows, &mean, |value, mean| (value - mean) * (value - mean));
        if scope == Scope::Global {
            variance = vec![average(&variance); columns];
        }
        let offset = |column: usize| dataset.offsets().get(column).copied().unwrap_or_default();
        let scale = |(column, (mean, variance)): (usize, (&f64, &f64))| {
            let deviation = variance.sqrt();
            if is_constant(mean + offset(column), deviation) { 0.0 } else { deviation as f32 }
        };
        Ok(Self {
            standard_deviation: mean.iter().zip(&variance).enumerate().map(scale).collect(),
            mean: mean.into_iter().map(|mean| mean as f32).collect(),
        })
    }

    /// The same published mean and standard deviation for all columns, in the units of the features.
    ///
    /// # Errors
    /// [`DataError::Request`] if they are not finite, or the standard deviation is not positive.
    pub fn fixed(columns: usize, mean: f32, standard_deviation: f32) -> Result<Self, DataError> {
        if !(mean.is_finite() && standard_deviation.is_finite() && standard_deviation > 0.0) {
            return Err(DataError::Request {
                problem: format!(
                    "mean {mean} and standard deviation {standard_deviation} cannot standardize"
                ),
                remedy: "choose finite numbers, the standard deviation above 0",
            });
        }
        Ok(Self { mean: vec![mean; columns], standard_deviation: vec![standard_deviation; columns] })
    }

    /// The mean of each column, `[columns]`.
    pub fn mean(&self) -> &[f32] {
        &self.mean
    }

    /// The standard deviation of each column, `[columns]`; 0 where the column is constant.
    pub fn standard_deviation(&self) -> &[f32] {
        &self.standard_deviation
    }

    /// What was read of a data set, with this scale and the columns that have no weight.
    pub fn account(&self, dataset: &Dataset, scope: Scope) -> Read {
        let mut read = dataset.read().clone();
        scope.words().clone_into(&mut read.scale);
        if scope == Scope::Global {
            return read;
        }
        for name in self.constant().into_iter().filter_map(|column| dataset.column_names().get(column)) {
            match read.columns.iter_mut().find(|column| column.name == *name) {
                Some(column) => column.kind = ReadAs::Constant,
                None => read.columns.push(ColumnRead {
                    name: name.clone(),
                    kind: ReadAs::Constant,
                    ..ColumnRead::default()
                }),
            }
            let why = "holds one value in all training rows, and has no weight";
            read.doubts.push(Doubt::of_column(name, why, "leave the column out, or choose other rows"));
        }
        read
    }

    /// Columns, by their places, that hold one value.
    pub fn constant(&self) -> Vec<usize> {
        let columns = self.standard_deviation.iter().enumerate();
        columns.filter(|(_, deviation)| **deviation == 0.0).map(|(column, _)| column).collect()
    }

    /// Replaces x by (x − mean) / standard deviation in rows laid one after the other, `[rows, columns]`; by 0 in constant columns.
    pub fn apply(&self, features: &mut [f32]) {
        self.for_each_row(
            features,
            |value, mean, deviation| if deviation == 0.0 { 0.0 } else { (value - mean) / deviation },
        );
    }

    /// Undoes [`Standardizer::apply`], but for rounding.
    pub fn undo(&self, features: &mut [f32]) {
        self.for_each_row(features, |value, mean, standard_deviation| value * standard_deviation + mean);
    }

    fn for_each_row(&self, features: &mut [f32], change: impl Fn(f32, f32, f32) -> f32) {
        // `max`: a chunk size of 0 is not allowed, and without columns there is nothing to change.
        for row in features.chunks_mut(self.mean.len().max(1)) {
            for ((value, mean), standard_deviation) in
                row.iter_mut().zip(&self.mean).zip(&self.standard_deviation)
            {
                *value = change(*value, *mean, *standard_deviation);
            }
        }
    }
}

/// The mean over the rows of a function of each value and its column's number, `[columns]`.
fn moments(rows: &[&[f32]], columns: &[f64], function: impl Fn(f64, f64) -> f64) -> Vec<f64> {
    let mut sums = vec![0.0; columns.len()];
    for row in rows {
        for ((sum, value), column) in sums.iter_mut().zip(*row).zip(columns) {
            *sum += function(f64::from(*value), *column);
        }
    }
    sums.iter().map(|sum| sum / rows.len() as f64).collect()
}

fn average(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len() as f64
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dataset::{Contents, Target};

    fn dataset(features: Vec<f32>) -> Dataset {
        let target = Target::Values(vec![0.0; features.len() / 2]);
        let contents = Contents { name: "t".into(), features, columns: 2, target, ..Contents::default() };
        Dataset::new(contents).unwrap()
    }

    #[test]
    fn columns_are_standardized_by_themselves_from_training_rows() {
        let dataset = dataset(vec![1.0, 5.0, 3.0, 5.0, 900.0, 900.0]);
        let standardizer = Standardizer::fit(&dataset, &[0, 1], Scope::PerColumn).unwrap();
        assert_eq!(standardizer.mean(), [2.0, 5.0]);
        assert_eq!((standardizer.standard_deviation(), standardizer.constant()), (&[1.0, 0.0][..], vec![1]));
        let mut features = dataset.features().to_vec();
        standardizer.apply(&mut features);
        assert_eq!(features, [-1.0, 0.0, 1.0, 0.0, 898.0, 0.0], "a constant column has no weight");
        standardizer.undo(&mut features);
        assert_eq!(features, [1.0, 5.0, 3.0, 5.0, 900.0, 5.0], "but for the constant column");
    }

    #[test]
    fn the_global_scope_takes_one_mean_over_all() {
        let dataset = dataset(vec![0.0, 2.0, 4.0, 6.0]);
        let standardizer = Standardizer::fit(&dataset, &[0, 1], Scope::Global).unwrap();
        assert_eq!(standardizer.mean(), [3.0, 3.0]);
        assert_eq!(standardizer.standard_deviation(), [5.0_f32.sqrt(); 2]);
    }

    #[test]
    fn a_large_mean_costs_no_digits() {
        let dataset = dataset(vec![1e6, 1e6, 1e6 + 1.0, 1e6]);
        let standardizer = Standardizer::fit(&dataset, &[0, 1], Scope::PerColumn).unwrap();
        assert_eq!(standardizer.standard_deviation(), [0.5, 0.0]);
    }

    #[test]
    fn rounding_is_no_spread_and_seconds_are() {
        assert!(is_constant(14.62, 1.8e-15) && is_constant(0.0, 0.0), "the same number, summed up");
        assert!(!is_constant(1.7e9, 60.0), "a few minutes of seconds since 1970");
        assert!(!is_constant(0.0, 1e-300), "tiny numbers around zero differ");
    }

    #[test]
    fn published_numbers_are_checked() {
        let mut features = [1.0, 5.0];
        Standardizer::fixed(2, 1.0, 2.0).unwrap().apply(&mut features);
        assert_eq!(features, [0.0, 2.0]);
        assert_eq!(
            Standardizer::fixed(2, 1.0, 0.0).unwrap_err().to_string(),
            "mean 1 and standard deviation 0 cannot standardize; choose finite numbers, the standard deviation above 0"
        );
    }

    #[test]
    fn rows_that_cannot_be_used_are_refused() {
        let dataset = dataset(vec![0.0; 4]);
        assert_eq!(
            Standardizer::fit(&dataset, &[], Scope::Global).unwrap_err().to_string(),
            "there are no training rows to take the mean of; choose a larger training part"
        );
        assert!(Standardizer::fit(&dataset, &[2], Scope::Global).is_err());
    }
}
