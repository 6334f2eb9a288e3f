//! The LLaMA-like model as passes; its definition on the host is [`method::llama`](crate::method::llama).

use super::attention::{Attention, attend, attend_back};
use super::layout::Layout;
use super::number::Number;
use super::pass::{NormPlace, Pass};
use super::rotary::Rotation;
use crate::method::error::Result;
use crate::method::llama::{Config, PROJECTIONS, projection};
use crate::method::network::Pairs;

/// Tensors of a block: norms, then q, k, v, o, gate, up, down.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Block {
    pub(crate) norms: [NormPlace; 2],
    pub(crate) projections: [usize; 7],
}

/// The model: which tensor is what.
#[derive(Clone, Debug)]
pub(crate) struct Llama<T> {
    pub(crate) embedding: usize,
    pub(crate) head: usize,
    pub(crate) norm: NormPlace,
    pub(crate) blocks: Vec<Block>,
    pub(crate) heads: Attention,
    pub(crate) rotation: Rotation<T>,
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
    gate: Vec<T>,
    up: Vec<T>,
    inner: Vec<T>,
}

impl<T: Number> Llama<T> {
    /// The model of a configuration for contexts of so many tokens.
    pub(crate) fn new(config: &Config, pairs: Pairs, times: usize, layout: &Layout) -> Result<Self> {
        let norm = |name: &str| -> Result<NormPlace> {
            let weight = layout.find(name)?;
            Ok(NormPlace { weight, bias: None, group: 0, epsilon: config.rms_norm_eps })
        };
        let block = |layer: usize| -> Result<Block> {
            let mut projections = [0; 7];
            for (place, name) in projections.iter_mut().zip(PROJECTIONS) {
                *place = layout.find(&projection(layer, name))?;
            }
            let first = norm(&projection(layer, "input_layernorm"))?;
            Ok(Block { norms: [first, norm(&projection(layer, "post_attention_layernorm"))?], projections })
        };
        let embedding = layout.find("model.embed_tokens.weight")?;
        let head = if config.tie_word_embeddings { embedding } else { layout.find("lm_head.weight")? };
        let width = config.head_width();
        Ok(Self {
            embedding,
            head,
            norm: norm("model.norm.weight")?,
            blocks: (0..config.num_hidden_layers).map(block).collect::<Result<_>>()?,
            heads: Attention { times, heads: config.num_attention_heads, groups: config.groups(), width },
            rotation: Rotation::new(pairs, width, config.theta(), times),
        })
    }

    fn block(
        &self,
        pass: &mut Pass<'_, T>,
        block: &Block,
        input: Vec<T>,
        heads: Attention,
    ) -> (Vec<T>, Tape<T>) {
        let [q, k, v, o, gate, up, down] = block.projections;
        let rows = input.len() / pass.tensor(block.norms[0].weight).len().max(1);
        let (normed, scales) = pass.norm(&input, block.norms[0]);
        let mut qkv = [q, k, v].map(|tensor| pass.linear(&normed, rows, tensor, None));
        self.rotation.turn(&mut qkv[0], heads.heads * heads.width, heads.times, false);
        self.rotation.turn(&mut qkv[1], heads.groups * heads.width, heads.times, false);
        let (seen, weights) = attend(pass, heads, [&qkv[0], &qkv[1], &qkv[2]]);
        let mut middle = pass.linear(&seen, rows, o, None);
        middle.iter_mut().zip(&input).for_each(|(sum, value)| *sum += *value);
        let (normed2, scales2) = pass.norm(&middle, block.norms[1]);
        let gate = pass.linear(&normed2, rows, gate, None);
        let up = pass.linear(&normed2, rows, up, None);
        let mut inner = pass.pool.take(gate.len());
        T::swiglu(&gate, &up, &mut inner);
        let mut output = pass.linear(&inner, rows, down, None);
        output.iter_mut().zip(&middle).for_each(|(sum, value)| *sum += *value);
        let (scales, normed) = ([scales, scales2], [normed, normed2]);
        (output, Tape { input, scales, normed, qkv, weights, seen, middle, gate, up, inner })
    }

