//! How alike networks are in what they get wrong (p-diff, arXiv 2402.13144, section 4.1; established: `evaluate.py`).
//!
//! Similarity is the intersection of two networks' wrong rows over their union. Where neither makes an error the union is empty and
//! the original divides 0 by 0; here they count as the same, 1 (own rule).

use weightscope_math::linalg::Dense;

use super::distance::largest_of_rows;
use super::error::{Result, check_length};

/// Which rows a network gets wrong; refused unless there is one prediction for each target.
pub fn wrong(predictions: &[u32], targets: &[u32]) -> Result<Vec<bool>> {
    check_length("the predictions", targets.len(), predictions.len())?;
    Ok(predictions.iter().zip(targets).map(|(predicted, target)| predicted != target).collect())
}

/// Share of rows that are right.
pub fn accuracy(wrong: &[bool]) -> f64 {
    wrong.iter().filter(|wrong| !**wrong).count() as f64 / wrong.len() as f64
}

/// `|A ∩ B|/|A ∪ B|` of two networks' wrong rows; 1 where neither has any.
pub fn overlap(a: &[bool], b: &[bool]) -> f64 {
    let count = |both: fn(bool, bool) -> bool| a.iter().zip(b).filter(|(a, b)| both(**a, **b)).count() as f64;
    let union = count(|a, b| a || b);
    if union == 0.0 { 1.0 } else { count(|a, b| a && b) / union }
}

/// Overlap of every network of `these` with every one of `those`, `[these, those]`.
pub fn overlaps(these: &[Vec<bool>], those: &[Vec<bool>]) -> Result<Dense<f64>> {
    let values = these.iter().flat_map(|a| those.iter().map(|b| overlap(a, b)));
    Ok(Dense::new(these.len(), those.len(), values.collect())?)
}

/// Similarities between and within a zoo and generated networks.
#[derive(Clone, Debug, PartialEq)]
pub struct Novelty {
    /// Mean overlap of two different networks of the zoo; not-a-number with fewer than two.
    pub within_zoo: f64,
    /// Mean overlap of two different generated networks; not-a-number with fewer than two.
    pub within_generated: f64,
    /// Mean overlap of a zoo network and a generated one.
    pub between: f64,
    /// Largest overlap of every generated network with the zoo.
    pub largest: Vec<f64>,
    /// Largest overlap of every zoo network with another one of the zoo.
    pub largest_within_zoo: Vec<f64>,
}

/// Similarities of networks by their wrong rows.
pub fn novelty(zoo: &[Vec<bool>], generated: &[Vec<bool>]) -> Result<Novelty> {
    let between = overlaps(generated, zoo)?;
    let (own, others) = (without_self(overlaps(zoo, zoo)?), without_self(overlaps(generated, generated)?));
    let largest = |values: &Dense<f64>| -> Vec<f64> {
        largest_of_rows(values).into_iter().map(|found| found.map_or(f64::NAN, |(_, value)| value)).collect()
    };
    Ok(Novelty {
        within_zoo: mean(&own),
        within_generated: mean(&others),
        between: mean(&between),
        largest: largest(&between),
        largest_within_zoo: largest(&own),
    })
}

/// A square matrix with not-a-number on its diagonal.
fn without_self(mut square: Dense<f64>) -> Dense<f64> {
    let step = square.columns() + 1;
    square.values_mut().iter_mut().step_by(step).for_each(|value| *value = f64::NAN);
    square
}

/// Mean of the values that are numbers.
fn mean(values: &Dense<f64>) -> f64 {
    let known = values.values().iter().filter(|value| !value.is_nan());
    let (count, sum) = known.fold((0_usize, 0.0), |(count, sum), value| (count + 1, sum + value));
    sum / count as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_replica_overlaps_with_itself() {
        let zoo = vec![vec![true, false, true, false], vec![false, true, false, false]];
        let found = novelty(&zoo, &zoo).unwrap();
        assert_eq!(found.largest, [1.0, 1.0]);
        assert_eq!((found.within_zoo, found.between), (0.0, 0.5));
        assert_eq!(overlap(&[false, false], &[false, false]), 1.0);
        assert_eq!(accuracy(&zoo[0]), 0.5);
        assert!(wrong(&[1], &[1, 2]).is_err());
        assert!(novelty(&zoo[..1], &zoo).unwrap().within_zoo.is_nan());
    }
}
