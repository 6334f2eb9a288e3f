//! Query-key reparameterization of OFQ (Liu et al., arXiv 2302.02210; nbasyl/OFQ `modules/attention.py` `QAttention_qkreparam`).
//!
//! Per head `W_h = W_q[h]ᵀ·W_k[h]` (`[C, C]`, rank at most d); the heads are stacked to `[H·C, C]` and quantized *once*, per row, by StatsQ: `Q`.
//! `z_j = Q·x_j` has the channel index `h·C + c`, and `logits[h, i, j] = Σ_c x_i[c]·z_j[h, c]`, still to be scaled by `d^-1/2`.
//! Contract: `W_q`, `W_k` are `[C, C]`, head `h` owns the rows `h·d .. (h+1)·d`; queries and keys have no bias.
//! The gradient is the identity through StatsQ to `W_h`, then the product rule to both factors.

use burn::tensor::Tensor;

use weightscope_nn::gradient::{constant, with_gradient_of};
use weightscope_nn::parameters::read;

use super::bits::Bits;
use super::groups::Groups;
use super::statsq;
use weightscope_math::real::Real;

/// Sizes of the stacked product.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ProductShape {
    /// Number of channels, C.
    pub width: usize,
    /// Number of heads, H; divides `width`.
    pub heads: usize,
}

impl ProductShape {
    /// Number of channels of a head, d.
    pub fn head_width(self) -> usize {
        self.width / self.heads.max(1)
    }

    /// One group per row of the stacked product `[H·C, C]`.
    pub fn groups(self) -> Groups {
        Groups::rows(self.heads * self.width, self.width)
    }
}

/// The stacked products `[H·C, C]` of `query` and `key`, each `[C, C]`.
pub fn product<R: Real>(query: &[R], key: &[R], shape: ProductShape) -> Vec<R> {
    let width = shape.width;
    let mut product = vec![R::ZERO; shape.groups().len()];
    let head_rows = shape.head_width() * width;
    let heads = query.chunks_exact(head_rows).zip(key.chunks_exact(head_rows));
    for ((query, key), block) in heads.zip(product.chunks_exact_mut(width * width)) {
        for (query, key) in query.chunks_exact(width).zip(key.chunks_exact(width)) {
            for (left, row) in query.iter().zip(block.chunks_exact_mut(width)) {
                for (entry, right) in row.iter_mut().zip(key) {
                    *entry += *left * *right;
                }
            }
        }
    }
    product
}

/// Gradients of `query` and `key` for an upstream gradient of their product.
pub fn product_gradients<R: Real>(
    query: &[R],
    key: &[R],
    upstream: &[R],
    shape: ProductShape,
) -> (Vec<R>, Vec<R>) {
    let (width, rows) = (shape.width, shape.head_width());
    let mut by_query = vec![R::ZERO; query.len()];
    let mut by_key = vec![R::ZERO; key.len()];
    for row in 0..rows * shape.heads {
        let block = &upstream[row / rows * width * width..][..width * width];
        let range = row * width..(row + 1) * width;
        let factors = query[range.clone()].iter().zip(&mut by_query[range.clone()]);
        for ((left, by_left), slopes) in factors.zip(block.chunks_exact(width)) {
            let pairs = slopes.iter().zip(&key[range.clone()]).zip(&mut by_key[range.clone()]);
            for ((slope, right), by_right) in pairs {
                *by_left += *slope * *right;
                *by_right += *slope * *left;
            }
        }
    }
    (by_query, by_key)
}

/// The stacked product as a tensor `[H·C, C]`, differentiable by both factors.
pub fn tensor_product(query: Tensor<2>, key: Tensor<2>, shape: ProductShape) -> Tensor<2> {
    let ProductShape { width, heads } = shape;
    let by_head = |weight: Tensor<2>| weight.reshape([heads, shape.head_width(), width]);
    by_head(query).swap_dims(1, 2).matmul(by_head(key)).reshape([heads * width, width])
}

