//! The best cut of a set of rows: the largest gain in `Σ (|G| − l1)₊² / (n + l2)`, G the sum of the targets of a side.
//!
//! With `l1 = l2 = 0` this is the reduction of the variance (Breiman et al. 1984); with the penalties it is that of boosting libraries.

use crate::base::tree::bins::Bins;
use weightscope_math::rng::Stream;

/// How cuts are chosen.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Rule {
    /// Fewest rows of a side.
    pub least_leaf: usize,
    /// L1 penalty on a side's sum.
    pub l1: f64,
    /// L2 penalty on a side's sum.
    pub l2: f64,
    /// One random threshold for each feature (extra trees) in place of the best one.
    pub random_thresholds: bool,
}

impl Rule {
    fn value(&self, sum: f64, count: f64) -> f64 {
        let size = (sum.abs() - self.l1).max(0.0);
        size * size / (count + self.l2)
    }
}

/// A cut.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Cut {
    /// Feature.
    pub feature: usize,
    /// Rows with at most this go left.
    pub threshold: f32,
    /// What it gains.
    pub gain: f64,
}

/// Space that the search uses again and again.
#[derive(Debug, Default)]
pub(super) struct Scratch {
    counts: Vec<u32>,
    sums: Vec<f64>,
    pairs: Vec<(u8, f64)>,
}

/// Below this many rows a search sorts them; above it fills a histogram.
const SORT_BELOW: usize = 96;

/// The rows that are cut, and how.
struct Node<'a> {
    bins: &'a Bins,
    rows: &'a [u32],
    target: &'a [f64],
    rule: &'a Rule,
    /// Sum of their targets.
    total: f64,
}

/// The best cut of `rows` over `features`; `None` if none gains anything within the rule.
pub(super) fn best(
    bins: &Bins,
    rows: &[u32],
    target: &[f64],
    features: &[usize],
    rule: &Rule,
    random: &mut Stream,
    scratch: &mut Scratch,
) -> Option<Cut> {
    if rows.len() < 2 * rule.least_leaf.max(1) {
        return None;
    }
    let total: f64 = rows.iter().map(|row| target[*row as usize]).sum();
    let node = Node { bins, rows, target, rule, total };
    let whole = rule.value(total, rows.len() as f64);
    let mut best: Option<Cut> = None;
    for feature in features {
        let cut = if rule.random_thresholds {
            node.random_cut(*feature, random)
        } else if rows.len() < SORT_BELOW {
            node.sorted_cut(*feature, scratch)
        } else {
            node.histogram_cut(*feature, scratch)
        };
        let Some(mut cut) = cut else { continue };
        cut.gain -= whole;
        if cut.gain > 1e-12 * whole.abs().max(1e-12) && best.is_none_or(|best| cut.gain > best.gain) {
            best = Some(cut);
        }
    }
    best
}

/// Walks over groups of equal codes, ascending: `(code, rows, sum)`.
fn scan(
    groups: impl Iterator<Item = (usize, u32, f64)>,
    rows: usize,
    total: f64,
    rule: &Rule,
) -> Option<(f64, usize, usize)> {
    let (mut count, mut sum) = (0_usize, 0.0);
    let mut best: Option<(f64, usize, usize)> = None;
    let mut before: Option<usize> = None;
    for (code, here, part) in groups {
        if let Some(left) = before
            && count >= rule.least_leaf
            && rows - count >= rule.least_leaf
        {
            let gain = rule.value(sum, count as f64) + rule.value(total - sum, (rows - count) as f64);
            if best.is_none_or(|(most, ..)| gain > most) {
                best = Some((gain, left, code));
            }
        }
        count += here as usize;
        sum += part;
        before = Some(code);
    }
    best
}

impl Node<'_> {
    fn histogram_cut(&self, feature: usize, scratch: &mut Scratch) -> Option<Cut> {
        let codes = self.bins.codes(feature);
        let count = self.bins.count(feature);
        scratch.counts.clear();
        scratch.counts.resize(256, 0);
        scratch.sums.clear();
        scratch.sums.resize(256, 0.0);
        let (counts, sums) = (&mut scratch.counts[..256], &mut scratch.sums[..256]);
        for row in self.rows {
            let code = usize::from(codes[*row as usize]);
            counts[code] += 1;
            sums[code] += self.target[*row as usize];
        }
        let groups = (0..count).filter(|code| counts[*code] > 0);
        self.between(feature, groups.map(|code| (code, counts[code], sums[code])))
    }

    fn sorted_cut(&self, feature: usize, scratch: &mut Scratch) -> Option<Cut> {
        let codes = self.bins.codes(feature);
        scratch.pairs.clear();
        let pair = |row: &u32| (codes[*row as usize], self.target[*row as usize]);
        scratch.pairs.extend(self.rows.iter().map(pair));
        scratch.pairs.sort_by_key(|pair| pair.0);
        let groups = scratch.pairs.iter().map(|(code, value)| (usize::from(*code), 1, *value));
        self.between(feature, grouped(groups))
    }

    /// The best cut between neighbouring groups.
    fn between(&self, feature: usize, groups: impl Iterator<Item = (usize, u32, f64)>) -> Option<Cut> {
        let (gain, left, right) = scan(groups, self.rows.len(), self.total, self.rule)?;
        Some(Cut { feature, threshold: self.bins.threshold(feature, left, right), gain })
    }

    fn random_cut(&self, feature: usize, random: &mut Stream) -> Option<Cut> {
        let Self { rows, rule, .. } = self;
        let values = self.bins.values(feature);
        let (mut low, mut high) = (f32::INFINITY, f32::NEG_INFINITY);
        for row in *rows {
            let value = values[*row as usize];
            low = low.min(value);
            high = high.max(value);
        }
        if low >= high {
            return None;
        }
        let drawn = random.uniform(low, high);
        let threshold = if drawn < high { drawn } else { low };
        let (mut count, mut sum) = (0_usize, 0.0);
        for row in *rows {
            if values[*row as usize] <= threshold {
                count += 1;
                sum += self.target[*row as usize];
            }
        }
        let others = rows.len() - count;
        if count < rule.least_leaf || others < rule.least_leaf {
            return None;
        }
        let gain = rule.value(sum, count as f64) + rule.value(self.total - sum, others as f64);
        Some(Cut { feature, threshold, gain })
    }
}

/// Joins neighbours of equal code.
fn grouped(items: impl Iterator<Item = (usize, u32, f64)>) -> impl Iterator<Item = (usize, u32, f64)> {
    let mut items = items.peekable();
    std::iter::from_fn(move || {
        let (code, mut count, mut sum) = items.next()?;
        while let Some((_, more, part)) = items.next_if(|next| next.0 == code) {
            count += more;
            sum += part;
        }
        Some((code, count, sum))
    })
}
