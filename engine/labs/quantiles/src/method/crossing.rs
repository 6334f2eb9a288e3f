//! The crossing penalty and its margins (paper eq. 19 and 21), and how often quantiles cross.
//!
//! `C = Σ_rows Σ_{i>k} (q_k − q_i + M_ik)₊ / (rows · m(m−1)/2)`; each active pair adds `+1/N` to `∂q_k` and `−1/N` to `∂q_i`.

use weightscope_math::real::Real;
use weightscope_math::stats::order;

/// Neighbours count as crossing below this difference.
pub const TOLERANCE: f64 = 1e-9;

/// How far apart two levels shall lie.
#[derive(Clone, Debug, PartialEq)]
pub enum Margin<T> {
    /// The same for every pair.
    Single(T),
    /// `(v_i − v_k)₊` from one value per level: scaled levels, or scaled quantiles of residuals (adaptive, eq. 21).
    Vector(Vec<T>),
}

impl<T: Real> Margin<T> {
    /// The published `vec` margin: `0.01 · scale · τ`.
    pub fn by_level(taus: &[f64], scale: f64) -> Self {
        Self::Vector(taus.iter().map(|tau| T::from_f64(0.01 * tau * scale)).collect())
    }

    /// The adaptive margin: `scale` times the quantiles of residuals.
    pub fn adaptive(residual_quantiles: &[f64], scale: f64) -> Self {
        Self::Vector(residual_quantiles.iter().map(|value| T::from_f64(value * scale)).collect())
    }
}

/// How residuals of the middle level are taken over the models.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Centre {
    /// From the models' median.
    Median,
    /// From their mean.
    Mean,
}

/// Residuals `y − centre_j z_{j,middle}`; `z` is `[rows, models, levels]`.
pub fn residuals(
    z: &[f64],
    y: &[f64],
    models: usize,
    levels: usize,
    middle: usize,
    centre: Centre,
) -> Vec<f64> {
    let mut values = Vec::with_capacity(models);
    z.chunks_exact(models * levels)
        .zip(y)
        .map(|(row, y)| {
            values.clear();
            values.extend(row.chunks_exact(levels).map(|model| model[middle]));
            let centre = match centre {
                Centre::Mean => values.iter().sum::<f64>() / models as f64,
                Centre::Median => {
                    values.sort_unstable_by(f64::total_cmp);
                    order::quantile_of_sorted(&values, 0.5)
                }
            };
            y - centre
        })
        .collect()
}

/// Mean penalty over rows and pairs; adds `weight` times its gradient to `gradient`, both `[rows, levels]`.
pub fn penalty_with_gradient<T: Real>(
    q: &[T],
    levels: usize,
    margin: &Margin<T>,
    weight: T,
    gradient: &mut [T],
) -> f64 {
    let pairs = levels * levels.saturating_sub(1) / 2;
    if pairs == 0 {
        return 0.0;
    }
    let share = 1.0 / (q.len() as f64 / levels as f64 * pairs as f64);
    let step = weight * T::from_f64(share);
    let mut sum = 0.0;
    for (row, slopes) in q.chunks_exact(levels).zip(gradient.chunks_exact_mut(levels)) {
        sum += row_penalty(row, margin, step, slopes);
    }
    sum * share
}

fn row_penalty<T: Real>(row: &[T], margin: &Margin<T>, step: T, slopes: &mut [T]) -> f64 {
    let mut sum = T::ZERO;
    for upper in 1..row.len() {
        let high = row[upper];
        let mut active = T::ZERO;
        for lower in 0..upper {
            let distance = match margin {
                Margin::Single(value) => *value,
                Margin::Vector(values) => (values[upper] - values[lower]).larger(T::ZERO),
            };
            let excess = row[lower] - high + distance;
            if excess > T::ZERO {
                sum += excess;
                slopes[lower] += step;
                active += step;
            }
        }
        slopes[upper] -= active;
    }
    sum.to_f64()
}

/// Share of neighbouring pairs that cross, over all rows.
pub fn rate<T: Real>(q: &[T], levels: usize) -> f64 {
    if levels < 2 || q.is_empty() {
        return 0.0;
    }
    let crossing: usize = q
        .chunks_exact(levels)
        .map(|row| row.windows(2).filter(|pair| pair[1].to_f64() < pair[0].to_f64() - TOLERANCE).count())
        .sum();
    crossing as f64 / (q.len() / levels * (levels - 1)) as f64
}
