//! Rows: softmax, plain and causal, with its way back, and the loss of next tokens.

#![expect(
    clippy::inline_always,
    reason = "a function that is not inlined is compiled for the smallest instruction set"
)]

use crate::number::Number;

/// Softmax of `factor·scores` of every row over the times up to its own; later ones become 0. Rows are `times` long.
#[inline(always)]
pub fn causal_softmax<T: Number, const FUSED: bool>(scores: &mut [T], times: usize, factor: T) {
    for (time, row) in scores.chunks_exact_mut(times.max(1)).enumerate() {
        let (seen, unseen) = row.split_at_mut(time % times + 1);
        let largest = seen.iter().copied().fold(seen[0], T::larger);
        for value in seen.iter_mut() {
            *value = (factor * (*value - largest)).exp_nonpositive();
        }
        let share = T::ONE / sum(seen);
        seen.iter_mut().for_each(|value| *value = *value * share);
        unseen.fill(T::ZERO);
    }
}

/// Softmax of `factor·scores` of every row; rows are `length` long.
#[inline(always)]
pub fn softmax<T: Number, const FUSED: bool>(scores: &mut [T], length: usize, factor: T) {
    for row in scores.chunks_exact_mut(length.max(1)) {
        let largest = row.iter().copied().fold(row[0], T::larger);
        row.iter_mut().for_each(|value| *value = factor * (*value - largest));
    }
    // One run over all rows: rows of a few tokens are too short to vectorise.
    scores.iter_mut().for_each(|value| *value = value.exp_nonpositive());
    for row in scores.chunks_exact_mut(length.max(1)) {
        let share = T::ONE / sum(row);
        row.iter_mut().for_each(|value| *value = *value * share);
    }
}

/// Slopes by the scores from those by the softmax `weights`, plain or causal: `factor·w·(slope − Σ w·slope)`.
#[inline(always)]
pub fn softmax_back<T: Number, const FUSED: bool>(weights: &[T], slopes: &mut [T], times: usize, factor: T) {
    for (weights, slopes) in weights.chunks_exact(times.max(1)).zip(slopes.chunks_exact_mut(times.max(1))) {
        let mean = dot(weights, slopes);
        for (weight, slope) in weights.iter().zip(slopes) {
            *slope = factor * *weight * (*slope - mean);
        }
    }
}

/// Sum of the negative log-likelihoods in nats of the targets; the logits become the slopes of `share` times that sum. A target outside
/// the row makes it not-a-number.
#[inline(always)]
pub fn cross_entropy<T: Number>(logits: &mut [T], targets: &[u32], share: T) -> f64 {
    let mut loss = 0.0;
    let width = logits.len() / targets.len().max(1);
    for (row, target) in logits.chunks_exact_mut(width.max(1)).zip(targets) {
        let largest = row.iter().copied().fold(row[0], T::larger);
        let own = row.get(*target as usize).map_or(f64::NAN, |value| (*value - largest).to_f64());
        for value in row.iter_mut() {
            *value = (*value - largest).exp_nonpositive();
        }
        let total = sum(row);
        loss += total.to_f64().ln() - own;
        let factor = share / total;
        row.iter_mut().for_each(|value| *value = *value * factor);
        if let Some(value) = row.get_mut(*target as usize) {
            *value -= share;
        }
    }
    loss
}

/// Lanes of a sum.
const WIDE: usize = 16;

/// A sum in sixteen parts.
#[inline(always)]
pub fn sum<T: Number>(values: &[T]) -> T {
    let mut sums = [T::ZERO; WIDE];
    let (whole, rest) = values.as_chunks::<WIDE>();
    for chunk in whole {
        sums.iter_mut().zip(chunk).for_each(|(sum, value)| *sum += *value);
    }
    sums.iter_mut().zip(rest).for_each(|(sum, value)| *sum += *value);
    tree(sums)
}

/// A product of two rows in sixteen parts.
#[inline(always)]
pub fn dot<T: Number>(a: &[T], b: &[T]) -> T {
    let mut sums = [T::ZERO; WIDE];
    let ((a, rest_a), (b, rest_b)) = (a.as_chunks::<WIDE>(), b.as_chunks::<WIDE>());
    for (a, b) in a.iter().zip(b) {
        for i in 0..WIDE {
            sums[i] += a[i] * b[i];
        }
    }
    for (sum, (a, b)) in sums.iter_mut().zip(rest_a.iter().zip(rest_b)) {
        *sum += *a * *b;
    }
    tree(sums)
}

#[inline(always)]
fn tree<T: Number>(sums: [T; WIDE]) -> T {
    let eight: [T; 8] = std::array::from_fn(|i| sums[i] + sums[i + 8]);
    let four: [T; 4] = std::array::from_fn(|i| eight[i] + eight[i + 4]);
    (four[0] + four[2]) + (four[1] + four[3])
}
