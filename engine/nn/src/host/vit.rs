//! The vision transformer as passes.
//!
//! Contract: the function and the gradient of [`Vit::forward`]. The head reads the class token alone, so in the last block only the class
//! token asks, is mixed and goes on: what the other tokens would become there reaches nothing.

use weightscope_compute::pass::Pass;

use super::block::{BlockTape, Sizes};
use super::mlp::tensors;
use super::parts::HostNetwork;
use super::transform::{HostTransform, Rows, Seen, at};
use crate::layer::LayerNorm;
use crate::transform::Place;
use crate::vit::Vit;

/// A vision transformer with what a lab does to its activations.
#[derive(Clone, Copy, Debug)]
pub struct HostVit<'a, H> {
    /// The transformer.
    pub network: &'a Vit,
    /// What happens to activations.
    pub transform: &'a H,
}

/// What the way back needs.
#[derive(Debug)]
pub struct VitTape {
    patches: Seen,
    blocks: Vec<BlockTape>,
    /// The class tokens after the last block, their scales and their norm as the head sees it.
    class: Vec<f32>,
    scales: Vec<f32>,
    head: Seen,
}

impl<H: HostTransform> HostVit<'_, H> {
    fn sizes_of(&self, images: usize, layer: usize) -> Sizes {
        let (tokens, is_last) = (self.network.shape.tokens(), layer + 1 == self.network.blocks.len());
        Sizes { images, tokens, queries: if is_last { 1 } else { tokens } }
    }

    fn patch_rows(&self, images: usize) -> Rows {
        let shape = self.network.shape;
        let (width, period) = (shape.patch_values(), shape.patch_count());
        Rows { site: at(0, Place::PatchInput), images, width, period }
    }

    fn head_rows(&self, images: usize) -> Rows {
        Rows { site: at(0, Place::HeadInput), images, width: self.network.shape.embedding, period: 1 }
    }

    /// Class token and embedded patches with their positions, `[images, tokens, width]`.
    fn tokens(&self, pass: &mut Pass<'_, f32>, embedded: &[f32], images: usize) -> Vec<f32> {
        let (shape, width) = (self.network.shape, self.network.shape.embedding);
        let class = pass.tensor(self.network.class_token.entry());
        let position = pass.tensor(self.network.position.entry());
        let mut tokens = pass.pool.take(images * shape.tokens() * width);
        let rows = tokens.chunks_exact_mut(shape.tokens() * width);
        for (image, patches) in rows.zip(embedded.chunks_exact(shape.patch_count() * width)) {
            let (first, rest) = image.split_at_mut(width);
            first.copy_from_slice(class);
            rest.copy_from_slice(patches);
            image.iter_mut().zip(position).for_each(|(value, position)| *value += *position);
        }
        tokens
    }

    /// Gradients by class token and positions; the slopes by the embedded patches.
    fn tokens_back(&self, pass: &mut Pass<'_, f32>, slopes: &[f32]) -> Vec<f32> {
        let (shape, width) = (self.network.shape, self.network.shape.embedding);
        let length = shape.tokens() * width;
        let mut sums = pass.pool.zeros(length);
        let mut embedded = pass.pool.take(slopes.len() / shape.tokens() * shape.patch_count());
        let rows = embedded.chunks_exact_mut(length - width);
        for (image, embedded) in slopes.chunks_exact(length).zip(rows) {
            sums.iter_mut().zip(image).for_each(|(sum, slope)| *sum += *slope);
            embedded.copy_from_slice(&image[width..]);
        }
        pass.add_gradient(self.network.position.entry(), &sums);
        pass.add_gradient(self.network.class_token.entry(), &sums[..width]);
        pass.pool.give(sums);
        embedded
    }
}

pub(super) fn norm(layer: &LayerNorm) -> weightscope_compute::pass::NormPlace {
    let (weight, bias) = (layer.gain.entry(), Some(layer.offset.entry()));
    weightscope_compute::pass::NormPlace { weight, bias, group: 0, epsilon: crate::layer::EPSILON }
}

/// The first row of each image.
pub(super) fn first_rows(
    pass: &mut Pass<'_, f32>,
    values: &[f32],
    (tokens, width): (usize, usize),
) -> Vec<f32> {
    let mut first = pass.pool.take(values.len() / tokens.max(1));
    for (out, image) in first.chunks_exact_mut(width).zip(values.chunks_exact(tokens * width)) {
        out.copy_from_slice(&image[..width]);
    }
    first
}

