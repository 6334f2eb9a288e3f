//! Principal component analysis: the right singular vectors of the rows less their mean (Jolliffe, "Principal Component Analysis", 3.5).

use super::{Matrix, add_scaled, dot, svd};
use crate::error::{MathError, check_count};

/// Directions of most variance of `n` rows of `d` columns.
#[derive(Clone, Debug, PartialEq)]
pub struct Pca {
    /// Mean of each column, `[d]`.
    pub mean: Vec<f64>,
    /// Unit directions, most variance first, `[k, d]`. The entry of largest magnitude in each is positive (the first among equals).
    pub components: Matrix,
    /// Variance along each direction, `σ²/(n − 1)`, `[k]`.
    pub variances: Vec<f64>,
    /// The same as shares of the total variance, that of left-out directions included; zeros if nothing varies.
    pub shares: Vec<f64>,
}

impl Pca {
    /// The leading `most` components of the rows, at most `min(n − 1, d)`. Refused with fewer than two rows, without columns, or if a
    /// value is not finite.
    pub fn fit(rows: &Matrix, most: usize) -> Result<Self, MathError> {
        check_count("principal components", 2, rows.rows())?;
        rows.check("principal components")?;
        let mean = rows.column_means();
        let mut centred = rows.clone();
        (0..rows.rows()).for_each(|row| add_scaled(centred.row_mut(row), -1.0, &mean));
        let found = svd(&centred)?;
        let degrees = (rows.rows() - 1) as f64;
        let total: f64 = found.values.iter().map(|value| value * value).sum();
        let kept = most.min(rows.rows() - 1).min(found.values.len());
        let squares = || found.values.iter().take(kept).map(|value| value * value);
        let mut components = Matrix::zeros(kept, rows.columns());
        for index in 0..kept {
            components.row_mut(index).copy_from_slice(found.right.row(index));
        }
        Ok(Self {
            mean,
            components,
            variances: squares().map(|square| square / degrees).collect(),
            shares: squares().map(|square| if total > 0.0 { square / total } else { 0.0 }).collect(),
        })
    }

    /// Coordinates of rows `[n, d]` along the components, `[n, k]`; refused unless they have `d` columns.
    pub fn scores(&self, rows: &Matrix) -> Result<Matrix, MathError> {
        if rows.columns() != self.mean.len() {
            let needed = format!("rows of {} columns", self.mean.len());
            let what = "coordinates along principal components";
            return Err(MathError::Shape { what, needed, found: rows.columns().to_string() });
        }
        let mut scores = Matrix::zeros(rows.rows(), self.components.rows());
        for (index, row) in rows.each_row().enumerate() {
            let centred: Vec<f64> = row.iter().zip(&self.mean).map(|(value, mean)| value - mean).collect();
            for (score, component) in scores.row_mut(index).iter_mut().zip(self.components.each_row()) {
                *score = dot(&centred, component);
            }
        }
        Ok(scores)
    }

    /// Rows `[n, d]` from coordinates `[n, k]`: mean plus coordinates times components; refused unless there are `k` coordinates.
    pub fn rebuilt(&self, scores: &Matrix) -> Result<Matrix, MathError> {
        let mut rows = scores.times(&self.components)?;
        (0..rows.rows()).for_each(|row| add_scaled(rows.row_mut(row), 1.0, &self.mean));
        Ok(rows)
    }
}

/// The entry of largest magnitude, the first among equals; 0 without entries.
pub(super) fn peak(values: &[f64]) -> f64 {
    values.iter().copied().fold(0.0, |peak: f64, value| if value.abs() > peak.abs() { value } else { peak })
}

#[cfg(test)]
mod tests {
    use super::super::matrix::tests::random;
    use super::*;

    /// `x = numpy.array(...); c = x - x.mean(0); numpy.linalg.svd(c)`: variances `s**2 / 3` (2.4.6).
    #[test]
    fn a_known_table_has_its_known_components() {
        let rows =
            Matrix::new(4, 3, vec![2.0, 0.0, 1.0, 1.0, 3.0, 0.0, 4.0, 1.0, 2.0, 0.0, 2.0, 5.0]).unwrap();
        let found = Pca::fit(&rows, 9).unwrap();
        let variances = [5.474576198250301, 2.9465746837508857, 0.8288491179988101];
        let components = [
            [-0.5118104695030905, 0.1568084035263162, 0.8446663056441603],
            [0.6412711631132688, -0.5845339511218828, 0.4970828455551401],
            [0.571682900449525, 0.7960723488285273, 0.19861388864893198],
        ];
        assert_eq!(found.mean, [1.75, 1.5, 2.0]);
        assert!(found.variances.iter().zip(variances).all(|(a, b)| (a - b).abs() < 1e-13), "{found:?}");
        let found = found.components.values().iter();
        assert!(found.zip(components.as_flattened()).all(|(a, b)| (a - b).abs() < 1e-13));
    }

    #[test]
    fn all_components_together_rebuild_the_rows() {
        for (n, d) in [(8, 3), (4, 9), (2, 2)] {
            let rows = random("pca", n, d);
            let found = Pca::fit(&rows, d).unwrap();
            assert_eq!(found.components.rows(), d.min(n - 1));
            assert!((found.shares.iter().sum::<f64>() - 1.0).abs() < 1e-12);
            let scores = found.scores(&rows).unwrap();
            let rebuilt = found.rebuilt(&scores).unwrap();
            for (x, y) in rows.values().iter().zip(rebuilt.values()) {
                assert!((x - y).abs() < 1e-12);
            }
            for (index, variance) in found.variances.iter().enumerate() {
                let square: f64 = scores.each_row().map(|row| row[index] * row[index]).sum();
                assert!((square / (n - 1) as f64 - variance).abs() < 1e-12, "scores have that variance");
            }
            assert!(found.components.each_row().all(|row| peak(row) > 0.0));
        }
    }

    #[test]
    fn what_has_no_components_is_refused_or_has_no_variance() {
        assert!(Pca::fit(&random("one", 1, 3), 2).is_err());
        assert!(Pca::fit(&Matrix::zeros(3, 0), 2).is_err());
        assert!(Pca::fit(&Matrix::new(2, 1, vec![0.0, f64::NAN]).unwrap(), 1).is_err());
        let still = Pca::fit(&Matrix::new(3, 2, vec![1.0; 6]).unwrap(), 2).unwrap();
        assert_eq!((still.variances, still.shares), (vec![0.0; 2], vec![0.0; 2]));
        let found = Pca::fit(&random("pca", 5, 3), 2).unwrap();
        assert!(
            found.scores(&random("other", 2, 4)).is_err() && found.rebuilt(&random("other", 2, 3)).is_err()
        );
    }
}
