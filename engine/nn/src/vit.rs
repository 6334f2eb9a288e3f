//! A small vision transformer: patch embedding, class token, learned positions, pre-norm blocks with GELU, one linear head.
//!
//! Contract: the network sees patches, `[batch, patches, patch values]`, made by [`VitShape::patches`];
//! the last normalisation and the head act on the class token alone.

use burn::tensor::Tensor;
use thiserror::Error;

use crate::attention::Attention;
use crate::gelu::gelu;
use crate::init::{Uniform, normal};
use crate::layer::{Bias, LayerNorm, Linear};
use crate::parameters::{Handle, Leaves, ParameterError, Parameters, Role};
use crate::transform::{Place, Site, Transform};

/// Standard deviation of the initial class token and positions, as in DeiT.
const EMBEDDING_SPREAD: f32 = 0.02;

/// Sizes of a vision transformer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct VitShape {
    /// Height of an image in pixels.
    pub height: usize,
    /// Width of an image in pixels.
    pub width: usize,
    /// Values per pixel.
    pub channels: usize,
    /// Side of a square patch in pixels.
    pub patch: usize,
    /// Width of a token, C in the paper.
    pub embedding: usize,
    /// Number of heads.
    pub heads: usize,
    /// Number of blocks.
    pub blocks: usize,
    /// Width of the hidden layer of a block over `embedding`.
    pub ratio: usize,
    /// Number of classes.
    pub classes: usize,
}

/// What can be wrong with the sizes or with images for them.
#[derive(Debug, Error, PartialEq, Eq)]
pub enum VitError {
    /// A size of zero.
    #[error("every size of the transformer must be at least 1; `{name}` is 0")]
    Zero {
        /// The size.
        name: &'static str,
    },
    /// Patches that do not tile.
    #[error(
        "patches of {patch}×{patch} pixels do not tile images of {height}×{width}; choose a patch side that divides both"
    )]
    Tiling {
        /// Side of a patch.
        patch: usize,
        /// Image height.
        height: usize,
        /// Image width.
        width: usize,
    },
    /// Heads that do not divide the width.
    #[error("{heads} heads do not divide a token width of {embedding}; choose a divisor")]
    Heads {
        /// Number of heads.
        heads: usize,
        /// Token width.
        embedding: usize,
    },
    /// Pixels that are no whole number of images.
    #[error("{got} pixel values are no whole number of images of {expected} values each")]
    Pixels {
        /// Values of one image.
        expected: usize,
        /// Values offered.
        got: usize,
    },
    /// A problem with the parameters.
    #[error(transparent)]
    Parameters(#[from] ParameterError),
}

impl VitShape {
    /// Checks that the sizes fit together.
    ///
    /// # Errors
    /// A zero, patches that do not tile the image, heads that do not divide the width.
    pub fn check(&self) -> Result<(), VitError> {
        let sizes = [
            ("height", self.height),
            ("width", self.width),
            ("channels", self.channels),
            ("patch", self.patch),
            ("embedding", self.embedding),
            ("heads", self.heads),
            ("ratio", self.ratio),
            ("classes", self.classes),
        ];
        if let Some((name, _)) = sizes.into_iter().find(|(_, size)| *size == 0) {
            return Err(VitError::Zero { name });
        }
        let Self { height, width, patch, heads, embedding, .. } = *self;
        if height % patch != 0 || width % patch != 0 {
            return Err(VitError::Tiling { patch, height, width });
        }
        if embedding % heads != 0 {
            return Err(VitError::Heads { heads, embedding });
        }
        Ok(())
    }

    /// Number of patches of an image.
    pub fn patch_count(&self) -> usize {
        (self.height / self.patch.max(1)) * (self.width / self.patch.max(1))
    }

    /// Number of tokens: the class token and the patches.
    pub fn tokens(&self) -> usize {
        self.patch_count() + 1
    }

    /// Number of values in a patch.
    pub fn patch_values(&self) -> usize {
        self.patch * self.patch * self.channels
    }

    /// Reorders images (`[height, width, channels]` each, row-major) into patches, `[images, patches, patch values]`.
    ///
    /// # Errors
    /// Sizes that do not fit, or a number of pixel values that is no whole number of images.
    pub fn patches(&self, images: &[f32]) -> Result<Vec<f32>, VitError> {
        self.check()?;
        let image_values = self.height * self.width * self.channels;
        if !images.len().is_multiple_of(image_values) {
            return Err(VitError::Pixels { expected: image_values, got: images.len() });
        }
        let mut patches = Vec::with_capacity(images.len());
        for image in images.chunks_exact(image_values) {
            for top in (0..self.height).step_by(self.patch) {
                for left in (0..self.width).step_by(self.patch) {
                    for row in top..top + self.patch {
                        let start = (row * self.width + left) * self.channels;
                        patches.extend_from_slice(&image[start..start + self.patch * self.channels]);
                    }
                }
            }
        }
        Ok(patches)
    }
}

