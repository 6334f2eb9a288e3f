//! The best cut of a set of rows: the largest gain in `Σ (|G| − l1)₊² / (n + l2)`, G the sum of the targets of a side.
//!
//! With `l1 = l2 = 0` this is the reduction of the variance (Breiman et al. 1984); with the penalties it is that of boosting libraries.

use crate::labs::quantiles::base::tree::bins::Bins;
use crate::math::rng::Stream;

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
    let whole = rule.value(total, rows.len() as f64);
    let mut best: Option<Cut> = None;
    for feature in features {
        let cut = if rule.random_thresholds {
            random_cut(bins, rows, target, *feature, rule, random, total)
        } else if rows.len() < SORT_BELOW {
            sorted_cut(bins, rows, target, *feature, rule, scratch, total)
        } else {
            histogram_cut(bins, rows, target, *feature, rule, scratch, total)
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

fn histogram_cut(
    bins: &Bins,
    rows: &[u32],
    target: &[f64],
    feature: usize,
    rule: &Rule,
    scratch: &mut Scratch,
    total: f64,
) -> Option<Cut> {
    let codes = bins.codes(feature);
    let count = bins.count(feature);
    scratch.counts.clear();
    scratch.counts.resize(256, 0);
    scratch.sums.clear();
    scratch.sums.resize(256, 0.0);
    let (counts, sums) = (&mut scratch.counts[..256], &mut scratch.sums[..256]);
    for row in rows {
        let code = usize::from(codes[*row as usize]);
        counts[code] += 1;
        sums[code] += target[*row as usize];
    }
    let groups = (0..count).filter(|code| counts[*code] > 0).map(|code| (code, counts[code], sums[code]));
    let (gain, left, right) = scan(groups, rows.len(), total, rule)?;
    Some(Cut { feature, threshold: bins.threshold(feature, left, right), gain })
}

fn sorted_cut(
    bins: &Bins,
    rows: &[u32],
    target: &[f64],
    feature: usize,
    rule: &Rule,
    scratch: &mut Scratch,
    total: f64,
) -> Option<Cut> {
    let codes = bins.codes(feature);
    scratch.pairs.clear();
    scratch.pairs.extend(rows.iter().map(|row| (codes[*row as usize], target[*row as usize])));
    scratch.pairs.sort_by_key(|pair| pair.0);
    let groups = scratch.pairs.iter().map(|(code, value)| (usize::from(*code), 1, *value));
    let (gain, left, right) = scan(grouped(groups), rows.len(), total, rule)?;
    Some(Cut { feature, threshold: bins.threshold(feature, left, right), gain })
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

fn random_cut(
    bins: &Bins,
    rows: &[u32],
    target: &[f64],
    feature: usize,
    rule: &Rule,
    random: &mut Stream,
    total: f64,
) -> Option<Cut> {
    let values = bins.values(feature);
    let (mut low, mut high) = (f32::INFINITY, f32::NEG_INFINITY);
    for row in rows {
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
    for row in rows {
        if values[*row as usize] <= threshold {
            count += 1;
            sum += target[*row as usize];
        }
    }
    if count < rule.least_leaf || rows.len() - count < rule.least_leaf {
        return None;
    }
    let gain = rule.value(sum, count as f64) + rule.value(total - sum, (rows.len() - count) as f64);
    Some(Cut { feature, threshold, gain })
}
