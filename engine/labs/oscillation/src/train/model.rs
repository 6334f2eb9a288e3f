//! A network with its parameters: perceptron or transformer behind one forward pass.

use burn::tensor::{Device, Tensor, TensorData};

use super::material::Material;
use crate::config::{Config, Network};
use weightscope_frame::run::{Context, RunError};
use weightscope_math::rng::stream;
use weightscope_nn::layer::Bias;
use weightscope_nn::mlp::Mlp;
use weightscope_nn::parameters::{Leaves, ParameterError, Parameters};
use weightscope_nn::transform::Transform;
use weightscope_nn::vit::{Vit, VitShape};

/// The architecture.
#[derive(Clone, Debug)]
pub(super) enum Architecture {
    Mlp(Mlp),
    Vit(Box<Vit>),
}

/// A network with its parameters: perceptron or transformer behind one forward pass.
#[derive(Clone, Debug)]
pub(super) struct Model {
    pub(super) architecture: Architecture,
    pub(super) parameters: Parameters,
}

impl Model {
    /// A network with the seed's initial weights. The reparameterized attention has no query and key biases.
    pub(super) fn new(
        config: &Config,
        material: &Material,
        seed: u64,
        query_key_bias: Bias,
    ) -> Result<Self, RunError> {
        let mut parameters = Parameters::new();
        let mut random = stream(seed, "init");
        let mut uniform = || random.unit();
        let architecture = if let (Network::Vit, Some(shape)) = (config.network, material.vit) {
            vit(shape, query_key_bias, &mut parameters, &mut uniform)?
        } else {
            let mut widths = vec![material.columns];
            widths.extend(config.hidden_widths.iter().map(|width| *width as usize));
            widths.push(material.classes);
            Architecture::Mlp(Mlp::new(&widths, &mut parameters, &mut uniform).map_err(defect)?)
        };
        Ok(Self { architecture, parameters })
    }

    /// An error where a parameter is no finite number, which the loss alone need not show: quantizers clip.
    pub(super) fn finite(&self, context: &Context<'_>) -> Result<(), RunError> {
        self.parameters
            .not_finite()
            .map_or(Ok(()), |name| context.finite(&format!("the parameter `{name}`"), f64::NAN))
    }

    /// Rows of so many features: images, or rows of a table.
    pub(super) fn rows(&self, features: &[f32]) -> usize {
        let values = match &self.architecture {
            Architecture::Mlp(mlp) => mlp.layers.first().map_or(1, |layer| layer.inputs),
            Architecture::Vit(vit) => vit.shape.patch_count() * vit.shape.patch_values(),
        };
        features.len() / values.max(1)
    }

    /// Logits `[batch, classes]`.
    pub(super) fn forward<T: Transform>(
        &self,
        leaves: &Leaves,
        features: &[f32],
        device: &Device,
        transform: &T,
    ) -> Tensor<2> {
        match &self.architecture {
            Architecture::Mlp(mlp) => {
                let columns = mlp.layers.first().map_or(1, |layer| layer.inputs).max(1);
                let input = Tensor::<2>::from_data(
                    TensorData::new(features.to_vec(), [features.len() / columns, columns]),
                    device,
                );
                mlp.forward(leaves, input, transform)
            }
            Architecture::Vit(vit) => {
                let (patches, values) = (vit.shape.patch_count(), vit.shape.patch_values());
                let batch = features.len() / (patches * values).max(1);
                let input = Tensor::<3>::from_data(
                    TensorData::new(features.to_vec(), [batch, patches, values]),
                    device,
                );
                vit.forward(leaves, input, transform)
            }
        }
    }
}

fn vit(
    shape: VitShape,
    bias: Bias,
    parameters: &mut Parameters,
    uniform: &mut dyn FnMut() -> f32,
) -> Result<Architecture, RunError> {
    let vit =
        Vit::new(shape, bias, parameters, uniform).map_err(|error| RunError::Defect(error.to_string()))?;
    Ok(Architecture::Vit(Box::new(vit)))
}

/// Parameter names are made by the program; a clash is its own mistake.
#[expect(clippy::needless_pass_by_value, reason = "used as the argument of map_err")]
pub(super) fn defect(error: ParameterError) -> RunError {
    RunError::Defect(error.to_string())
}