/// Pixels of images with their channels last, as [`VitShape::patches`] wants them: `[images, channels, pixels]` → `[images, pixels, channels]`.
pub fn channels_last(features: &[f32], channels: usize, pixels: usize) -> Vec<f32> {
    if channels == 1 {
        return features.to_vec();
    }
    let mut out = Vec::with_capacity(features.len());
    for image in features.chunks_exact(channels * pixels) {
        for pixel in 0..pixels {
            out.extend(image.iter().skip(pixel).step_by(pixels));
        }
    }
    out
}

/// Handles of one pre-norm block, called `blocks.i`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Block {
    /// Normalisation before the attention.
    pub attention_norm: LayerNorm,
    /// The attention.
    pub attention: Attention,
    /// Normalisation before the perceptron.
    pub mlp_norm: LayerNorm,
    /// First layer of the perceptron.
    pub fc1: Linear,
    /// Second layer of the perceptron.
    pub fc2: Linear,
}

impl Block {
    fn new(
        layer: usize,
        shape: &VitShape,
        query_key_bias: Bias,
        parameters: &mut Parameters,
        random: &mut Uniform<'_>,
    ) -> Result<Self, ParameterError> {
        let (name, width, hidden) =
            (format!("blocks.{layer}"), shape.embedding, shape.embedding * shape.ratio);
        Ok(Self {
            attention_norm: LayerNorm::new(&format!("{name}.norm1"), width, parameters)?,
            attention: Attention::new(
                &format!("{name}.attention"),
                layer,
                width,
                shape.heads,
                query_key_bias,
                parameters,
                random,
            )?,
            mlp_norm: LayerNorm::new(&format!("{name}.norm2"), width, parameters)?,
            fc1: Linear::new(&format!("{name}.mlp.fc1"), width, hidden, Bias::Learned, parameters, random)?,
            fc2: Linear::new(&format!("{name}.mlp.fc2"), hidden, width, Bias::Learned, parameters, random)?,
        })
    }

    fn forward<T: Transform>(&self, leaves: &Leaves, tokens: Tensor<3>, transform: &T) -> Tensor<3> {
        let normed = self.attention_norm.forward(leaves, tokens.clone());
        let tokens = tokens + self.attention.forward(leaves, normed, transform);
        let normed = self.mlp_norm.forward(leaves, tokens.clone());
        let hidden = self.fc1.forward(leaves, normed, self.attention.site(Place::HiddenInput), transform);
        let output =
            self.fc2.forward(leaves, gelu(hidden), self.attention.site(Place::OutputInput), transform);
        tokens + output
    }
}

/// Handles of a vision transformer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Vit {
    /// Its sizes.
    pub shape: VitShape,
    /// Patch embedding, `embed`.
    pub embed: Linear,
    /// Class token, `class_token`, `[1, embedding]`.
    pub class_token: Handle<2>,
    /// Positions, `position`, `[tokens, embedding]`.
    pub position: Handle<2>,
    /// The blocks.
    pub blocks: Vec<Block>,
    /// Last normalisation, `norm`.
    pub norm: LayerNorm,
    /// Classification head, `head`.
    pub head: Linear,
}

impl Vit {
    /// Adds a transformer to `parameters`; `query_key_bias` decides about the biases of queries and keys.
    ///
    /// # Errors
    /// Sizes that do not fit, or names that are taken: one set of parameters holds one transformer.
    pub fn new(
        shape: VitShape,
        query_key_bias: Bias,
        parameters: &mut Parameters,
        random: &mut Uniform<'_>,
    ) -> Result<Self, VitError> {
        shape.check()?;
        let width = shape.embedding;
        let embed = Linear::new("embed", shape.patch_values(), width, Bias::Learned, parameters, random)?;
        let values = normal(random, EMBEDDING_SPREAD, width);
        let class_token = parameters.add("class_token", [1, width], Role::Embedding, &values)?;
        let values = normal(random, EMBEDDING_SPREAD, shape.tokens() * width);
        let position = parameters.add("position", [shape.tokens(), width], Role::Embedding, &values)?;
        let mut blocks = Vec::with_capacity(shape.blocks);
        for layer in 0..shape.blocks {
            blocks.push(Block::new(layer, &shape, query_key_bias, parameters, random)?);
        }
        let norm = LayerNorm::new("norm", width, parameters)?;
        let head = Linear::new("head", width, shape.classes, Bias::Learned, parameters, random)?;
        Ok(Self { shape, embed, class_token, position, blocks, norm, head })
    }

