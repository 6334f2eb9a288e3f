//! The LLaMA-like model as tensors; its definition on the host is [`method::llama`](crate::method::llama).

use burn::tensor::{Int, Tensor, activation};

use super::Language;
use super::bound::Bound;
use super::parts::{Turn, attend, causal};
use crate::compute::attention::Attention;
use crate::compute::llama::Llama;

impl Language for Llama<f32> {
    fn logits(&self, bound: &mut Bound<'_>, tokens: Tensor<1, Int>, times: usize) -> Tensor<2> {
        let heads = Attention { times, ..self.heads };
        let turn = Turn::new(&self.rotation, times, bound.device());
        let mask = causal(heads, bound.device());
        let mut stream = bound.embed(self.embedding, tokens);
        for block in &self.blocks {
            let [q, k, v, o, gate, up, down] = block.projections;
            let normed = bound.norm(stream.clone(), block.norms[0]);
            let [q, k, v] = [q, k, v].map(|tensor| bound.linear(&normed, tensor, None));
            let seen = attend(heads, [turn.turn(q), turn.turn(k), v], &mask);
            stream = stream + bound.linear(&seen, o, None);
            let normed = bound.norm(stream.clone(), block.norms[1]);
            let gate = activation::silu(bound.linear(&normed, gate, None));
            let inner = gate * bound.linear(&normed, up, None);
            stream = stream + bound.linear(&inner, down, None);
        }
        let normed = bound.norm(stream, self.norm);
        bound.linear(&normed, self.head, None)
    }

    fn scores(&self, times: usize) -> usize {
        self.heads.heads * times
    }
}
