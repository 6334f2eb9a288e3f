//! The Lanczos process with full re-orthogonalisation (twice is enough), from a given start (Golub and Van Loan, 10.1).
//!
//! The symmetric matrix is known by its products with vectors alone. Vectors are slices of an [`Element`], which may be a number or a
//! group of numbers.

use super::symmetric::eigen_tridiagonal;

/// What a vector is made of.
pub trait Element: Copy {
    /// Zero.
    const ZERO: Self;
    /// Relative length below which a new vector counts as nothing.
    const BREAKDOWN: f64;
    /// Length below which a vector cannot be scaled to length one.
    const LEAST: f64;

    /// Inner product in double precision.
    fn dot(a: &[Self], b: &[Self]) -> f64;

    /// `target += factor · values`.
    fn add_scaled(target: &mut [Self], factor: f64, values: &[Self]);

    /// `values *= factor`.
    fn scale(values: &mut [Self], factor: f64);

    /// Euclidean norm.
    fn norm(values: &[Self]) -> f64 {
        Self::dot(values, values).sqrt()
    }
}

impl Element for f64 {
    const ZERO: Self = 0.0;
    const BREAKDOWN: Self = 1e-12;
    const LEAST: Self = Self::MIN_POSITIVE;

    fn dot(a: &[Self], b: &[Self]) -> f64 {
        super::dot(a, b)
    }

    fn add_scaled(target: &mut [Self], factor: f64, values: &[Self]) {
        super::add_scaled(target, factor, values);
    }

    fn scale(values: &mut [Self], factor: f64) {
        values.iter_mut().for_each(|value| *value *= factor);
    }
}

/// The tridiagonal matrix of a run and what follows from it.
#[derive(Clone, Debug, PartialEq)]
pub struct Lanczos {
    /// Diagonal.
    pub alpha: Vec<f64>,
    /// Elements beside it.
    pub beta: Vec<f64>,
    /// Eigenvalues of the tridiagonal matrix, ascending: Ritz values.
    pub ritz: Vec<f64>,
    /// Squared first component of each eigenvector; they sum to 1.
    pub weights: Vec<f64>,
}

/// `steps` steps from `start` (any length). When the space is exhausted the process goes on from `restart`, at right angles to all
/// vectors so far, or ends when even that gives nothing new. `product` writes the matrix times its first argument into the second, and
/// may stop the process with its error. A start of zeros gives zeros; numbers that are not finite give no Ritz values.
pub fn lanczos<T: Element, E>(
    product: &mut impl FnMut(&[T], &mut [T]) -> Result<(), E>,
    start: &[T],
    steps: usize,
    mut restart: impl FnMut() -> Vec<T>,
) -> Result<Lanczos, E> {
    let (mut alpha, mut beta) = (Vec::new(), Vec::new());
    let mut basis: Vec<Vec<T>> = Vec::new();
    let mut next = start.to_vec();
    let length = T::norm(&next);
    if length > 0.0 {
        T::scale(&mut next, 1.0 / length);
    }
    let mut image = vec![T::ZERO; next.len()];
    let mut largest = 0.0_f64;
    while alpha.len() < steps {
        basis.push(next);
        let Some(present) = basis.last() else { break };
        product(present, &mut image)?;
        let quotient = T::dot(present, &image);
        alpha.push(quotient);
        if alpha.len() == steps {
            break;
        }
        orthogonalize(&mut image, &basis);
        let mut length = T::norm(&image);
        largest = largest.max(quotient.abs()).max(length);
        next = image[..].to_vec();
        let mut coupling = length;
        if length <= T::BREAKDOWN * largest || length == 0.0 {
            next = restart();
            let drawn = T::norm(&next);
            orthogonalize(&mut next, &basis);
            length = T::norm(&next);
            coupling = 0.0;
            // What is left of a vector inside the space is rounding.
            if length <= T::LEAST || length <= T::BREAKDOWN * drawn {
                break;
            }
        }
        beta.push(coupling);
        T::scale(&mut next, 1.0 / length);
    }
    let (ritz, weights) = match eigen_tridiagonal(&alpha, &beta) {
        Some(eigen) => {
            (eigen.values, eigen.vectors.iter().filter_map(|vector| Some(vector.first()?.powi(2))).collect())
        }
        None => (Vec::new(), Vec::new()),
    };
    Ok(Lanczos { alpha, beta, ritz, weights })
}

fn orthogonalize<T: Element>(vector: &mut [T], basis: &[Vec<T>]) {
    for _ in 0..2 {
        for other in basis {
            let part = T::dot(vector, other);
            T::add_scaled(vector, -part, other);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::matrix::tests::random;
    use super::super::symmetric::eigen;
    use super::*;
    use std::convert::Infallible;

    fn run(matrix: &crate::Matrix, start: &[f64], steps: usize) -> Lanczos {
        let mut product = |x: &[f64], image: &mut [f64]| {
            image.copy_from_slice(&matrix.times_vector(x).unwrap());
            Ok::<(), Infallible>(())
        };
        let mut restarts = 0;
        lanczos(&mut product, start, steps, || {
            restarts += 1;
            random(&format!("restart {restarts}"), 1, start.len()).values().to_vec()
        })
        .unwrap()
    }

    #[test]
    fn as_many_steps_as_rows_give_all_eigenvalues_and_the_moments() {
        let matrix = random("factor", 12, 20).row_products();
        let start = random("start", 1, 12);
        let found = run(&matrix, start.values(), 12);
        let exact = eigen(matrix.values(), 12).unwrap().values;
        for (ritz, value) in found.ritz.iter().zip(&exact) {
            assert!((ritz - value).abs() < 1e-11 * exact[11], "{ritz} instead of {value}");
        }
        assert!((found.weights.iter().sum::<f64>() - 1.0).abs() < 1e-13);
        let first: f64 = found.ritz.iter().zip(&found.weights).map(|(ritz, weight)| ritz * weight).sum();
        assert!((first - found.alpha[0]).abs() < 1e-11, "the first moment is the first quotient");
    }

    #[test]
    fn few_steps_find_the_ends_of_the_spectrum() {
        let values: Vec<f64> =
            (0..60).map(|index| if index == 59 { 100.0 } else { f64::from(index) }).collect();
        let mut matrix = crate::Matrix::zeros(60, 60);
        values.iter().enumerate().for_each(|(index, value)| matrix.row_mut(index)[index] = *value);
        let found = run(&matrix, &[1.0; 60], 25);
        assert!((found.ritz.last().unwrap() - 100.0).abs() < 1e-9, "{:?}", found.ritz);
    }

    #[test]
    fn a_start_inside_an_invariant_space_is_left_by_a_restart() {
        let mut matrix = crate::Matrix::zeros(3, 3);
        [5.0, -1.0, 2.0]
            .into_iter()
            .enumerate()
            .for_each(|(index, value)| matrix.row_mut(index)[index] = value);
        let found = run(&matrix, &[1.0, 0.0, 0.0], 9);
        assert_eq!(found.beta[0], 0.0);
        assert!(found.ritz.iter().zip([-1.0, 2.0, 5.0]).all(|(a, b)| (a - b).abs() < 1e-12), "{found:?}");
        assert_eq!(found.alpha.len(), 3, "the space has no more");
    }

    #[test]
    fn an_error_of_the_product_ends_the_process() {
        let mut product = |_: &[f64], _: &mut [f64]| Err("stopped");
        assert_eq!(lanczos(&mut product, &[1.0], 3, || vec![1.0]), Err("stopped"));
        assert!(run(&crate::Matrix::identity(1), &[f64::NAN], 1).ritz.is_empty());
    }
}
