//! Norms of rows: root mean square, and mean and variance over groups of neighbours.

#![expect(
    clippy::inline_always,
    reason = "a function that is not inlined is compiled for the smallest instruction set"
)]

use super::rows::{WIDE, dot, sum};
use crate::number::Number;

/// A norm: `x̂·weight + bias` with `x̂` brought to length or to mean and variance.
#[derive(Clone, Copy)]
pub struct Norm<'a, T> {
    /// Entries that are brought to one scale together; divides the rows.
    pub group: usize,
    /// Whether the mean is taken away first.
    pub centred: bool,
    /// Added to the mean of squares.
    pub epsilon: f64,
    /// One factor for each entry of a row.
    pub weight: &'a [T],
    /// One summand for each entry of a row; empty for none.
    pub bias: &'a [T],
}

/// The norm of rows as long as the weight; `scales` holds mean and inverse deviation of each group, one after the other.
#[inline(always)]
pub fn forward<T: Number, const FUSED: bool>(norm: Norm<'_, T>, x: &[T], out: &mut [T], scales: &mut [T]) {
    let width = norm.weight.len().max(1);
    let groups = width / norm.group.max(1);
    let count = T::from_f64(1.0 / norm.group as f64);
    for ((x, out), scales) in
        x.chunks_exact(width).zip(out.chunks_exact_mut(width)).zip(scales.chunks_exact_mut(2 * groups))
    {
        for group in 0..groups {
            let place = group * norm.group..(group + 1) * norm.group;
            let (x, out) = (&x[place.clone()], &mut out[place.clone()]);
            let mean = if norm.centred { sum(x) * count } else { T::ZERO };
            out.iter_mut().zip(x).for_each(|(out, x)| *out = *x - mean);
            let square = dot(out, out) * count;
            let scale = T::ONE / (square + T::from_f64(norm.epsilon)).root();
            (scales[2 * group], scales[2 * group + 1]) = (mean, scale);
            for (out, weight) in out.iter_mut().zip(&norm.weight[place]) {
                *out = *out * scale * *weight;
            }
        }
        out.iter_mut().zip(norm.bias).for_each(|(out, bias)| *out += *bias);
    }
}

/// Adds the slopes by x to `x_slopes`, and those by weight and bias to `own`, from the slopes by the result.
#[inline(always)]
pub fn backward<T: Number, const FUSED: bool>(
    norm: Norm<'_, T>,
    x: &[T],
    scales: &[T],
    slopes: &[T],
    x_slopes: &mut [T],
    own: (&mut [T], &mut [T]),
) {
    let width = norm.weight.len().max(1);
    let groups = width / norm.group.max(1);
    let count = T::from_f64(1.0 / norm.group as f64);
    let (by_weight, by_bias) = own;
    let rows = x.chunks_exact(width).zip(slopes.chunks_exact(width)).zip(x_slopes.chunks_exact_mut(width));
    for (((x, slopes), x_slopes), scales) in rows.zip(scales.chunks_exact(2 * groups)) {
        for group in 0..groups {
            let place = group * norm.group..(group + 1) * norm.group;
            let (mean, scale) = (scales[2 * group], scales[2 * group + 1]);
            let (x, slopes) = (&x[place.clone()], &slopes[place.clone()]);
            let (weight, x_slopes) = (&norm.weight[place.clone()], &mut x_slopes[place.clone()]);
            let (mut plain, mut along) = ([T::ZERO; WIDE], [T::ZERO; WIDE]);
            let (s, w, v) = (slopes.as_chunks::<WIDE>(), weight.as_chunks::<WIDE>(), x.as_chunks::<WIDE>());
            for ((slopes, weight), x) in s.0.iter().zip(w.0).zip(v.0) {
                for i in 0..WIDE {
                    let (inner, unit) = (slopes[i] * weight[i], (x[i] - mean) * scale);
                    plain[i] += inner;
                    along[i] += inner * unit;
                }
            }
            for (i, ((slope, weight), x)) in s.1.iter().zip(w.1).zip(v.1).enumerate() {
                let (inner, unit) = (*slope * *weight, (*x - mean) * scale);
                plain[i] += inner;
                along[i] += inner * unit;
            }
            let plain = if norm.centred { sum(&plain) * count } else { T::ZERO };
            let along = sum(&along) * count;
            let by_weight = &mut by_weight[place];
            let (whole, rest) = x_slopes.as_chunks_mut::<WIDE>();
            let (by, by_rest) = by_weight.as_chunks_mut::<WIDE>();
            let chunks = whole.iter_mut().zip(by).zip(s.0).zip(w.0).zip(v.0);
            for ((((x_slopes, by), slopes), weight), x) in chunks {
                for i in 0..WIDE {
                    let (apart, slope) = (x[i] - mean, slopes[i]);
                    x_slopes[i] += scale * (slope * weight[i] - plain - apart * scale * along);
                    by[i] += slope * apart * scale;
                }
            }
            for ((((x_slope, by), slope), weight), x) in
                rest.iter_mut().zip(by_rest).zip(s.1).zip(w.1).zip(v.1)
            {
                let apart = *x - mean;
                *x_slope += scale * (*slope * *weight - plain - apart * scale * along);
                *by += *slope * apart * scale;
            }
        }
        by_bias.iter_mut().zip(slopes).for_each(|(sum, slope)| *sum += *slope);
    }
}
