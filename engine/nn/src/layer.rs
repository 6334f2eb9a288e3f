//! Linear layers and layer normalisation as handles into [`Parameters`].
//!
//! Contract: weights are `[out, in]`, rows are output channels; a layer holds no values.

use burn::tensor::Tensor;
use burn::tensor::module::layer_norm;

use crate::init::{Uniform, uniform_by_inputs};
use crate::parameters::{Handle, Leaves, ParameterError, Parameters, Role};
use crate::transform::{Site, Transform};

/// Whether a layer has a bias.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Bias {
    /// It has one.
    Learned,
    /// It has none.
    Absent,
}

/// `y = x·Wᵀ + b`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Linear {
    /// Weight `[outputs, inputs]`.
    pub weight: Handle<2>,
    /// Bias `[outputs]`.
    pub bias: Option<Handle<1>>,
    /// Number of inputs.
    pub inputs: usize,
    /// Number of outputs.
    pub outputs: usize,
}

impl Linear {
    /// Adds `name.weight` and `name.bias`, both uniform in ±1/√inputs.
    ///
    /// # Errors
    /// A name that is taken.
    pub fn new(
        name: &str,
        inputs: usize,
        outputs: usize,
        bias: Bias,
        parameters: &mut Parameters,
        random: &mut Uniform<'_>,
    ) -> Result<Self, ParameterError> {
        let values = uniform_by_inputs(random, inputs, inputs * outputs);
        let weight = parameters.add(format!("{name}.weight"), [outputs, inputs], Role::Weight, &values)?;
        let bias = match bias {
            Bias::Absent => None,
            Bias::Learned => {
                let values = uniform_by_inputs(random, inputs, outputs);
                Some(parameters.add(format!("{name}.bias"), [outputs], Role::Bias, &values)?)
            }
        };
        Ok(Self { weight, bias, inputs, outputs })
    }

    /// Applies the layer to `input`, any shape that ends in `inputs`; `transform` sees the input under `site` and the weight.
    pub fn forward<const D: usize, T: Transform>(
        &self,
        leaves: &Leaves,
        input: Tensor<D>,
        site: Site,
        transform: &T,
    ) -> Tensor<D> {
        let input = transform.activation(site, input);
        self.apply(leaves, input, transform)
    }

    /// Applies the layer to an input that has been transformed already.
    pub fn apply<const D: usize, T: Transform>(
        &self,
        leaves: &Leaves,
        input: Tensor<D>,
        transform: &T,
    ) -> Tensor<D> {
        let weight = transform.weight(self.weight, leaves.matrix(self.weight));
        let mut shape = input.dims();
        let rows = input.shape().num_elements() / self.inputs.max(1);
        // One matrix product over all leading axes: a batched one costs more than the copy it saves.
        let mut output = input.reshape([rows, self.inputs]).matmul(weight.transpose());
        if let Some(bias) = self.bias {
            output = output + leaves.vector(bias).unsqueeze();
        }
        shape[D - 1] = self.outputs;
        output.reshape(shape)
    }
}

/// Added to the variance in layer normalisation.
pub(crate) const EPSILON: f64 = 1e-5;

/// Layer normalisation over the last axis with learned gain and offset, epsilon 1e-5.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LayerNorm {
    /// Gain `[width]`.
    pub gain: Handle<1>,
    /// Offset `[width]`.
    pub offset: Handle<1>,
}

impl LayerNorm {
    /// Adds `name.weight` (ones) and `name.bias` (zeros).
    ///
    /// # Errors
    /// A name that is taken.
    pub fn new(name: &str, width: usize, parameters: &mut Parameters) -> Result<Self, ParameterError> {
        let gain =
            parameters.add(format!("{name}.weight"), [width], Role::Normalisation, &vec![1.0; width])?;
        let offset =
            parameters.add(format!("{name}.bias"), [width], Role::Normalisation, &vec![0.0; width])?;
        Ok(Self { gain, offset })
    }

    /// Normalises the last axis.
    pub fn forward<const D: usize>(&self, leaves: &Leaves, input: Tensor<D>) -> Tensor<D> {
        layer_norm(input, leaves.vector(self.gain), Some(leaves.vector(self.offset)), EPSILON)
    }
}
