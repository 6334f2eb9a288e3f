//! Networks that learn under a function of their weights: the perceptron on the fused kernel, the transformer through burn.
//!
//! Contract: both show the same flat vectors (weights row by row, then biases, in the order of [`Network::layers`]); a step and a
//! judgement depend on their arguments and the state alone.

mod function;
mod perceptron;
mod transformer;

use std::ops::Range;
use std::sync::Arc;

use weightscope_frame::run::RunError;
use weightscope_frame::store::{Codec, CodecError, Saved};
use weightscope_math::Stream;
use weightscope_population::{Advance, Judgement};

use crate::config::{self, Config};
use crate::data::{Material, Rows, Trial};
use crate::method::saliency::Saliency;
pub(crate) use function::Function;
use perceptron::Perceptron;
use transformer::Transformer;

/// Label smoothing of the loss whose gradient weighs the saliency: a fitted network's own gradient is rounding noise.
pub(crate) const SALIENCY_SMOOTHING: f32 = 0.1;

/// One weight matrix.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Matrix {
    /// Name in files: `layers.0.weight`.
    pub(crate) name: String,
    /// Name for people: `layers.0`.
    pub(crate) label: String,
    pub(crate) inputs: usize,
    /// Place in the flat vector, row-major `[outputs, inputs]`.
    pub(crate) range: Range<usize>,
    /// True if it touches hidden units on both sides, or leads into them.
    pub(crate) hidden: bool,
}

/// A named part of the flat vector.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub(crate) struct Tensor {
    pub(crate) name: String,
    pub(crate) shape: Vec<usize>,
    pub(crate) range: Range<usize>,
}

/// The gradient of the loss with respect to (log a, log b) of each layer; 0 for a plain one.
pub(crate) type PairGradients = Vec<[f64; 2]>;

/// What one step gives.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Stepped {
    /// Mean loss of the batch before the step.
    pub(crate) loss: f64,
    /// Gradients of the pairs, if they were asked for.
    pub(crate) pairs: Option<PairGradients>,
}

/// What regularises, and how the weights move in a step.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct StepRule {
    pub(crate) advance: Advance,
    pub(crate) label_smoothing: f32,
    pub(crate) dropout: f32,
    /// Whether the gradients of the pairs are wanted.
    pub(crate) pairs: bool,
}

/// A network in training.
#[derive(Clone)]
pub(crate) enum Network {
    Perceptron(Box<Perceptron>),
    Transformer(Box<Transformer>),
}

macro_rules! each {
    ($self:ident, $network:ident => $call:expr) => {
        match $self {
            Self::Perceptron($network) => $call,
            Self::Transformer($network) => $call,
        }
    };
}

impl Network {
    /// The network of the settings with Gaussian initial weights from `random` (variance 2/inputs, of a transformer 1/(3·inputs)), biases 0.
    pub(crate) fn new(
        config: &Config,
        material: &Material,
        trial: &Arc<Trial>,
        device: &burn::tensor::Device,
        random: &mut Stream,
    ) -> Result<Self, RunError> {
        Ok(match config.network {
            config::Network::Mlp => {
                Self::Perceptron(Box::new(Perceptron::new(config, material, trial, random)?))
            }
            config::Network::Vit => {
                Self::Transformer(Box::new(Transformer::new(material, trial, device, random)?))
            }
        })
    }

    /// The weight matrices.
    pub(crate) fn layers(&self) -> &[Matrix] {
        each!(self, network => network.layers())
    }

    /// The tensors of the flat vector.
    pub(crate) fn tensors(&self) -> Vec<Tensor> {
        each!(self, network => network.tensors())
    }

    /// The optimised vector, flat.
    pub(crate) fn latent(&self) -> Vec<f32> {
        each!(self, network => network.latent())
    }

    /// Replaces the optimised vector, before the first step.
    pub(crate) fn set_latent(&mut self, latent: &[f32]) -> Result<(), RunError> {
        each!(self, network => network.set_latent(latent))
    }

    /// The effective weights: Ψ of the matrices, the rest as it is.
    pub(crate) fn effective(&self, function: &Function) -> Vec<f32> {
        self.effective_of(&self.latent(), function)
    }

    /// The same of an optimised vector that is at hand.
    pub(crate) fn effective_of(&self, latent: &[f32], function: &Function) -> Vec<f32> {
        let mut effective = latent.to_vec();
        for (layer, matrix) in self.layers().iter().enumerate() {
            if let (Some(latent), Some(effective)) =
                (latent.get(matrix.range.clone()), effective.get_mut(matrix.range.clone()))
            {
                weightscope_population::Elementwise::values(function, layer, latent, effective);
            }
        }
        effective
    }

    /// One step on these rows of the training set; dropout is drawn from `random`.
    pub(crate) fn step(
        &mut self,
        rows: &[usize],
        by: &StepRule,
        function: &Function,
        random: &mut Stream,
    ) -> Stepped {
        each!(self, network => network.step(rows, by, function, random))
    }

    /// Gradients of the pairs by the mean loss over the held-out rows.
    pub(crate) fn held_out_pairs(&mut self, function: &Function) -> PairGradients {
        each!(self, network => network.held_out_pairs(function))
    }

    /// Mean loss and accuracy on the training rows, with these effective weights.
    pub(crate) fn judge_train(&mut self, effective: &[f32]) -> Judgement {
        each!(self, network => network.judge_train(effective))
    }

    /// The same on the test rows.
    pub(crate) fn judge_test(&mut self, effective: &[f32]) -> Judgement {
        each!(self, network => network.judge_test(effective))
    }

    /// The same on rows of the caller's, such as the test rows with noise on them.
    pub(crate) fn judge(&mut self, effective: &[f32], rows: &Rows) -> Judgement {
        each!(self, network => network.judge(effective, rows))
    }

    /// Saliencies of all weights by the training loss with label smoothing.
    pub(crate) fn saliency(&mut self, effective: &[f32]) -> Saliency {
        each!(self, network => network.saliency(effective))
    }

    /// Plain weights that give the same outputs: batch normalisation folded in.
    pub(crate) fn folded(&self, effective: &[f32]) -> Vec<f32> {
        match self {
            Self::Perceptron(network) => network.folded(effective),
            Self::Transformer(_) => effective.to_vec(),
        }
    }

    /// Logits of the test rows, row-major.
    #[cfg(test)]
    pub(crate) fn test_logits(&mut self, effective: &[f32]) -> Vec<f32> {
        each!(self, network => network.test_logits(effective))
    }
}

impl Saved for Network {
    fn codec(&mut self, codec: &mut Codec<'_>) -> Result<(), CodecError> {
        each!(self, network => network.codec(codec))
    }
}

/// Sizes that do not fit are a defect: settings and data were checked before.
pub(crate) fn defect(what: impl std::fmt::Display) -> RunError {
    RunError::Defect(what.to_string())
}
