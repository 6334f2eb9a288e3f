//! Multi-head self-attention with separate query, key and value projections.
//!
//! Contract: head `h` owns the rows `h·d .. (h+1)·d` of each projection, `d = width / heads`;
//! all products pass through a [`Transform`].

use burn::tensor::Tensor;

use crate::init::Uniform;
use crate::layer::{Bias, Linear};
use crate::parameters::{Leaves, ParameterError, Parameters};
use crate::softmax::scaled_softmax;
use crate::transform::{Place, Site, Transform};

/// Handles of one attention layer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Attention {
    /// Query projection.
    pub query: Linear,
    /// Key projection.
    pub key: Linear,
    /// Value projection.
    pub value: Linear,
    /// Output projection.
    pub projection: Linear,
    /// Number of heads.
    pub heads: usize,
    /// Index of the block.
    pub layer: usize,
}

impl Attention {
    /// Adds the four projections under `name`; `query_key_bias` decides about the biases of the first two.
    ///
    /// # Errors
    /// A name that is taken.
    pub fn new(
        name: &str,
        layer: usize,
        width: usize,
        heads: usize,
        query_key_bias: Bias,
        parameters: &mut Parameters,
        random: &mut Uniform<'_>,
    ) -> Result<Self, ParameterError> {
        let mut linear =
            |part: &str, bias| Linear::new(&format!("{name}.{part}"), width, width, bias, parameters, random);
        Ok(Self {
            query: linear("query", query_key_bias)?,
            key: linear("key", query_key_bias)?,
            value: linear("value", Bias::Learned)?,
            projection: linear("projection", Bias::Learned)?,
            heads,
            layer,
        })
    }

    /// Number of channels.
    pub fn width(&self) -> usize {
        self.value.outputs
    }

    /// Number of channels of a head.
    pub fn head_width(&self) -> usize {
        self.width() / self.heads.max(1)
    }

    /// Attention over `[batch, tokens, width]`, output projection included.
    pub fn forward<T: Transform>(&self, leaves: &Leaves, input: Tensor<3>, transform: &T) -> Tensor<3> {
        let [batch, tokens, width] = input.dims();
        let input = transform.activation(self.site(Place::AttentionInput), input);
        let logits = transform.logits(self, leaves, input.clone());
        let map = scaled_softmax(logits, 1.0 / (self.head_width() as f32).sqrt());
        let map = transform.activation(self.site(Place::AttentionMap), map);
        let value = self.value.apply(leaves, input, transform);
        let value = transform.activation(self.site(Place::Value), value);
        let mixed = map.matmul(self.split_heads(value));
        let mixed = mixed.swap_dims(1, 2).reshape([batch, tokens, width]);
        self.projection.forward(leaves, mixed, self.site(Place::ProjectionInput), transform)
    }

    /// The ordinary logits `q·kᵀ` before scaling, `[batch, heads, tokens, tokens]`, from an input that has been transformed already.
    pub fn logits<T: Transform>(&self, leaves: &Leaves, input: Tensor<3>, transform: &T) -> Tensor<4> {
        let query = self.query.apply(leaves, input.clone(), transform);
        let query = transform.activation(self.site(Place::Query), query);
        let key = self.key.apply(leaves, input, transform);
        let key = transform.activation(self.site(Place::Key), key);
        self.split_heads(query).matmul(self.split_heads(key).swap_dims(2, 3))
    }

    /// The site of one of this layer's activations.
    pub fn site(&self, place: Place) -> Site {
        Site { layer: self.layer, place }
    }

    /// `[batch, tokens, width]` to `[batch, heads, tokens, width / heads]`.
    fn split_heads(&self, tensor: Tensor<3>) -> Tensor<4> {
        let [batch, tokens, width] = tensor.dims();
        tensor.reshape([batch, tokens, self.heads, width / self.heads.max(1)]).swap_dims(1, 2)
    }
}