impl<H: HostTransform> HostNetwork for HostVit<'_, H> {
    type Tape = VitTape;

    fn sizes(&self) -> (usize, usize) {
        let shape = self.network.shape;
        (shape.patch_count() * shape.patch_values(), shape.classes)
    }

    fn work(&self) -> usize {
        let shape = self.network.shape;
        let (tokens, width) = (shape.tokens(), shape.embedding);
        let block = (4 + 2 * shape.ratio) * width * width + 2 * tokens * width;
        tokens * (shape.patch_values() * width + shape.blocks * block)
    }

    fn forward(&self, pass: &mut Pass<'_, f32>, features: &[f32]) -> (Vec<f32>, VitTape) {
        let (network, shape) = (self.network, self.network.shape);
        let images = features.len() / self.sizes().0.max(1);
        let mut raw = pass.pool.take(features.len());
        raw.copy_from_slice(features);
        let patches = Seen::new(pass, self.transform, self.patch_rows(images), raw);
        let (weight, bias) = tensors(&network.embed);
        let embedded = pass.linear(patches.values(), images * shape.patch_count(), weight, bias);
        let mut stream = self.tokens(pass, &embedded, images);
        pass.pool.give(embedded);
        let mut blocks = Vec::with_capacity(network.blocks.len());
        for (layer, block) in network.blocks.iter().enumerate() {
            let (output, tape) =
                BlockTape::forward(pass, block, self.transform, self.sizes_of(images, layer), stream);
            blocks.push(tape);
            stream = output;
        }
        let class = if blocks.is_empty() {
            let class = first_rows(pass, &stream, (shape.tokens(), shape.embedding));
            pass.pool.give(stream);
            class
        } else {
            stream
        };
        let (normed, scales) = pass.norm(&class, norm(&network.norm));
        let head = Seen::new(pass, self.transform, self.head_rows(images), normed);
        let (weight, bias) = tensors(&network.head);
        let logits = pass.linear(head.values(), images, weight, bias);
        (logits, VitTape { patches, blocks, class, scales, head })
    }

    fn backward(&self, pass: &mut Pass<'_, f32>, tape: VitTape, slopes: &[f32]) {
        let (network, shape) = (self.network, self.network.shape);
        let VitTape { patches, blocks, class, scales, head } = tape;
        let images = slopes.len() / shape.classes.max(1);
        let mut by_head = pass.pool.take(head.values().len());
        let target = Some((&mut by_head[..], false));
        pass.linear_back(head.values(), slopes, images, tensors(&network.head), target);
        head.back(pass, self.transform, self.head_rows(images), &mut by_head);
        head.give(pass);
        let mut by_stream = pass.pool.zeros(class.len());
        pass.norm_back(&class, &scales, &by_head, &mut by_stream, norm(&network.norm));
        pass.give([class, scales, by_head]);
        if blocks.is_empty() {
            let (tokens, width) = (shape.tokens(), shape.embedding);
            let mut all = pass.pool.zeros(images * tokens * width);
            for (image, slopes) in all.chunks_exact_mut(tokens * width).zip(by_stream.chunks_exact(width)) {
                image[..width].copy_from_slice(slopes);
            }
            pass.pool.give(std::mem::replace(&mut by_stream, all));
        }
        for (layer, (block, tape)) in network.blocks.iter().zip(blocks).enumerate().rev() {
            by_stream = tape.backward(pass, block, self.transform, self.sizes_of(images, layer), by_stream);
        }
        let by_embedded = self.tokens_back(pass, &by_stream);
        let is_wanted = patches.is_changed();
        let mut by_patches = pass.pool.take(if is_wanted { patches.values().len() } else { 0 });
        let target = is_wanted.then_some((&mut by_patches[..], false));
        let rows = images * shape.patch_count();
        pass.linear_back(patches.values(), &by_embedded, rows, tensors(&network.embed), target);
        patches.back(pass, self.transform, self.patch_rows(images), &mut by_patches);
        patches.give(pass);
        pass.give([by_patches, by_embedded, by_stream]);
    }

    fn forget(&self, pass: &mut Pass<'_, f32>, tape: VitTape) {
        let VitTape { patches, blocks, class, scales, head } = tape;
        patches.give(pass);
        head.give(pass);
        pass.give([class, scales]);
        blocks.into_iter().for_each(|block| block.give(pass));
    }
}
