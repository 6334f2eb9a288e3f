//! Regression trees for forests and boosting: one split search over binned features, grown depth first or best leaf first.
//!
//! Contract: a row goes left if its value is at most the threshold; the same seed gives the same tree on any number of threads.

mod bins;
mod grow;
mod split;

pub use bins::Bins;
pub use grow::{Grown, Growth, grow};
pub use split::{Cut, Rule};

use serde::{Deserialize, Serialize};

/// Marks a leaf in the list of features.
const LEAF: u32 = u32::MAX;

/// A grown tree.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Tree {
    /// Feature of each node; the marker of a leaf otherwise.
    feature: Vec<u32>,
    /// Threshold of each node.
    threshold: Vec<f32>,
    /// Left child (the right one follows it); a leaf's number otherwise.
    next: Vec<u32>,
}

impl Tree {
    /// Number of the leaf that a row falls into, counted in the order in which leaves were made.
    #[inline]
    pub fn leaf(&self, row: &[f32]) -> usize {
        let mut node = 0_usize;
        loop {
            let feature = self.feature[node];
            let next = self.next[node] as usize;
            if feature == LEAF {
                return next;
            }
            node = next + usize::from(row[feature as usize] > self.threshold[node]);
        }
    }

    /// Number of leaves.
    pub fn leaves(&self) -> usize {
        self.feature.iter().filter(|feature| **feature == LEAF).count()
    }

    fn push_leaf(&mut self, number: usize) -> usize {
        self.feature.push(LEAF);
        self.threshold.push(0.0);
        self.next.push(number as u32);
        self.feature.len() - 1
    }
}
