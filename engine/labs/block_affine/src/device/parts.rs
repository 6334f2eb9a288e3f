//! What language models are made of, as tensors: rows of tokens by head, causal attention, rotary positions, lower triangles.

use burn::tensor::{Device, Tensor};
use weightscope_nn::gradient::constant;
use weightscope_nn::softmax::scaled_softmax;

use crate::compute::attention::Attention;
use crate::compute::rotary::Rotation;

/// Added to the scores of what comes later: its share is nothing, and no number is infinite.
const HIDDEN: f32 = -1e9;

/// `[rows·times, heads·width]` as `[rows, heads, times, width]`.
pub(super) fn by_head(x: Tensor<2>, times: usize, heads: usize) -> Tensor<4> {
    let [tokens, all] = x.dims();
    x.reshape([tokens / times.max(1), times, heads, all / heads.max(1)]).swap_dims(1, 2)
}

/// The way back of [`by_head`].
pub(super) fn by_token(x: Tensor<4>) -> Tensor<2> {
    let [rows, heads, times, width] = x.dims();
    x.swap_dims(1, 2).reshape([rows * times, heads * width])
}

/// A square `[1, 1, times, times]` with one value where a row lies below its column (`row < column`), one on the diagonal and one above
/// its column.
pub(super) fn triangle(times: usize, [later, same, earlier]: [f32; 3], device: &Device) -> Tensor<4> {
    let one = |place: usize| match (place / times).cmp(&(place % times)) {
        std::cmp::Ordering::Less => later,
        std::cmp::Ordering::Equal => same,
        std::cmp::Ordering::Greater => earlier,
    };
    constant((0..times * times).map(one).collect(), [1, 1, times, times], device)
}

/// What is added to the scores of causal attention, for as many query heads as share a key head.
pub(super) fn causal(heads: Attention, device: &Device) -> Tensor<4> {
    let shared = heads.heads / heads.groups.max(1);
    triangle(heads.times, [HIDDEN, 0.0, 0.0], device).repeat_dim(2, shared)
}

/// What heads see, `[tokens, heads·width]`; `mask` is that of [`causal`].
pub(super) fn attend(heads: Attention, [q, k, v]: [Tensor<2>; 3], mask: &Tensor<4>) -> Tensor<2> {
    let Attention { times, heads: count, groups, width } = heads;
    let rows = q.dims()[0] / times.max(1);
    // Query heads that share a key head lie below each other, so that keys and values are not repeated.
    let q = by_head(q, times, count).reshape([rows, groups, count / groups.max(1) * times, width]);
    let (k, v) = (by_head(k, times, groups), by_head(v, times, groups));
    let scores = q.matmul(k.swap_dims(2, 3)) + mask.clone();
    let weights = scaled_softmax(scores, 1.0 / (width as f32).sqrt());
    by_token(weights.matmul(v).reshape([rows, count, times, width]))
}

/// Rotary positions on a device: `x·cos + (x·P)·sin`, where P brings each entry of a pair to the place of the other, with its sign.
#[derive(Debug)]
pub(super) struct Turn {
    partners: Tensor<2>,
    cos: Tensor<4>,
    sin: Tensor<4>,
}

impl Turn {
    /// The angles of the first `times` times.
    pub(super) fn new(rotation: &Rotation<f32>, times: usize, device: &Device) -> Self {
        let width = rotation.width();
        let mut partners = vec![0.0; width * width];
        let (mut cos, mut sin) = (vec![0.0; times * width], vec![0.0; times * width]);
        for pair in 0..width / 2 {
            let (one, other) = rotation.entries(pair);
            (partners[other * width + one], partners[one * width + other]) = (-1.0, 1.0);
            for time in 0..times {
                let (c, s) = rotation.angle(time, pair);
                for entry in [one, other] {
                    (cos[time * width + entry], sin[time * width + entry]) = (c, s);
                }
            }
        }
        let angles = |values| constant(values, [1, times, 1, width], device);
        Self { partners: constant(partners, [width, width], device), cos: angles(cos), sin: angles(sin) }
    }

    /// Turns all heads of `[tokens, heads·width]`.
    pub(super) fn turn(&self, x: Tensor<2>) -> Tensor<2> {
        let [tokens, all] = x.dims();
        let [_, times, _, width] = self.cos.dims();
        let shape = [tokens / times.max(1), times, all / width.max(1), width];
        let partner = x.clone().reshape([tokens * all / width.max(1), width]).matmul(self.partners.clone());
        let turned = x.reshape(shape) * self.cos.clone() + partner.reshape(shape) * self.sin.clone();
        turned.reshape([tokens, all])
    }
}
