//! k nearest neighbours: type-7 quantiles of the observations of the k nearest training rows, Euclidean on standardised features.
//!
//! Brute force: for each query one vectorised pass over the training rows by column. More training rows than the limit are
//! thinned evenly, for the pass is linear in them.

use serde::{Deserialize, Serialize};

use super::matrix::Matrix;
use weightscope_math::stats::order;

/// Training rows that are kept.
const MOST_ROWS: usize = 20_000;

/// A fitted model: the training rows.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Neighbours {
    /// By column, then row.
    columns: Vec<Vec<f32>>,
    y: Vec<f32>,
    k: usize,
}

/// The desk rule: `2√n`, between 10 and 100, and no more than there are rows.
pub fn default_k(rows: usize) -> usize {
    ((2.0 * (rows as f64).sqrt()).round() as usize).clamp(10, 100).min(rows)
}

/// Keeps the training rows; `k = 0` takes the desk rule.
pub fn fit(x: &Matrix, y: &[f32], k: usize) -> Neighbours {
    let stride = y.len().div_ceil(MOST_ROWS).max(1);
    let kept: Vec<f32> = y.iter().step_by(stride).copied().collect();
    let columns = (0..x.columns).map(|column| x.column(column).step_by(stride).collect()).collect();
    let k = if k == 0 { default_k(kept.len()) } else { k.min(kept.len()) };
    Neighbours { columns, y: kept, k }
}

impl Neighbours {
    /// Quantiles of each row at each level, `[rows, levels]`.
    pub fn predict(&self, x: &Matrix, taus: &[f64]) -> Vec<f32> {
        let mut out = Vec::with_capacity(x.rows() * taus.len());
        let mut distances = vec![0.0_f32; self.y.len()];
        let mut keys: Vec<u64> = Vec::with_capacity(self.y.len());
        let mut near: Vec<f64> = Vec::with_capacity(self.k);
        for row in x.each_row() {
            distances.fill(0.0);
            for (value, column) in row.iter().zip(&self.columns) {
                for (distance, other) in distances.iter_mut().zip(column) {
                    let difference = value - other;
                    *distance += difference * difference;
                }
            }
            // The bits of a float that is not negative ascend with it; the row decides among equals.
            keys.clear();
            keys.extend(
                distances.iter().enumerate().map(|(row, d)| u64::from(d.to_bits()) << 32 | row as u64),
            );
            if self.k < keys.len() {
                keys.select_nth_unstable(self.k);
            }
            near.clear();
            near.extend(keys.iter().take(self.k).map(|key| f64::from(self.y[(*key & 0xffff_ffff) as usize])));
            near.sort_unstable_by(f64::total_cmp);
            out.extend(taus.iter().map(|tau| order::quantile_of_sorted(&near, *tau) as f32));
        }
        out
    }
}
