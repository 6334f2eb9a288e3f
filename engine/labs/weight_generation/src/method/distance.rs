//! How near generated networks are to those of a zoo, in weights: cosine and Euclidean distance (own definitions), and whether that is
//! nearer than the zoo's networks are to each other (arXiv 2506.07998, section 4).

use weightscope_math::MathError;
use weightscope_math::linalg::Dense;
use weightscope_math::real::Real;

/// Cosine of every row of `these` with every row of `those`, `[these, those]`; not-a-number for a row of zeros.
pub fn cosines<R: Real>(these: &Dense<R>, those: &Dense<R>) -> Result<Dense<f64>, MathError> {
    each_pair(these, those, |a, b| {
        let (product, a, b) = a.iter().zip(b).fold((0.0, 0.0, 0.0), |(product, aa, bb), (a, b)| {
            let (a, b) = (a.to_f64(), b.to_f64());
            (product + a * b, aa + a * a, bb + b * b)
        });
        product / (a.sqrt() * b.sqrt())
    })
}

/// Euclidean distance of every row of `these` from every row of `those`, `[these, those]`.
pub fn distances<R: Real>(these: &Dense<R>, those: &Dense<R>) -> Result<Dense<f64>, MathError> {
    each_pair(these, those, |a, b| {
        a.iter().zip(b).map(|(a, b)| (a.to_f64() - b.to_f64()).powi(2)).sum::<f64>().sqrt()
    })
}

fn each_pair<R: Real>(
    these: &Dense<R>,
    those: &Dense<R>,
    value: impl Fn(&[R], &[R]) -> f64,
) -> Result<Dense<f64>, MathError> {
    if these.columns() != those.columns() {
        let (needed, found) =
            (format!("networks of {} values", these.columns()), those.columns().to_string());
        return Err(MathError::Shape { what: "distance of networks", needed, found });
    }
    let values = these.each_row().flat_map(|a| those.each_row().map(|b| value(a, b)).collect::<Vec<_>>());
    Dense::new(these.rows(), those.rows(), values.collect())
}

/// Position and value of the largest number of every row; `None` for a row without numbers.
pub fn largest_of_rows(values: &Dense<f64>) -> Vec<Option<(usize, f64)>> {
    values.each_row().map(|row| extreme(row, |new, old| new > old)).collect()
}

/// Position and value of the smallest number of every row; `None` for a row without numbers.
pub fn smallest_of_rows(values: &Dense<f64>) -> Vec<Option<(usize, f64)>> {
    values.each_row().map(|row| extreme(row, |new, old| new < old)).collect()
}

fn extreme(row: &[f64], better: impl Fn(f64, f64) -> bool) -> Option<(usize, f64)> {
    let mut found: Option<(usize, f64)> = None;
    for (index, value) in row.iter().enumerate().filter(|(_, value)| !value.is_nan()) {
        if found.is_none_or(|(_, old)| better(*value, old)) {
            found = Some((index, *value));
        }
    }
    found
}

/// Distance of every network of a zoo to its nearest *other* one; empty with fewer than two.
pub fn nearest_others<R: Real>(zoo: &Dense<R>) -> Result<Vec<f64>, MathError> {
    if zoo.rows() < 2 {
        return Ok(Vec::new());
    }
    let mut all = distances(zoo, zoo)?;
    // A network is no other of itself.
    all.values_mut().iter_mut().step_by(zoo.rows() + 1).for_each(|value| *value = f64::NAN);
    Ok(smallest_of_rows(&all).into_iter().map(|found| found.map_or(f64::NAN, |(_, value)| value)).collect())
}

/// Mean of the networks, value by value; empty without any.
pub fn mean<R: Real>(zoo: &Dense<R>) -> Vec<R> {
    if zoo.rows() == 0 {
        return Vec::new();
    }
    zoo.to_matrix().column_means().into_iter().map(R::from_f64).collect()
}

/// Whether generated networks are copies: how many lie nearer to the zoo than the zoo's networks lie to each other.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Copies {
    /// Generated networks whose distance to the zoo is below the mean distance of a zoo network to its nearest other.
    pub nearer: usize,
    /// Generated networks.
    pub of: usize,
    /// Mean distance of generated networks to the zoo, divided by the mean distance of a zoo network to its nearest other; not-a-number
    /// without networks.
    pub ratio: f64,
}

impl std::fmt::Display for Copies {
    /// One sentence with its numbers.
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { nearer, of, ratio } = self;
        write!(
            formatter,
            "closer to a zoo network than zoo networks are to each other in {nearer} of {of}; on average {ratio:.2} times as far"
        )
    }
}

/// Compares distances of generated networks to the nearest of the zoo with those of the zoo's networks to their nearest others.
pub fn copies(generated_to_zoo: &[f64], zoo_to_others: &[f64]) -> Copies {
    let mean = |values: &[f64]| values.iter().sum::<f64>() / values.len() as f64;
    let bound = mean(zoo_to_others);
    let nearer = generated_to_zoo.iter().filter(|distance| **distance < bound).count();
    Copies { nearer, of: generated_to_zoo.len(), ratio: mean(generated_to_zoo) / bound }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_copy_is_nearer_than_any_other() {
        let zoo = Dense::new(3, 2, vec![0.0, 0.0, 3.0, 4.0, 0.0, 1.0]).unwrap();
        let others = nearest_others(&zoo).unwrap();
        assert_eq!(others, [1.0, 18.0_f64.sqrt(), 1.0]);
        let generated = Dense::new(2, 2, vec![3.0, 4.0, 30.0, 40.0]).unwrap();
        let nearest: Vec<f64> = smallest_of_rows(&distances(&generated, &zoo).unwrap())
            .into_iter()
            .map(|found| found.unwrap().1)
            .collect();
        assert_eq!(nearest, [0.0, 45.0]);
        let found = copies(&nearest, &others);
        assert_eq!((found.nearer, found.of), (1, 2));
        assert!(
            found
                .to_string()
                .starts_with("closer to a zoo network than zoo networks are to each other in 1 of 2;")
        );
        assert!(nearest_others(&zoo.part(0, 0, 1, 2).unwrap()).unwrap().is_empty());
        assert!(distances(&zoo, &Dense::zeros(1, 3)).is_err());
    }

    #[test]
    fn a_network_of_zeros_has_no_direction() {
        let zoo = Dense::new(2, 2, vec![0.0, 0.0, 1.0, 0.0]).unwrap();
        let found = cosines(&zoo, &zoo).unwrap();
        assert!(found.get(0, 0).unwrap().is_nan() && found.get(1, 1) == Some(1.0));
        assert_eq!(largest_of_rows(&found), [None, Some((1, 1.0))]);
        assert_eq!(mean(&zoo), [0.5, 0.0]);
    }
}
