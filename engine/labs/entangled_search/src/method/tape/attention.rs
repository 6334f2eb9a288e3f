//! Scaled dot-product attention over heads.

use weightscope_compute::number::Number;
use weightscope_math::MathError;

use super::{Gradients, Node, Operation, Tape, unfit};
use crate::method::kernel::{add_scaled, dot, softmax};

/// How queries meet keys.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Attention {
    /// Number of heads; the width is divided among them, the first head first.
    pub heads: usize,
    /// Factor on the products of queries and keys.
    pub scale: f64,
    /// Whether a place sees only itself and those before.
    pub causal: bool,
}

struct Attend<T> {
    inputs: [Node; 3],
    way: Attention,
    tokens: usize,
    width: usize,
    /// `[rows, heads, tokens, tokens]`.
    shares: Vec<T>,
}

/// The stretch of one head of one token.
fn part<T>(values: &[T], token: usize, head: usize, width: usize, size: usize) -> &[T] {
    values.get(token * width + head * size..token * width + (head + 1) * size).unwrap_or_default()
}

fn part_mut<T>(values: &mut [T], token: usize, head: usize, width: usize, size: usize) -> &mut [T] {
    values.get_mut(token * width + head * size..token * width + (head + 1) * size).unwrap_or_default()
}

/// Shares of each token for one row: `[heads, tokens, tokens]`.
fn shares_of<T: Number>(q: &[T], k: &[T], way: Attention, tokens: usize, width: usize, out: &mut Vec<T>) {
    let size = width / way.heads;
    let scale = T::from_f64(way.scale);
    for (head, query) in (0..way.heads).flat_map(|head| (0..tokens).map(move |query| (head, query))) {
        let seen = if way.causal { query + 1 } else { tokens };
        let own = part(q, query, head, width, size);
        let start = out.len();
        out.extend((0..seen).map(|key| scale * dot(own, part(k, key, head, width, size))));
        softmax(out.get_mut(start..).unwrap_or_default());
        out.extend(std::iter::repeat_n(T::ZERO, tokens - seen));
    }
}

impl<T: Number> Attend<T> {
    /// Gradients of one row into `out`: queries, keys, values.
    fn row(&self, rows: [&[T]; 3], shares: &[T], upstream: &[T], out: &mut [Vec<T>; 3]) {
        let (width, size, tokens) = (self.width, self.width / self.way.heads, self.tokens);
        let [q, k, v] = rows;
        let [to_q, to_k, to_v] = out;
        let scale = T::from_f64(self.way.scale);
        let places = (0..self.way.heads).flat_map(|head| (0..tokens).map(move |query| (head, query)));
        for ((head, query), shares) in places.zip(shares.chunks_exact(tokens)) {
            let above = part(upstream, query, head, width, size);
            let slopes: Vec<T> = (0..tokens).map(|key| dot(above, part(v, key, head, width, size))).collect();
            let mean = dot(&slopes, shares);
            for (key, (share, slope)) in shares.iter().zip(&slopes).enumerate() {
                add_scaled(part_mut(to_v, key, head, width, size), *share, above);
                let slope = scale * *share * (*slope - mean);
                add_scaled(part_mut(to_q, query, head, width, size), slope, part(k, key, head, width, size));
                add_scaled(part_mut(to_k, key, head, width, size), slope, part(q, query, head, width, size));
            }
        }
    }
}

impl<T: Number> Operation<T> for Attend<T> {
    fn backward(&self, tape: &Tape<T>, upstream: &[T], gradients: &mut Gradients<T>) {
        let block = self.tokens * self.width;
        let [q, k, v] = self.inputs.map(|node| tape.values(node).chunks_exact(block.max(1)));
        let shares = self.shares.chunks_exact((self.way.heads * self.tokens * self.tokens).max(1));
        let upstream = upstream.chunks_exact(block.max(1));
        for (place, ((((q, k), v), shares), above)) in q.zip(k).zip(v).zip(shares).zip(upstream).enumerate() {
            let mut out = [(); 3].map(|()| vec![T::ZERO; block]);
            self.row([q, k, v], shares, above, &mut out);
            for (input, part) in self.inputs.into_iter().zip(&out) {
                let slot = gradients.slot(tape, input);
                if let Some(slot) = slot.and_then(|slot| slot.get_mut(place * block..(place + 1) * block)) {
                    add_scaled(slot, T::ONE, part);
                }
            }
        }
    }

    fn kept(&self) -> usize {
        self.shares.len()
    }
}

impl<T: Number> Tape<T> {
    /// `softmax(scale · Q Kᵀ) V`, head by head, of q, k, v `[rows, tokens, heads · size]`. Refuses other shapes and heads that do not divide.
    pub fn attend(&mut self, q: Node, k: Node, v: Node, way: Attention) -> Result<Node, MathError> {
        let [rows, tokens, width] = self.dims("queries", q)?;
        if way.heads == 0 || width % way.heads != 0 {
            return Err(unfit("heads", format!("a divisor of {width}"), way.heads));
        }
        for other in [k, v] {
            if self.shape(other) != [rows, tokens, width] {
                let found = format!("{:?}", self.shape(other));
                return Err(unfit("keys and values", format!("{:?}", [rows, tokens, width]), found));
            }
        }
        let block = (tokens * width).max(1);
        let size = width / way.heads;
        let mut shares = Vec::with_capacity(rows * way.heads * tokens * tokens);
        let mut values = vec![T::ZERO; rows * tokens * width];
        let images = self.values(q).chunks_exact(block).zip(self.values(k).chunks_exact(block));
        for (((q, k), v), out) in
            images.zip(self.values(v).chunks_exact(block)).zip(values.chunks_exact_mut(block))
        {
            let start = shares.len();
            shares_of(q, k, way, tokens, width, &mut shares);
            let own = shares.get(start..).unwrap_or_default();
            let places = (0..way.heads).flat_map(|head| (0..tokens).map(move |query| (head, query)));
            for ((head, query), shares) in places.zip(own.chunks_exact(tokens)) {
                for (key, share) in shares.iter().enumerate() {
                    add_scaled(
                        part_mut(out, query, head, width, size),
                        *share,
                        part(v, key, head, width, size),
                    );
                }
            }
        }
        let inputs = [q, k, v];
        let operation = Attend { inputs, way, tokens, width, shares };
        Ok(self.push(vec![rows, tokens, width], values, &inputs, operation))
    }
}
