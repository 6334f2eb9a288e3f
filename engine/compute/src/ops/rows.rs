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
        let top = largest(seen);
        each(seen, |value| factor * (value - top));
        unseen.fill(T::ZERO);
        // Whole lanes, though what is not seen yet is among them: short ends would be done one by one.
        let lanes = times.min(seen.len().next_multiple_of(WIDE));
        let count = seen.len();
        each(&mut row[..lanes], T::exp_nonpositive);
        row[count..lanes].fill(T::ZERO);
        let seen = &mut row[..count];
        let share = T::ONE / sum(seen);
        each(seen, |value| value * share);
    }
}

/// Softmax of `factor·scores` of every row; rows are `length` long.
#[inline(always)]
pub fn softmax<T: Number, const FUSED: bool>(scores: &mut [T], length: usize, factor: T) {
    for row in scores.chunks_exact_mut(length.max(1)) {
        let top = largest(row);
        each(row, |value| factor * (value - top));
    }
    // One run over all rows: rows of a few tokens are too short to vectorise.
    scores.iter_mut().for_each(|value| *value = value.exp_nonpositive());
    for row in scores.chunks_exact_mut(length.max(1)) {
        let share = T::ONE / sum(row);
        each(row, |value| value * share);
    }
}

/// Slopes by the scores from those by the softmax `weights`, plain or causal: `factor·w·(slope − Σ w·slope)`.
#[inline(always)]
pub fn softmax_back<T: Number, const FUSED: bool>(weights: &[T], slopes: &mut [T], times: usize, factor: T) {
    for (weights, slopes) in weights.chunks_exact(times.max(1)).zip(slopes.chunks_exact_mut(times.max(1))) {
        let mean = dot(weights, slopes);
        let (weights, slopes) = (weights.as_chunks::<WIDE>(), slopes.as_chunks_mut::<WIDE>());
        for (weights, slopes) in weights.0.iter().zip(slopes.0) {
            for i in 0..WIDE {
                slopes[i] = factor * weights[i] * (slopes[i] - mean);
            }
        }
        for (weight, slope) in weights.1.iter().zip(slopes.1) {
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
        let top = largest(row);
        let own = row.get(*target as usize).map_or(f64::NAN, |value| (*value - top).to_f64());
        for value in row.iter_mut() {
            *value = (*value - top).exp_nonpositive();
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
pub(super) const WIDE: usize = 16;

/// A function of each value, in whole lanes as far as they go.
#[inline(always)]
fn each<T: Number>(values: &mut [T], function: impl Fn(T) -> T) {
    let (whole, rest) = values.as_chunks_mut::<WIDE>();
    for chunk in whole {
        for value in chunk {
            *value = function(*value);
        }
    }
    rest.iter_mut().for_each(|value| *value = function(*value));
}

/// The largest of some values, in sixteen parts.
#[inline(always)]
fn largest<T: Number>(values: &[T]) -> T {
    let mut tops = [values[0]; WIDE];
    let (whole, rest) = values.as_chunks::<WIDE>();
    for chunk in whole {
        for i in 0..WIDE {
            tops[i] = tops[i].larger(chunk[i]);
        }
    }
    for i in 0..8 {
        tops[i] = tops[i].larger(tops[i + 8]);
    }
    for i in 0..4 {
        tops[i] = tops[i].larger(tops[i + 4]);
    }
    let top = tops[0].larger(tops[2]).larger(tops[1].larger(tops[3]));
    rest.iter().fold(top, |top, value| top.larger(*value))
}

/// A sum in sixteen parts.
#[inline(always)]
pub fn sum<T: Number>(values: &[T]) -> T {
    let mut sums = [T::ZERO; WIDE];
    let (whole, rest) = values.as_chunks::<WIDE>();
    for chunk in whole {
        for i in 0..WIDE {
            sums[i] += chunk[i];
        }
    }
    ended(sums, rest.len(), |i| rest[i])
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
    ended(sums, rest_a.len().min(rest_b.len()), |i| rest_a[i] * rest_b[i])
}

/// The sum with what is left behind whole lanes. None and one, as behind a class token, never go through memory.
#[inline(always)]
fn ended<T: Number>(mut sums: [T; WIDE], rest: usize, value: impl Fn(usize) -> T) -> T {
    match rest {
        0 => tree(sums),
        1 => {
            sums[0] += value(0);
            tree(sums)
        }
        _ => {
            let mut more = sums;
            more.iter_mut().take(rest).enumerate().for_each(|(i, sum)| *sum += value(i));
            tree(more)
        }
    }
}

#[inline(always)]
fn tree<T: Number>(mut sums: [T; WIDE]) -> T {
    for i in 0..8 {
        sums[i] += sums[i + 8];
    }
    for i in 0..4 {
        sums[i] += sums[i + 4];
    }
    (sums[0] + sums[2]) + (sums[1] + sums[3])
}
