//! Sampling latents without a condition: a Gaussian kernel density of every latent dimension by itself (`S_KDE`, Schürholt et al., arXiv
//! 2209.14733; established: `sampling_auxiliaries`), of all or of the best networks, and redrawn from what is kept (SANE, arXiv 2406.09997).

use weightscope_math::Stream;
use weightscope_math::linalg::Dense;
use weightscope_math::real::Real;
use weightscope_math::special::normal;
use weightscope_math::stats::order::quantiles;

use super::error::{GenerationError, Result, check_length};

/// Bandwidth of the published samplers (established).
pub const BANDWIDTH: f64 = 0.002;

/// Accuracy quantile from which `S_KDE30` keeps a network (established: the best 30 %).
pub const BEST_QUANTILE: f64 = 0.7;

/// Added to a density before its logarithm.
const LEAST_DENSITY: f64 = 1e-300;

/// Logarithm of the density at each query: the mean of normal densities of deviation `bandwidth` around the values of one dimension.
pub fn log_density<R: Real>(values: &[R], queries: &[R], bandwidth: f64) -> Vec<f64> {
    let density = |query: &R| {
        let kernel = |value: &R| normal::density((query.to_f64() - value.to_f64()) / bandwidth);
        values.iter().map(kernel).sum::<f64>() / (values.len() as f64 * bandwidth)
    };
    queries.iter().map(|query| (density(query) + LEAST_DENSITY).ln()).collect()
}

/// Draws `count` latents `[count, dimensions]` from rows of latents: in every dimension the value of some row, chosen anew, plus normal
/// noise of deviation `bandwidth`. Refused without rows.
pub fn draw<R: Real>(
    latents: &Dense<R>,
    count: usize,
    bandwidth: f64,
    random: &mut Stream,
) -> Result<Dense<R>> {
    if latents.rows() == 0 {
        let (needed, found) = ("there must be one or more".to_owned(), "empty".to_owned());
        return Err(GenerationError::Range { what: "the list of latents", needed, found });
    }
    let mut drawn = Dense::zeros(count, latents.columns());
    for row in drawn.values_mut().chunks_exact_mut(latents.columns().max(1)) {
        for (dimension, value) in row.iter_mut().enumerate() {
            let chosen = latents.get(random.below(latents.rows()), dimension).unwrap_or_default();
            *value = chosen + R::from_f64(bandwidth * f64::from(random.normal()));
        }
    }
    Ok(drawn)
}

/// Positions of the networks whose accuracy is at or above a quantile of all accuracies (type 7).
pub fn best(accuracies: &[f64], quantile: f64) -> Vec<usize> {
    let bound = quantiles(accuracies, &[quantile]).first().copied().unwrap_or(f64::NAN);
    accuracies
        .iter()
        .enumerate()
        .filter(|(_, accuracy)| **accuracy >= bound)
        .map(|(index, _)| index)
        .collect()
}

/// Positions of the `count` largest scores, best first; of equal ones the earlier. Scores that are not a number come last.
pub fn highest(scores: &[f64], count: usize) -> Vec<usize> {
    let mut order: Vec<usize> = (0..scores.len()).collect();
    let score = |index: &usize| scores.get(*index).copied().filter(|score| !score.is_nan());
    order.sort_by(|a, b| score(b).partial_cmp(&score(a)).unwrap_or(std::cmp::Ordering::Equal));
    order.truncate(count);
    order
}

/// These rows of a matrix, in this order; refused where one is not there.
pub fn rows_of<R: Real>(latents: &Dense<R>, rows: &[usize]) -> Result<Dense<R>> {
    let mut values = Vec::with_capacity(rows.len() * latents.columns());
    for row in rows {
        values.extend(latents.part(*row, 0, 1, latents.columns())?.into_values());
    }
    check_length("the rows of latents", rows.len() * latents.columns(), values.len())?;
    Ok(Dense::new(rows.len(), latents.columns(), values)?)
}

/// Bootstrapping: draws `count` latents, keeps the `keep` with the highest score, draws around those, `rounds` times; the last kept ones
/// are returned, best first. The score must not look at test rows.
pub fn bootstrapped<R: Real>(
    latents: &Dense<R>,
    (count, keep, rounds): (usize, usize, usize),
    bandwidth: f64,
    random: &mut Stream,
    mut score: impl FnMut(&Dense<R>) -> Result<Vec<f64>>,
) -> Result<Dense<R>> {
    let mut kept = latents.clone();
    for _ in 0..rounds {
        let drawn = draw(&kept, count, bandwidth, random)?;
        kept = rows_of(&drawn, &highest(&score(&drawn)?, keep.max(1)))?;
    }
    Ok(kept)
}

#[cfg(test)]
mod tests {
    use super::*;
    use weightscope_math::stream;

    #[test]
    fn a_density_holds_one() {
        let values = [0.1, 0.4, -0.3];
        let grid: Vec<f64> = (-2000..2000).map(|step| f64::from(step) * 0.001).collect();
        let sum: f64 = log_density(&values, &grid, 0.05).iter().map(|log| log.exp() * 0.001).sum();
        assert!((sum - 1.0).abs() < 1e-6, "{sum}");
        assert!(log_density(&values, &[1e6], 0.05)[0] < -600.0);
    }

    #[test]
    fn draws_lie_around_the_rows() {
        let latents = Dense::new(2, 2, vec![0.0, 10.0, 1.0, 20.0]).unwrap();
        let drawn = draw(&latents, 200, 0.01, &mut stream(1, "kde")).unwrap();
        let near = |value: f64, of: [f64; 2]| of.iter().any(|centre| (value - centre).abs() < 0.06);
        assert!(drawn.each_row().all(|row| near(row[0], [0.0, 1.0]) && near(row[1], [10.0, 20.0])));
        assert!(drawn.each_row().any(|row| row[0] < 0.5 && row[1] > 15.0), "dimensions are drawn apart");
        assert!(draw(&Dense::<f64>::zeros(0, 2), 1, 0.1, &mut stream(1, "kde")).is_err());
    }

    #[test]
    fn bootstrapping_climbs() {
        let latents = Dense::new(3, 1, vec![0.0, 0.5, 1.0]).unwrap();
        let score = |rows: &Dense<f64>| Ok(rows.each_row().map(|row| row[0]).collect());
        let kept = bootstrapped(&latents, (50, 5, 3), 0.2, &mut stream(2, "kde"), score).unwrap();
        assert_eq!(kept.rows(), 5);
        assert!(kept.values().iter().all(|value| *value > 1.0), "{kept:?}");
    }

    #[test]
    fn the_best_are_chosen() {
        assert_eq!(best(&[0.1, 0.9, 0.5, 0.8, 0.7], BEST_QUANTILE), [1, 3]);
        assert_eq!(highest(&[f64::NAN, 0.2, 0.9, 0.9], 3), [2, 3, 1]);
    }
}