/// The quantized product as a tensor `[H·C, C]`; its levels are those of [`product`] and [`statsq::quantize`] on the host, bit for bit.
pub fn quantized_product(query: Tensor<2>, key: Tensor<2>, shape: ProductShape, bits: Bits) -> Tensor<2> {
    let product = product(&read(query.clone()), &read(key.clone()), shape);
    let value = statsq::quantize(&product, shape.groups(), bits).value;
    let value = constant(value, [shape.heads * shape.width, shape.width], &query.device());
    with_gradient_of(value, tensor_product(query, key, shape))
}

/// `z = Q·x` for every token: `[batch, tokens, H·C]` from `[batch, tokens, C]` and `[H·C, C]`.
pub fn project(input: Tensor<3>, product: Tensor<2>) -> Tensor<3> {
    let [batch, tokens, width] = input.dims();
    let rows = product.dims()[0];
    input.reshape([batch * tokens, width]).matmul(product.transpose()).reshape([batch, tokens, rows])
}

/// Logits before scaling, `[batch, H, tokens, tokens]`, from the input `[batch, tokens, C]` and its projection `[batch, tokens, H·C]`.
pub fn logits(input: Tensor<3>, projected: Tensor<3>, heads: usize) -> Tensor<4> {
    let [batch, tokens, width] = input.dims();
    // One product per image over all heads; the pairs (token, head) are its columns.
    let columns = projected.reshape([batch, tokens * heads, width]).swap_dims(1, 2);
    input.matmul(columns).reshape([batch, tokens, tokens, heads]).permute([0, 3, 1, 2])
}

#[cfg(test)]
mod tests {
    use super::*;
    use weightscope_nn::init::normal;

    use crate::network::tests::test_source;
    use burn::tensor::Device;

    const SHAPE: ProductShape = ProductShape { width: 6, heads: 3 };

    #[test]
    fn tensor_and_host_agree_on_product_and_gradients() {
        let mut random = test_source(3);
        let (query, key) = (normal(&mut random, 1.0, 36), normal(&mut random, 1.0, 36));
        let upstream = normal(&mut random, 1.0, 108);
        let device = Device::flex().autodiff();
        let leaf = |values: &[f32]| constant(values.to_vec(), [6, 6], &device).require_grad();
        let (query_leaf, key_leaf) = (leaf(&query), leaf(&key));
        let quantized = quantized_product(query_leaf.clone(), key_leaf.clone(), SHAPE, Bits::TWO);
        let host = product(&query, &key, SHAPE);
        assert_eq!(read(quantized.clone()), statsq::quantize(&host, SHAPE.groups(), Bits::TWO).value);
        let gradients = (quantized * constant(upstream.clone(), [18, 6], &device)).sum().backward();
        let (by_query, by_key) = product_gradients(&query, &key, &upstream, SHAPE);
        let close = |a: Vec<f32>, b: &[f32]| a.iter().zip(b).all(|(a, b)| (a - b).abs() < 1e-5);
        assert!(close(read(query_leaf.grad(&gradients).unwrap()), &by_query));
        assert!(close(read(key_leaf.grad(&gradients).unwrap()), &by_key));
    }

    #[test]
    fn without_a_quantizer_the_logits_are_those_of_ordinary_attention() {
        let mut random = test_source(4);
        let device = Device::flex();
        let (query, key) = (normal(&mut random, 1.0, 36), normal(&mut random, 1.0, 36));
        let input = constant(normal(&mut random, 1.0, 2 * 4 * 6), [2, 4, 6], &device);
        let matrix = |values: Vec<f32>| constant(values, [6, 6], &device);
        let product = tensor_product(matrix(query.clone()), matrix(key.clone()), SHAPE);
        let ours = read(logits(input.clone(), project(input.clone(), product), 3));
        let heads =
            |weight: Vec<f32>| project(input.clone(), matrix(weight)).reshape([2, 4, 3, 2]).swap_dims(1, 2);
        let ordinary = read(heads(query).matmul(heads(key).swap_dims(2, 3)));
        assert!(ours.iter().zip(&ordinary).all(|(a, b)| (a - b).abs() < 1e-4));
    }
}