    /// Slopes by the block's input from those by its output.
    fn block_back(
        &self,
        pass: &mut Pass<'_, T>,
        block: &Block,
        tape: Tape<T>,
        mut slopes: Vec<T>,
        heads: Attention,
    ) -> Vec<T> {
        let [q, k, v, o, gate, up, down] = block.projections;
        let Tape {
            input,
            scales,
            normed,
            qkv,
            weights,
            seen,
            middle,
            gate: mut by_gate,
            up: mut by_up,
            inner,
        } = tape;
        let rows = input.len() / pass.tensor(block.norms[0].weight).len().max(1);
        let mut by_inner = pass.pool.take(inner.len());
        pass.linear_back(&inner, &slopes, rows, (down, None), Some((&mut by_inner, false)));
        T::swiglu_back(&mut by_gate, &mut by_up, &by_inner);
        let mut by_normed = pass.pool.take(normed[1].len());
        pass.linear_back(&normed[1], &by_gate, rows, (gate, None), Some((&mut by_normed, false)));
        pass.linear_back(&normed[1], &by_up, rows, (up, None), Some((&mut by_normed, true)));
        pass.norm_back(&middle, &scales[1], &by_normed, &mut slopes, block.norms[1]);
        let mut by_seen = pass.pool.take(seen.len());
        pass.linear_back(&seen, &slopes, rows, (o, None), Some((&mut by_seen, false)));
        let mut by = attend_back(pass, heads, [&qkv[0], &qkv[1], &qkv[2]], &weights, &by_seen);
        self.rotation.turn(&mut by[0], heads.heads * heads.width, heads.times, true);
        self.rotation.turn(&mut by[1], heads.groups * heads.width, heads.times, true);
        for (place, (tensor, by)) in [q, k, v].into_iter().zip(&by).enumerate() {
            pass.linear_back(&normed[0], by, rows, (tensor, None), Some((&mut by_normed, place > 0)));
        }
        pass.norm_back(&input, &scales[0], &by_normed, &mut slopes, block.norms[0]);
        pass.give([input, middle, weights, seen, by_gate, by_up, inner, by_inner, by_normed, by_seen]);
        pass.give(scales);
        pass.give(normed);
        pass.give(qkv);
        pass.give(by);
        slopes
    }

    /// Logits of rows of `times` tokens; with `slopes` those by the logits are asked for, and the gradient is taken.
    pub(crate) fn run(
        &self,
        pass: &mut Pass<'_, T>,
        tokens: &[u32],
        times: usize,
        slopes: &mut dyn FnMut(&mut [T]) -> bool,
    ) {
        let heads = Attention { times, ..self.heads };
        let mut tapes = Vec::with_capacity(self.blocks.len());
        let mut stream = pass.embed(self.embedding, tokens);
        for block in &self.blocks {
            let (output, tape) = self.block(pass, block, stream, heads);
            tapes.push(tape);
            stream = output;
        }
        let (normed, scales) = pass.norm(&stream, self.norm);
        let mut logits = pass.linear(&normed, tokens.len(), self.head, None);
        let goes_back = slopes(&mut logits);
        let mut back = pass.pool.zeros(stream.len());
        if goes_back {
            let mut by_normed = pass.pool.take(normed.len());
            pass.linear_back(
                &normed,
                &logits,
                tokens.len(),
                (self.head, None),
                Some((&mut by_normed, false)),
            );
            pass.norm_back(&stream, &scales, &by_normed, &mut back, self.norm);
            pass.pool.give(by_normed);
        }
        pass.give([normed, scales, logits, stream]);
        for (block, tape) in self.blocks.iter().zip(tapes).rev() {
            if goes_back {
                back = self.block_back(pass, block, tape, back, heads);
            } else {
                let Tape { input, scales, normed, qkv, weights, seen, middle, gate, up, inner } = tape;
                pass.give([input, weights, seen, middle, gate, up, inner]);
                pass.give(scales);
                pass.give(normed);
                pass.give(qkv);
            }
        }
        if goes_back {
            pass.embed_back(self.embedding, tokens, &back);
        }
        pass.pool.give(back);
    }
}
