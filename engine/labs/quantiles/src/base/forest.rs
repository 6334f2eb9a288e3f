//! Quantile forests (Meinshausen, JMLR 7, 2006): random forest and extra trees with leaf membership.
//!
//! A query gives the training row i the weight `mean over trees of 1[same leaf]/leaf size`; quantiles are
//! those of the weighted observations. All training rows are members of their leaves, whether a tree was grown on them or not.

use serde::{Deserialize, Serialize};

use super::Progress;
use super::matrix::Matrix;
use super::tree::{Bins, Growth, Rule, Tree, grow};
use weightscope_frame::run::RunError;
use weightscope_math::rng::stream;

weightscope_frame::choices! {
    /// How trees differ from each other.
    pub enum Variety {
        /// Bootstrap rows, best thresholds.
        Random = "random_forest", "Random forest";
        /// All rows, random thresholds (Geurts, Ernst and Wehenkel 2006).
        Extra = "extra_trees", "Extra trees";
    }
}

/// Settings.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct ForestSettings {
    /// Number of trees.
    pub trees: usize,
    /// Fewest rows of a node that is cut.
    pub least_split: usize,
    /// Fewest rows of a leaf.
    pub least_leaf: usize,
}

impl Default for ForestSettings {
    /// The desk settings: 50 trees, 16, 8.
    fn default() -> Self {
        Self { trees: 50, least_split: 16, least_leaf: 8 }
    }
}

/// A query that reaches fewer than one in so many rows looks at those alone.
const SPARSE: usize = 16;

/// A fitted forest.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Forest {
    trees: Vec<Tree>,
    /// By tree: positions in `y` of the members, leaf after leaf.
    members: Vec<Vec<u32>>,
    /// By tree: where each leaf begins.
    starts: Vec<Vec<u32>>,
    /// Training observations, ascending.
    y: Vec<f32>,
}

/// Fits a forest.
pub fn fit(
    x: &Matrix,
    y: &[f32],
    variety: Variety,
    settings: &ForestSettings,
    (seed, purpose): (u64, &str),
    progress: Progress<'_>,
) -> Result<Forest, RunError> {
    let bins = Bins::new(x);
    let target: Vec<f64> = y.iter().map(|y| f64::from(*y)).collect();
    let mut order: Vec<u32> = (0..y.len() as u32).collect();
    order.sort_by(|a, b| y[*a as usize].total_cmp(&y[*b as usize]));
    let mut place = vec![0_u32; y.len()];
    order.iter().enumerate().for_each(|(position, row)| place[*row as usize] = position as u32);
    let features: Vec<usize> = (0..x.columns).collect();
    let rule = Rule {
        least_leaf: settings.least_leaf,
        l1: 0.0,
        l2: 0.0,
        random_thresholds: variety == Variety::Extra,
    };
    let growth = Growth { rule, least_split: settings.least_split, most_leaves: None };
    let mut forest = Forest { y: order.iter().map(|row| y[*row as usize]).collect(), ..Forest::default() };
    for index in 0..settings.trees {
        let mut random = stream(seed, &format!("{purpose}/tree/{index}"));
        let rows: Vec<u32> = match variety {
            Variety::Random => (0..y.len()).map(|_| random.below(y.len()) as u32).collect(),
            Variety::Extra => (0..y.len() as u32).collect(),
        };
        let grown = grow(&bins, rows, &target, &features, &growth, &mut random);
        forest.add(grown.tree, x, &place);
        progress.check()?;
    }
    Ok(forest)
}

impl Forest {
    /// Drops all training rows down a tree and keeps the tree with its members.
    fn add(&mut self, tree: Tree, x: &Matrix, place: &[u32]) {
        let leaves: Vec<u32> = x.each_row().map(|row| tree.leaf(row) as u32).collect();
        let mut starts = vec![0_u32; tree.leaves() + 1];
        leaves.iter().for_each(|leaf| starts[*leaf as usize + 1] += 1);
        for leaf in 1..starts.len() {
            starts[leaf] += starts[leaf - 1];
        }
        let mut next = starts.clone();
        let mut members = vec![0_u32; leaves.len()];
        for (row, leaf) in leaves.iter().enumerate() {
            let slot = &mut next[*leaf as usize];
            members[*slot as usize] = place[row];
            *slot += 1;
        }
        self.trees.push(tree);
        self.members.push(members);
        self.starts.push(starts);
    }

    /// Quantiles of each row at each level, `[rows, levels]`.
    pub fn predict(&self, x: &Matrix, taus: &[f64]) -> Vec<f32> {
        let mut out = Vec::with_capacity(x.rows() * taus.len());
        let mut weights = vec![0.0_f32; self.y.len()];
        let mut touched: Vec<u32> = Vec::new();
        for row in x.each_row() {
            touched.clear();
            for ((tree, members), starts) in self.trees.iter().zip(&self.members).zip(&self.starts) {
                let leaf = tree.leaf(row);
                let members = &members[starts[leaf] as usize..starts[leaf + 1] as usize];
                let weight = 1.0 / members.len().max(1) as f32;
                for member in members {
                    let own = &mut weights[*member as usize];
                    if *own == 0.0 {
                        touched.push(*member);
                    }
                    *own += weight;
                }
            }
            // A query reaches a few hundred rows: in a large table looking at all of them would be most of the work.
            if touched.len() * SPARSE < weights.len() {
                touched.sort_unstable();
                self.push_quantiles(
                    touched.iter().map(|at| (*at as usize, weights[*at as usize])),
                    taus,
                    &mut out,
                );
                touched.iter().for_each(|at| weights[*at as usize] = 0.0);
            } else {
                self.push_quantiles(weights.iter().copied().enumerate(), taus, &mut out);
                weights.fill(0.0);
            }
        }
        out
    }

    /// Quantiles of the weighted observations, linear between the middles of their shares of the total weight: the lower inverse of
    /// the paper makes steps that a small leaf turns into large ones. The total weight is the number of trees.
    /// `weights` come by ascending place.
    fn push_quantiles(&self, weights: impl Iterator<Item = (usize, f32)>, taus: &[f64], out: &mut Vec<f32>) {
        let total = self.trees.len() as f32;
        let mut levels = taus.iter().map(|tau| *tau as f32 * total).peekable();
        let (mut sum, mut before) = (0.0, None::<(f32, f32)>);
        for (place, weight) in weights.filter(|(_, weight)| *weight > 0.0) {
            let y = &self.y[place];
            let middle = sum + 0.5 * weight;
            while let Some(level) = levels.next_if(|level| *level <= middle) {
                out.push(match before {
                    Some((at, value)) if middle > at => value + (level - at) / (middle - at) * (y - value),
                    _ => *y,
                });
            }
            before = Some((middle, *y));
            sum += weight;
        }
        let last = before.map_or(f32::NAN, |(_, value)| value);
        out.extend(levels.map(|_| last));
    }
}

/// Meinshausen's weights from leaf numbers: `train` is `[rows, trees]`, `query` one row of `trees`; a weight for each training row.
pub fn meinshausen_weights(train: &[usize], query: &[usize]) -> Vec<f64> {
    let trees = query.len();
    let rows = train.len() / trees.max(1);
    let mut weights = vec![0.0; rows];
    for (tree, leaf) in query.iter().enumerate() {
        let members: Vec<usize> = (0..rows).filter(|row| train[row * trees + tree] == *leaf).collect();
        let share = 1.0 / (members.len().max(1) * trees) as f64;
        members.into_iter().for_each(|row| weights[row] += share);
    }
    weights
}
