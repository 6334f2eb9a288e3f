//! The GPT-like model as passes; its definition on the host is [`method::gpt`](crate::method::gpt).

use super::attention::{Attention, attend, attend_back};
use super::layout::Layout;
use super::number::Number;
use super::ops::gates::Gate;
use super::pass::{NormPlace, Pass};
use crate::method::error::Result;
use crate::method::gpt::{Config, PROJECTIONS};

/// Added to the variance in norms.
const EPSILON: f64 = 1e-5;

/// A weight matrix and its bias.
pub(crate) type Layer = (usize, Option<usize>);

/// Tensors of a block: norms, then q, k, v, o, up, down.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Block {
    pub(crate) norms: [NormPlace; 2],
    pub(crate) layers: [Layer; 6],
}

/// The model: which tensor is what.
#[derive(Clone, Debug)]
pub(crate) struct Gpt {
    pub(crate) embedding: usize,
    pub(crate) positions: usize,
    pub(crate) norm: NormPlace,
    pub(crate) head: Layer,
    pub(crate) blocks: Vec<Block>,
    pub(crate) heads: Attention,
}

/// What the way back needs of a block.
struct Tape<T> {
    input: Vec<T>,
    scales: [Vec<T>; 2],
    normed: [Vec<T>; 2],
    qkv: [Vec<T>; 3],
    weights: Vec<T>,
    seen: Vec<T>,
    middle: Vec<T>,
    up: Vec<T>,
    inner: Vec<T>,
}

impl Gpt {
    /// The model of a configuration.
    pub(crate) fn new(config: &Config, layout: &Layout) -> Result<Self> {
        let layer = |name: &str| -> Result<Layer> {
            Ok((layout.find(&format!("{name}.weight"))?, Some(layout.find(&format!("{name}.bias"))?)))
        };
        let norm = |name: &str| -> Result<NormPlace> {
            let (weight, bias) = layer(name)?;
            Ok(NormPlace { weight, bias, group: 0, epsilon: EPSILON })
        };
        let block = |number: usize| -> Result<Block> {
            let name = |part: &str| format!("blocks.{number}.{part}");
            let mut layers = [(0, None); 6];
            for (place, part) in layers.iter_mut().zip(PROJECTIONS) {
                *place = layer(&name(part))?;
            }
            Ok(Block { norms: [norm(&name("norm1"))?, norm(&name("norm2"))?], layers })
        };
        Ok(Self {
            embedding: layout.find("embedding.weight")?,
            positions: layout.find("positions.weight")?,
            norm: norm("norm")?,
            head: layer("head")?,
            blocks: (0..config.layers).map(block).collect::<Result<_>>()?,
            heads: Attention {
                times: config.context,
                heads: config.heads,
                groups: config.heads,
                width: config.width / config.heads.max(1),
            },
        })
    }

    fn block<T: Number>(
        pass: &mut Pass<'_, T>,
        block: &Block,
        input: Vec<T>,
        heads: Attention,
    ) -> (Vec<T>, Tape<T>) {
        let [q, k, v, o, up, down] = block.layers;
        let rows = input.len() / pass.tensor(block.norms[0].weight).len().max(1);
        let (normed, scales) = pass.norm(&input, block.norms[0]);
        let qkv = [q, k, v].map(|(tensor, bias)| pass.linear(&normed, rows, tensor, bias));
        let (seen, weights) = attend(pass, heads, [&qkv[0], &qkv[1], &qkv[2]]);
        let mut middle = pass.linear(&seen, rows, o.0, o.1);
        middle.iter_mut().zip(&input).for_each(|(sum, value)| *sum += *value);
        let (normed2, scales2) = pass.norm(&middle, block.norms[1]);
        let up = pass.linear(&normed2, rows, up.0, up.1);
        let mut inner = pass.pool.take(up.len());
        T::apply(Gate::Gelu, &up, &mut inner);
        let mut output = pass.linear(&inner, rows, down.0, down.1);
        output.iter_mut().zip(&middle).for_each(|(sum, value)| *sum += *value);
        let (scales, normed) = ([scales, scales2], [normed, normed2]);
        (output, Tape { input, scales, normed, qkv, weights, seen, middle, up, inner })
    }

