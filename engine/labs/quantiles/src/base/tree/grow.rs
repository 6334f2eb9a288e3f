//! Growing one tree on given rows: depth first without a limit, or the leaf with the largest gain first up to a number of leaves.

use super::Tree;
use super::bins::Bins;
use super::split::{self, Cut, Rule, Scratch};
use weightscope_math::rng::Stream;

/// How a tree grows.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Growth {
    /// How cuts are chosen.
    pub rule: Rule,
    /// Fewest rows of a node that is cut.
    pub least_split: usize,
    /// Most leaves; `None` grows until no cut is allowed.
    pub most_leaves: Option<usize>,
}

/// A tree with the training rows of each leaf, in the order of the leaves' numbers.
#[derive(Clone, Debug)]
pub struct Grown {
    /// The tree.
    pub tree: Tree,
    /// Training rows, leaf after leaf.
    pub rows: Vec<u32>,
    /// Where each leaf begins in `rows`; one more than leaves.
    pub starts: Vec<usize>,
}

struct Open {
    node: usize,
    start: usize,
    end: usize,
    cut: Cut,
}

/// Grows a tree on `rows` (which may repeat) towards `target`, one value for each row of the bins.
pub fn grow(
    bins: &Bins,
    rows: Vec<u32>,
    target: &[f64],
    features: &[usize],
    growth: &Growth,
    random: &mut Stream,
) -> Grown {
    let mut rows = rows;
    let mut scratch = Scratch::default();
    let mut tree = Tree::default();
    let mut done: Vec<(usize, usize, usize)> = Vec::new();
    let mut open: Vec<Open> = Vec::new();
    let root = tree.push_leaf(0);
    let mut look = |node: usize,
                    (start, end): (usize, usize),
                    rows: &[u32],
                    random: &mut Stream,
                    open: &mut Vec<Open>,
                    done: &mut Vec<(usize, usize, usize)>| {
        let cut = if end - start < growth.least_split {
            None
        } else {
            split::best(bins, &rows[start..end], target, features, &growth.rule, random, &mut scratch)
        };
        match cut {
            Some(cut) => open.push(Open { node, start, end, cut }),
            None => done.push((start, end, node)),
        }
    };
    look(root, (0, rows.len()), &rows, random, &mut open, &mut done);
    let mut leaves = 1;
    while growth.most_leaves.is_none_or(|most| leaves < most) {
        let next = if growth.most_leaves.is_some() { largest_gain(&open) } else { open.len().checked_sub(1) };
        let Some(next) = next else { break };
        let Open { node, start, end, cut } = open.swap_remove(next);
        let middle = start + partition(&mut rows[start..end], bins.values(cut.feature), cut.threshold);
        let left = tree.push_leaf(0);
        let right = tree.push_leaf(0);
        tree.feature[node] = cut.feature as u32;
        tree.threshold[node] = cut.threshold;
        tree.next[node] = left as u32;
        leaves += 1;
        look(left, (start, middle), &rows, random, &mut open, &mut done);
        look(right, (middle, end), &rows, random, &mut open, &mut done);
    }
    done.extend(open.into_iter().map(|open| (open.start, open.end, open.node)));
    done.sort_unstable();
    let mut starts = Vec::with_capacity(done.len() + 1);
    for (number, (start, _, node)) in done.iter().enumerate() {
        tree.next[*node] = number as u32;
        starts.push(*start);
    }
    starts.push(rows.len());
    Grown { tree, rows, starts }
}

fn largest_gain(open: &[Open]) -> Option<usize> {
    let by_gain = |(_, a): &(usize, &Open), (_, b): &(usize, &Open)| {
        a.cut.gain.total_cmp(&b.cut.gain).then(b.node.cmp(&a.node))
    };
    open.iter().enumerate().max_by(by_gain).map(|(index, _)| index)
}

/// Moves the rows that go left to the front; how many they are.
fn partition(rows: &mut [u32], values: &[f32], threshold: f32) -> usize {
    let mut left = 0;
    for index in 0..rows.len() {
        if values[rows[index] as usize] <= threshold {
            rows.swap(left, index);
            left += 1;
        }
    }
    left
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::matrix::Matrix;
    use weightscope_math::rng::stream;

    fn growth(most_leaves: Option<usize>) -> Growth {
        let rule = Rule { least_leaf: 5, l1: 0.0, l2: 0.0, random_thresholds: false };
        Growth { rule, least_split: 10, most_leaves }
    }

    #[test]
    fn a_step_is_found_and_rows_fall_into_their_leaves() {
        let values: Vec<f32> = (0..200).map(|index| index as f32 / 200.0).collect();
        let target: Vec<f64> = values.iter().map(|x| f64::from(u8::from(*x > 0.7))).collect();
        let matrix = Matrix { columns: 1, values };
        let bins = Bins::new(&matrix);
        let grown = grow(&bins, (0..200).collect(), &target, &[0], &growth(Some(2)), &mut stream(0, "tree"));
        assert_eq!(grown.tree.leaves(), 2);
        assert_ne!(grown.tree.leaf(&[0.69]), grown.tree.leaf(&[0.71]));
        for leaf in 0..2 {
            for row in &grown.rows[grown.starts[leaf]..grown.starts[leaf + 1]] {
                assert_eq!(grown.tree.leaf(matrix.row(*row as usize)), leaf, "row {row}");
            }
        }
    }

    #[test]
    fn leaves_keep_their_least_size() {
        let mut random = stream(3, "data");
        let values: Vec<f32> = (0..600).map(|_| random.unit()).collect();
        let target: Vec<f64> = values.iter().map(|x| f64::from(*x)).step_by(2).collect();
        let matrix = Matrix { columns: 2, values };
        let bins = Bins::new(&matrix);
        for random_thresholds in [false, true] {
            let mut growth = growth(None);
            growth.rule.random_thresholds = random_thresholds;
            let grown = grow(&bins, (0..300).collect(), &target, &[0, 1], &growth, &mut stream(1, "tree"));
            assert!(grown.tree.leaves() > 10);
            assert!(grown.starts.windows(2).all(|pair| pair[1] - pair[0] >= 5));
        }
    }
}
