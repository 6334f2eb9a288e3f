//! Calibration: coverage, observed levels, PIT cells, widths, Wilson intervals (sheet §2; published code `util/metric.py`).

use super::levels::{Levels, Pair};
use weightscope_math::real::Real;

/// Share of rows inside a central interval, both ends included.
pub fn coverage<T: Real>(q: &[T], y: &[T], levels: usize, pair: Pair) -> f64 {
    let inside = q
        .chunks_exact(levels)
        .zip(y)
        .filter(|(row, y)| row[pair.lower] <= **y && **y <= row[pair.upper])
        .count();
    inside as f64 / y.len().max(1) as f64
}

/// Mean width of a central interval.
pub fn mean_width<T: Real>(q: &[T], levels: usize, pair: Pair) -> f64 {
    let rows = q.len() / levels.max(1);
    let sum: f64 =
        q.chunks_exact(levels).map(|row| row[pair.upper].to_f64() - row[pair.lower].to_f64()).sum();
    sum / rows.max(1) as f64
}

/// Observed share of `y ≤ q_τ` at each level.
pub fn observed<T: Real>(q: &[T], y: &[T], levels: usize) -> Vec<f64> {
    let mut counts = vec![0_usize; levels];
    for (row, y) in q.chunks_exact(levels).zip(y) {
        for (count, q) in counts.iter_mut().zip(row) {
            *count += usize::from(*y <= *q);
        }
    }
    counts.into_iter().map(|count| count as f64 / y.len().max(1) as f64).collect()
}

/// Mean absolute distance of observed shares from their levels.
pub fn mean_absolute_error(observed: &[f64], taus: &[f64]) -> f64 {
    let sum: f64 = observed.iter().zip(taus).map(|(share, tau)| (share - tau).abs()).sum();
    sum / taus.len().max(1) as f64
}

/// Root mean squared distance.
pub fn root_mean_square_error(observed: &[f64], taus: &[f64]) -> f64 {
    let sum: f64 = observed.iter().zip(taus).map(|(share, tau)| (share - tau).powi(2)).sum();
    (sum / taus.len().max(1) as f64).sqrt()
}

/// PIT cell of an observation: the number of levels whose quantile lies below it, 0 to m.
pub fn pit_cell<T: Real>(row: &[T], y: T) -> usize {
    row.iter().filter(|q| **q < y).count()
}

/// How many observations fall into each of the m + 1 PIT cells.
pub fn pit_counts<T: Real>(q: &[T], y: &[T], levels: usize) -> Vec<usize> {
    let mut counts = vec![0; levels + 1];
    for (row, y) in q.chunks_exact(levels).zip(y) {
        counts[pit_cell(row, *y)] += 1;
    }
    counts
}

/// Share of each cell over its nominal mass: 1 is calibrated.
pub fn pit_density(counts: &[usize], levels: &Levels) -> Vec<f64> {
    let total = counts.iter().sum::<usize>().max(1) as f64;
    let edges: Vec<f64> = std::iter::once(0.0).chain(levels.values().iter().copied()).chain([1.0]).collect();
    counts
        .iter()
        .zip(edges.windows(2))
        .map(|(count, edge)| *count as f64 / total / (edge[1] - edge[0]))
        .collect()
}
