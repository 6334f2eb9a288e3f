//! The GPT-like model as tensors; its definition on the host is [`method::gpt`](crate::method::gpt).

use burn::tensor::{Int, Tensor};
use weightscope_nn::gelu;

use super::Language;
use super::bound::Bound;
use super::parts::{attend, causal};
use crate::compute::attention::Attention;
use crate::compute::gpt::Gpt;

impl Language for Gpt {
    fn logits(&self, bound: &mut Bound<'_>, tokens: Tensor<1, Int>, times: usize) -> Tensor<2> {
        let heads = Attention { times, ..self.heads };
        let mask = causal(heads, bound.device());
        let embedded = bound.embed(self.embedding, tokens);
        let [count, width] = embedded.dims();
        let places = bound.tensor(self.positions).narrow(0, 0, times).unsqueeze();
        let embedded: Tensor<3> = embedded.reshape([count / times.max(1), times, width]) + places;
        let mut stream: Tensor<2> = embedded.reshape([count, width]);
        for block in &self.blocks {
            let [q, k, v, o, up, down] = block.layers;
            let normed = bound.norm(stream.clone(), block.norms[0]);
            let qkv = [q, k, v].map(|(tensor, bias)| bound.linear(&normed, tensor, bias));
            let seen = attend(heads, qkv, &mask);
            stream = stream + bound.linear(&seen, o.0, o.1);
            let normed = bound.norm(stream.clone(), block.norms[1]);
            let inner = gelu::composed(bound.linear(&normed, up.0, up.1));
            stream = stream + bound.linear(&inner, down.0, down.1);
        }
        let normed = bound.norm(stream, self.norm);
        bound.linear(&normed, self.head.0, self.head.1)
    }

    fn scores(&self, times: usize) -> usize {
        self.heads.heads * times
    }
}