    /// Logits `[batch, classes]` for patches `[batch, patches, patch values]`.
    pub fn forward<T: Transform>(&self, leaves: &Leaves, patches: Tensor<3>, transform: &T) -> Tensor<2> {
        let batch = patches.dims()[0];
        let width = self.shape.embedding;
        let outer = |place| Site { layer: 0, place };
        let embedded = self.embed.forward(leaves, patches, outer(Place::PatchInput), transform);
        let class_token = leaves.matrix(self.class_token).unsqueeze::<3>().expand([batch, 1, width]);
        let mut tokens =
            Tensor::cat(vec![class_token, embedded], 1) + leaves.matrix(self.position).unsqueeze();
        for block in &self.blocks {
            tokens = block.forward(leaves, tokens, transform);
        }
        let class_token = tokens.narrow(1, 0, 1).reshape([batch, width]);
        let class_token = self.norm.forward(leaves, class_token);
        self.head.forward(leaves, class_token, outer(Place::HeadInput), transform)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::gradient::constant;
    use crate::init::tests::test_source;
    use crate::loss::{cross_entropy, one_hot};
    use crate::parameters::read;
    use crate::transform::Identity;
    use burn::tensor::Device;

    const TINY: VitShape = VitShape {
        height: 4,
        width: 6,
        channels: 2,
        patch: 2,
        embedding: 6,
        heads: 3,
        blocks: 2,
        ratio: 2,
        classes: 3,
    };

    #[test]
    fn desk_transformer_has_the_protocols_number_of_quantized_weights() {
        let shape =
            VitShape { height: 8, width: 8, channels: 1, embedding: 32, heads: 4, classes: 10, ..TINY };
        let mut parameters = Parameters::new();
        Vit::new(shape, Bias::Learned, &mut parameters, &mut test_source(0)).unwrap();
        let in_blocks = |entry: &&crate::parameters::Entry| {
            entry.name.starts_with("blocks") && entry.role == Role::Weight
        };
        let weights: usize =
            parameters.entries().iter().filter(in_blocks).map(|entry| entry.range.len()).sum();
        assert_eq!(weights, 16_384);
        assert_eq!(shape.tokens(), 17);
    }

    #[test]
    fn patches_keep_every_pixel_and_its_place() {
        let shape = VitShape { height: 4, width: 4, channels: 1, ..TINY };
        let image: Vec<f32> = (0..16).map(|pixel| pixel as f32).collect();
        let patches = shape.patches(&image).unwrap();
        assert_eq!(patches[..8], [0.0, 1.0, 4.0, 5.0, 2.0, 3.0, 6.0, 7.0]);
        assert_eq!(shape.patches(&image[1..]), Err(VitError::Pixels { expected: 16, got: 15 }));
    }

    #[test]
    fn impossible_sizes_are_refused_with_a_reason() {
        assert!(matches!(VitShape { heads: 4, ..TINY }.check(), Err(VitError::Heads { .. })));
        assert!(matches!(VitShape { patch: 3, ..TINY }.check(), Err(VitError::Tiling { .. })));
        assert!(matches!(VitShape { patch: 0, ..TINY }.check(), Err(VitError::Zero { .. })));
    }

    /// Loss of the network in single precision, for finite differences.
    fn loss(network: &Vit, parameters: &Parameters, input: &Tensor<3>, targets: &Tensor<2>) -> f32 {
        let leaves = parameters.bind(&Device::flex());
        read(cross_entropy(network.forward(&leaves, input.clone(), &Identity), targets.clone()))[0]
    }

    #[test]
    fn gradients_agree_with_finite_differences() {
        let mut random = test_source(5);
        let mut parameters = Parameters::new();
        let network = Vit::new(TINY, Bias::Learned, &mut parameters, &mut random).unwrap();
        let pixels = normal(&mut random, 1.0, 2 * 48);
        let patches = TINY.patches(&pixels).unwrap();
        let plain = Device::flex();
        let input = constant(patches, [2, 6, 8], &plain);
        let targets = constant(one_hot(&[2, 0], 3), [2, 3], &plain);
        let leaves = parameters.bind(&plain.clone().autodiff());
        let logits = network.forward(&leaves, Tensor::from_inner(input.clone()), &Identity);
        let gradients = cross_entropy(logits, Tensor::from_inner(targets.clone())).backward();
        let gradient = parameters.gradients(&leaves, &gradients);
        let width = 2e-3;
        for entry in parameters.entries().to_vec() {
            let index = entry.range.start + entry.range.len() / 2;
            let start = parameters.values()[index];
            parameters.values_mut()[index] = start + width;
            let above = loss(&network, &parameters, &input, &targets);
            parameters.values_mut()[index] = start - width;
            let below = loss(&network, &parameters, &input, &targets);
            parameters.values_mut()[index] = start;
            let slope = (above - below) / (2.0 * width);
            assert!((slope - gradient[index]).abs() < 2e-3, "{}: {slope} {}", entry.name, gradient[index]);
        }
    }
}
