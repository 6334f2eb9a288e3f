//! Ridge regression from a data set to weights: the linear map that a generator must be compared with (own baseline; in the desk study it
//! is better than diffusion where the zoo has one start).

use weightscope_math::linalg::Matrix;
use weightscope_math::linalg::solve::Cholesky;

use super::error::{Result, check_length};

/// A linear map with its centres.
#[derive(Clone, Debug, PartialEq)]
pub struct Ridge {
    input_means: Vec<f64>,
    output_means: Vec<f64>,
    /// `[inputs, outputs]`.
    map: Matrix,
}

impl Ridge {
    /// The map B that makes `‖(X − x̄)·B − (Y − ȳ)‖² + ridge·‖B‖²` least, for one row per task: conditions X `[tasks, inputs]` (class means),
    /// weights Y `[tasks, outputs]` (the mean network of a task, normalised). Solved through the products of the rows, so it costs tasks³.
    /// Refused unless both have the same number of rows, all is finite, and the ridge is positive.
    pub fn fit(conditions: &Matrix, weights: &Matrix, ridge: f64) -> Result<Self> {
        check_length("the list of networks", conditions.rows(), weights.rows())?;
        let (x, input_means) = centred(conditions);
        let (y, output_means) = centred(weights);
        let mut products = x.row_products();
        let size = products.rows();
        products.values_mut().iter_mut().step_by(size + 1).for_each(|value| *value += ridge);
        let factor = Cholesky::new(&products)?;
        let columns: Vec<Vec<f64>> =
            y.transposed().each_row().map(|column| factor.solve(column)).collect::<Result<_, _>>()?;
        let dual = Matrix::new(y.columns(), size, columns.concat())?.transposed();
        Ok(Self { input_means, output_means, map: x.transposed().times(&dual)? })
    }

    /// The weights for one condition `[inputs]`; refused for another length.
    pub fn predict(&self, condition: &[f64]) -> Result<Vec<f64>> {
        check_length("the condition", self.input_means.len(), condition.len())?;
        let mut weights = self.output_means.clone();
        for ((value, mean), row) in condition.iter().zip(&self.input_means).zip(self.map.each_row()) {
            weights.iter_mut().zip(row).for_each(|(weight, slope)| *weight += (value - mean) * slope);
        }
        Ok(weights)
    }
}

/// The matrix without its column means, and those.
fn centred(matrix: &Matrix) -> (Matrix, Vec<f64>) {
    let means = matrix.column_means();
    let mut rest = matrix.clone();
    for row in rest.values_mut().chunks_exact_mut(means.len().max(1)) {
        row.iter_mut().zip(&means).for_each(|(value, mean)| *value -= mean);
    }
    (rest, means)
}

#[cfg(test)]
mod tests {
    use super::*;
    use weightscope_math::linalg::solve::least_squares;
    use weightscope_math::stream;

    fn random(name: &str, rows: usize, columns: usize) -> Matrix {
        let mut random = stream(5, name);
        Matrix::new(rows, columns, (0..rows * columns).map(|_| f64::from(random.normal())).collect()).unwrap()
    }

    #[test]
    fn it_is_least_squares_with_a_ridge() {
        let (x, y) = (random("x", 9, 4), random("y", 9, 2));
        let ridge = Ridge::fit(&x, &y, 0.7).unwrap();
        let (centred_x, _) = centred(&x);
        let (centred_y, means) = centred(&y);
        let condition = [0.3, -1.0, 2.0, 0.1];
        let shifted: Vec<f64> = condition.iter().zip(x.column_means()).map(|(a, b)| a - b).collect();
        for (output, found) in ridge.predict(&condition).unwrap().into_iter().enumerate() {
            let slopes = least_squares(&centred_x, centred_y.transposed().row(output), 0.7).unwrap();
            let expected = means[output] + slopes.iter().zip(&shifted).map(|(a, b)| a * b).sum::<f64>();
            assert!((found - expected).abs() < 1e-10);
        }
    }

    #[test]
    fn a_strong_ridge_gives_the_mean() {
        let (x, y) = (random("x", 5, 8), random("y", 5, 3));
        let found = Ridge::fit(&x, &y, 1e12).unwrap().predict(x.row(0)).unwrap();
        assert!(found.iter().zip(y.column_means()).all(|(a, b)| (a - b).abs() < 1e-9));
        let close = Ridge::fit(&x, &y, 1e-9).unwrap().predict(x.row(2)).unwrap();
        assert!(
            close.iter().zip(y.row(2)).all(|(a, b)| (a - b).abs() < 1e-6),
            "few tasks are fitted exactly"
        );
        assert!(Ridge::fit(&x, &random("y", 4, 3), 1.0).is_err());
        assert!(Ridge::fit(&x, &y, 1.0).unwrap().predict(&[1.0]).is_err());
    }
}
