//! The seam at which a lab changes what a network computes: weights and activations on their way into a product.
//!
//! Contract: the networks of this module know no method; a [`Transform`] knows no network beyond its sites.

use burn::tensor::Tensor;

use crate::attention::Attention;
use crate::parameters::{Handle, Leaves};

/// Which tensor is about to enter a product.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Place {
    /// Input of a plain layer of a multi-layer perceptron, `[batch, inputs]`.
    LayerInput,
    /// Input of the patch embedding, `[batch, patches, values]`.
    PatchInput,
    /// Input of the query, key and value projections, `[batch, tokens, width]`.
    AttentionInput,
    /// Queries, `[batch, tokens, width]`.
    Query,
    /// Keys, `[batch, tokens, width]`.
    Key,
    /// Product of the input with the combined query-key matrix, `[batch, tokens, heads·width]`.
    QueryKey,
    /// Values, `[batch, tokens, width]`.
    Value,
    /// The attention map after the softmax, `[batch, heads, tokens, tokens]`.
    AttentionMap,
    /// Input of the output projection, `[batch, tokens, width]`.
    ProjectionInput,
    /// Input of the first layer of the block's perceptron, `[batch, tokens, width]`.
    HiddenInput,
    /// Input of its second layer, after GELU, `[batch, tokens, ratio·width]`.
    OutputInput,
    /// Input of the classification head, `[batch, width]`.
    HeadInput,
}

/// A place in one layer or block, counted from 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Site {
    /// Index of the layer (perceptron) or block (transformer).
    pub layer: usize,
    /// The tensor.
    pub place: Place,
}

/// What happens to weights and activations before they are multiplied. Every method defaults to nothing.
pub trait Transform: Sized {
    /// The weight `[out, in]` that the layer uses in place of its leaf.
    fn weight(&self, handle: Handle<2>, leaf: Tensor<2>) -> Tensor<2> {
        let _ = handle;
        leaf
    }

    /// The activation that the layer uses in place of the one it was given; the shape stays.
    fn activation<const D: usize>(&self, site: Site, activation: Tensor<D>) -> Tensor<D> {
        let _ = site;
        activation
    }

    /// The attention logits before scaling, `[batch, heads, tokens, tokens]`, from the transformed input of the attention.
    fn logits(&self, attention: &Attention, leaves: &Leaves, input: Tensor<3>) -> Tensor<4> {
        attention.logits(leaves, input, self)
    }
}

/// The float network: nothing is transformed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Identity;

impl Transform for Identity {}