    fn block_back<T: Number>(
        pass: &mut Pass<'_, T>,
        block: &Block,
        tape: Tape<T>,
        mut slopes: Vec<T>,
        heads: Attention,
    ) -> Vec<T> {
        let [q, k, v, o, up_layer, down] = block.layers;
        let Tape { input, scales, normed, qkv, weights, seen, middle, up, inner } = tape;
        let rows = input.len() / pass.tensor(block.norms[0].weight).len().max(1);
        let mut by_inner = pass.pool.take(inner.len());
        pass.linear_back(&inner, &slopes, rows, down, Some((&mut by_inner, false)));
        T::apply_back(Gate::Gelu, &up, &mut by_inner);
        let mut by_normed = pass.pool.take(normed[1].len());
        pass.linear_back(&normed[1], &by_inner, rows, up_layer, Some((&mut by_normed, false)));
        pass.norm_back(&middle, &scales[1], &by_normed, &mut slopes, block.norms[1]);
        let mut by_seen = pass.pool.take(seen.len());
        pass.linear_back(&seen, &slopes, rows, o, Some((&mut by_seen, false)));
        let by = attend_back(pass, heads, [&qkv[0], &qkv[1], &qkv[2]], &weights, &by_seen);
        for (place, (layer, by)) in [q, k, v].into_iter().zip(&by).enumerate() {
            pass.linear_back(&normed[0], by, rows, layer, Some((&mut by_normed, place > 0)));
        }
        pass.norm_back(&input, &scales[0], &by_normed, &mut slopes, block.norms[0]);
        pass.give([input, middle, weights, seen, up, inner, by_inner, by_normed, by_seen]);
        pass.give(scales);
        pass.give(normed);
        pass.give(qkv);
        pass.give(by);
        slopes
    }

    /// Logits of rows of `times` tokens; with `slopes` those by the logits are asked for, and the gradient is taken.
    pub(crate) fn run<T: Number>(
        &self,
        pass: &mut Pass<'_, T>,
        tokens: &[u32],
        times: usize,
        slopes: &mut dyn FnMut(&mut [T]) -> bool,
    ) {
        let heads = Attention { times, ..self.heads };
        let mut tapes = Vec::with_capacity(self.blocks.len());
        let mut stream = pass.embed(self.embedding, tokens);
        let places: Vec<u32> = (0..tokens.len()).map(|place| (place % times) as u32).collect();
        let positions = pass.embed(self.positions, &places);
        stream.iter_mut().zip(&positions).for_each(|(sum, value)| *sum += *value);
        pass.pool.give(positions);
        for block in &self.blocks {
            let (output, tape) = Self::block(pass, block, stream, heads);
            tapes.push(tape);
            stream = output;
        }
        let (normed, scales) = pass.norm(&stream, self.norm);
        let mut logits = pass.linear(&normed, tokens.len(), self.head.0, self.head.1);
        let goes_back = slopes(&mut logits);
        let mut back = pass.pool.zeros(stream.len());
        if goes_back {
            let mut by_normed = pass.pool.take(normed.len());
            pass.linear_back(&normed, &logits, tokens.len(), self.head, Some((&mut by_normed, false)));
            pass.norm_back(&stream, &scales, &by_normed, &mut back, self.norm);
            pass.pool.give(by_normed);
        }
        pass.give([normed, scales, logits, stream]);
        for (block, tape) in self.blocks.iter().zip(tapes).rev() {
            if goes_back {
                back = Self::block_back(pass, block, tape, back, heads);
            } else {
                let Tape { input, scales, normed, qkv, weights, seen, middle, up, inner } = tape;
                pass.give([input, weights, seen, middle, up, inner]);
                pass.give(scales);
                pass.give(normed);
                pass.give(qkv);
            }
        }
        if goes_back {
            pass.embed_back(self.embedding, tokens, &back);
            pass.embed_back(self.positions, &places, &back);
        }
        pass.pool.give(back);
    }
}
