//! Quantile gradient boosting: one sequence of small trees for each level (Friedman 2001, with the leaf values of gradient boosting libraries).
//!
//! Start at the τ-quantile of the observations; each round fits a tree of few leaves to the pinball gradient `τ − 1[y < F]`, sets
//! each leaf to the τ-quantile of its residuals, and adds it shrunk.

use serde::{Deserialize, Serialize};

use super::Progress;
use super::matrix::Matrix;
use super::tree::{Bins, Growth, Rule, Tree, grow};
use weightscope_frame::run::RunError;
use weightscope_math::rng::stream;
use weightscope_math::stats::order;

/// Settings.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct BoostingSettings {
    /// Rounds.
    pub rounds: usize,
    /// Shrinkage of each tree.
    pub learning_rate: f64,
    /// Most leaves of a tree.
    pub leaves: usize,
    /// Fewest rows of a leaf.
    pub least_leaf: usize,
    /// Share of the features that a tree may use.
    pub feature_share: f64,
    /// Share of the rows that a tree is grown on.
    pub row_share: f64,
    /// L1 penalty.
    pub l1: f64,
    /// L2 penalty.
    pub l2: f64,
}

impl Default for BoostingSettings {
    /// The desk settings.
    fn default() -> Self {
        Self {
            rounds: 50,
            learning_rate: 0.1,
            leaves: 10,
            least_leaf: 15,
            feature_share: 0.6,
            row_share: 1.0,
            l1: 0.1,
            l2: 1.0,
        }
    }
}

/// The trees of one level.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
struct Sequence {
    start: f32,
    trees: Vec<(Tree, Vec<f32>)>,
}

/// A fitted model: one sequence for each level of the grid it was fitted on.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Boosting {
    sequences: Vec<Sequence>,
}

/// Fits all levels.
pub fn fit(
    x: &Matrix,
    y: &[f32],
    taus: &[f64],
    settings: &BoostingSettings,
    (seed, purpose): (u64, &str),
    progress: Progress<'_>,
) -> Result<Boosting, RunError> {
    let bins = Bins::new(x);
    let mut model = Boosting::default();
    for (level, tau) in taus.iter().enumerate() {
        let purpose = format!("{purpose}/level/{level}");
        model.sequences.push(fit_level(&bins, y, *tau, settings, (seed, &purpose)));
        progress.check()?;
    }
    Ok(model)
}

fn fit_level(
    bins: &Bins,
    y: &[f32],
    tau: f64,
    settings: &BoostingSettings,
    (seed, purpose): (u64, &str),
) -> Sequence {
    let y: Vec<f64> = y.iter().map(|y| f64::from(*y)).collect();
    let start = order::quantiles(&y, &[tau]).first().copied().unwrap_or(0.0);
    let mut random = stream(seed, purpose);
    let features =
        ((settings.feature_share * bins.features() as f64).round() as usize).clamp(1, bins.features().max(1));
    let drawn = ((settings.row_share * y.len() as f64).round() as usize).clamp(1, y.len());
    let rule =
        Rule { least_leaf: settings.least_leaf, l1: settings.l1, l2: settings.l2, random_thresholds: false };
    let growth = Growth { rule, least_split: 2 * settings.least_leaf, most_leaves: Some(settings.leaves) };
    let mut fitted = vec![start; y.len()];
    let mut slopes = vec![0.0; y.len()];
    let mut residuals = Vec::new();
    let mut sequence = Sequence { start: start as f32, trees: Vec::with_capacity(settings.rounds) };
    for _ in 0..settings.rounds {
        for ((slope, y), fit) in slopes.iter_mut().zip(&y).zip(&fitted) {
            *slope = if y < fit { tau - 1.0 } else { tau };
        }
        let chosen = choose(features, bins.features(), &mut random);
        let rows: Vec<u32> = if drawn == y.len() {
            (0..y.len() as u32).collect()
        } else {
            choose(drawn, y.len(), &mut random).into_iter().map(|row| row as u32).collect()
        };
        let grown = grow(bins, rows, &slopes, &chosen, &growth, &mut random);
        let mut values = Vec::with_capacity(grown.tree.leaves());
        for ends in grown.starts.windows(2) {
            let rows = &grown.rows[ends[0]..ends[1]];
            residuals.clear();
            residuals.extend(rows.iter().map(|row| y[*row as usize] - fitted[*row as usize]));
            let value = settings.learning_rate * select_quantile(&mut residuals, tau);
            values.push(value as f32);
            if drawn == y.len() {
                rows.iter().for_each(|row| fitted[*row as usize] += value);
            }
        }
        if drawn < y.len() {
            add_to_all(bins, &grown.tree, &values, &mut fitted);
        }
        sequence.trees.push((grown.tree, values));
    }
    sequence
}

/// Rows outside the drawn part get their leaf's value too.
fn add_to_all(bins: &Bins, tree: &Tree, values: &[f32], fitted: &mut [f64]) {
    let mut row = vec![0.0; bins.features()];
    for (index, fit) in fitted.iter_mut().enumerate() {
        for (feature, value) in row.iter_mut().enumerate() {
            *value = bins.values(feature)[index];
        }
        *fit += f64::from(values[tree.leaf(&row)]);
    }
}

/// Type-7 quantile by selection: no sort of the whole.
fn select_quantile(values: &mut [f64], tau: f64) -> f64 {
    let Some(last) = values.len().checked_sub(1) else { return 0.0 };
    let position = last as f64 * tau;
    let below = position.floor() as usize;
    let (_, low, above) = values.select_nth_unstable_by(below, f64::total_cmp);
    let low = *low;
    let high = above.iter().copied().fold(f64::INFINITY, f64::min);
    if below == last { low } else { low + (position - below as f64) * (high - low) }
}

/// `count` of `0..total`, ascending.
fn choose(count: usize, total: usize, random: &mut weightscope_math::rng::Stream) -> Vec<usize> {
    if count >= total {
        return (0..total).collect();
    }
    let mut chosen = random.permutation(total);
    chosen.truncate(count);
    chosen.sort_unstable();
    chosen
}

impl Boosting {
    /// Quantiles of each row at the levels of the fit, `[rows, levels]`.
    pub fn predict(&self, x: &Matrix) -> Vec<f32> {
        let mut out = Vec::with_capacity(x.rows() * self.sequences.len());
        for row in x.each_row() {
            out.extend(self.sequences.iter().map(|sequence| {
                sequence.start
                    + sequence.trees.iter().map(|(tree, values)| values[tree.leaf(row)]).sum::<f32>()
            }));
        }
        out
    }
}
