//! The RWKV-6-like model as tensors, its time mix in the parallel form in chunks; its definition on the host is
//! [`method::rwkv`](crate::method::rwkv).
//!
//! Within a chunk `e^{L_{t−1}}` and `e^{−L_s}` are taken around the middle of the chunk: the exponents are half as large, so that single
//! precision has room and the error of large exponents does not enter.

use burn::tensor::{Int, Tensor, activation};

use super::Language;
use super::bound::Bound;
use super::parts::{by_head, by_token, triangle};
use crate::compute::ops::gates::DECAY;
use crate::compute::rwkv::{Block, Rwkv};
use crate::method::rwkv::CHUNK;

impl Language for Rwkv {
    fn logits(&self, bound: &mut Bound<'_>, tokens: Tensor<1, Int>, times: usize) -> Tensor<2> {
        let embedded = bound.embed(self.embedding, tokens);
        let mut stream = bound.norm(embedded, self.norm_in);
        let chunk = Chunk::new(times, bound);
        for block in &self.blocks {
            stream = stream.clone() + time_mix(self, bound, block, stream, &chunk);
            stream = stream.clone() + channel_mix(bound, block, stream, times);
        }
        let normed = bound.norm(stream, self.norm_out);
        bound.linear(&normed, self.head, None)
    }

    fn scores(&self, times: usize) -> usize {
        self.width / self.head_width.max(1) * times.min(CHUNK)
    }
}

fn time_mix(net: &Rwkv, bound: &mut Bound<'_>, block: &Block, input: Tensor<2>, chunk: &Chunk) -> Tensor<2> {
    let normed = bound.norm(input, block.norms[0]);
    let change = change(&normed, chunk.times);
    let [r, k, v, g, w] = block.mixes.map(|mix| normed.clone() + change.clone() * bound.tensor(mix));
    let [to_r, to_k, to_v, to_g, to_o] = block.projections;
    let r = bound.linear(&r, to_r, None);
    let k = bound.linear(&k, to_k, None);
    let v = bound.linear(&v, to_v, None);
    let gate = activation::silu(bound.linear(&g, to_g, None));
    let inner = bound.linear(&w, block.decay_a, None).tanh();
    let exponent = bound.linear(&inner, block.decay_b, Some(block.decay));
    let log_decay = -exponent.clamp(DECAY.0, DECAY.1).exp();
    let heads = net.width / net.head_width.max(1);
    let lists = [r, k, v, log_decay].map(|list| by_head(list, chunk.times, heads));
    let bonus = bound.tensor(block.bonus).reshape([1, heads, 1, net.head_width]);
    let seen = by_token(chunk.scan(&lists, &bonus));
    let opened = bound.norm(seen, block.head_norm) * gate;
    bound.linear(&opened, to_o, None)
}

fn channel_mix(bound: &mut Bound<'_>, block: &Block, input: Tensor<2>, times: usize) -> Tensor<2> {
    let normed = bound.norm(input, block.norms[1]);
    let change = change(&normed, times);
    let [r, k] = block.channel_mixes.map(|mix| normed.clone() + change.clone() * bound.tensor(mix));
    let [to_r, to_k, to_v] = block.channel;
    let gate = activation::sigmoid(bound.linear(&r, to_r, None));
    let inner = activation::relu(bound.linear(&k, to_k, None)).square();
    gate * bound.linear(&inner, to_v, None)
}

/// The tokens before, zero before the first, minus the tokens themselves.
fn change(x: &Tensor<2>, times: usize) -> Tensor<2> {
    let [tokens, width] = x.dims();
    let x: Tensor<3> = x.clone().reshape([tokens / times.max(1), times, width]);
    let nothing = x.clone().narrow(1, 0, 1).zeros_like();
    let before = match times {
        0 | 1 => nothing,
        _ => Tensor::cat(vec![nothing, x.clone().narrow(1, 0, times - 1)], 1),
    };
    (before - x).reshape([tokens, width])
}

/// The time mix in pieces of [`CHUNK`] times.
struct Chunk {
    times: usize,
    /// Ones up to each time, itself included.
    sums: Tensor<4>,
    /// Ones before each time.
    before: Tensor<4>,
}

impl Chunk {
    fn new(times: usize, bound: &Bound<'_>) -> Self {
        let length = times.min(CHUNK);
        let triangle = |values| triangle(length, values, bound.device());
        Self { times, sums: triangle([0.0, 1.0, 1.0]), before: triangle([0.0, 0.0, 1.0]) }
    }

    /// `y` of all times from a state of zeros, `[rows, heads, times, width]` like r, k, v and the logarithm of the decay.
    fn scan(&self, lists: &[Tensor<4>; 4], bonus: &Tensor<4>) -> Tensor<4> {
        let mut state: Option<Tensor<4>> = None;
        let mut parts = Vec::with_capacity(self.times.div_ceil(CHUNK));
        for start in (0..self.times).step_by(CHUNK) {
            let length = CHUNK.min(self.times - start);
            let [r, k, v, log] = lists.each_ref().map(|list| list.clone().narrow(2, start, length));
            let square = |of: &Tensor<4>| of.clone().narrow(2, 0, length).narrow(3, 0, length);
            let after = square(&self.sums).matmul(log.clone());
            let before = after.clone() - log;
            // It cancels out, so that nothing goes back through it.
            let middle = after.clone().narrow(2, length / 2, 1).detach();
            let open = r.clone() * (before.clone() - middle.clone()).exp();
            let close = k.clone() * (middle - after.clone()).exp();
            let weights = open.matmul(close.swap_dims(2, 3)) * square(&self.before);
            let own = (r.clone() * k.clone() * bonus.clone()).sum_dim(3);
            let mut y = weights.matmul(v.clone()) + own * v.clone();
            if let Some(state) = &state {
                y = y + (r * before.exp()).matmul(state.clone());
            }
            parts.push(y);
            if start + length < self.times {
                let whole = after.clone().narrow(2, length - 1, 1);
                let left = k * (whole.clone() - after).exp();
                let fresh = left.swap_dims(2, 3).matmul(v);
                state = Some(match state {
                    Some(state) => state * whole.exp().swap_dims(2, 3) + fresh,
                    None => fresh,
                });
            }
        }
        Tensor::cat(parts, 2)
    }
}
