//! Logits, loss and gradient of a batch: on the host by passes written by hand, on other devices by tensors.
//!
//! Contract: both are one function, which tests hold against each other; the loss is always computed on tensors of the whole batch, so
//! that it is written once. Nothing is drawn at random here.

use burn::tensor::{Device, Tensor};

use super::evaluate::Quantizers;
use super::model::{Architecture, Model};
use crate::network::host::Prepared;
use crate::network::pass::QuantizedPass;
use weightscope_compute::layout::Layout;
use weightscope_nn::gradient::{constant, is_host};
use weightscope_nn::host;
use weightscope_nn::host::mlp::HostMlp;
use weightscope_nn::host::parts::{HostNetwork, Parts};
use weightscope_nn::host::transform::HostTransform;
use weightscope_nn::host::vit::HostVit;
use weightscope_nn::parameters::read;
use weightscope_nn::transform::Identity;

/// What a batch taught.
#[derive(Debug)]
pub(super) struct Learned {
    /// The loss; not finite where training diverged.
    pub(super) loss: f64,
    /// Logits, row-major `[batch, classes]`.
    pub(super) logits: Vec<f32>,
    /// Slopes by all parameters, flat.
    pub(super) gradients: Vec<f32>,
}

/// Loss and gradient of rows of features; `loss` makes one number of the logits `[batch, classes]` on the device that it is given.
pub(super) fn learn(
    model: &Model,
    memory: &mut Parts,
    features: &[f32],
    (device, quantizers): (&Device, Quantizers<'_>),
    loss: impl Fn(&Tensor<2>, &Device) -> Tensor<1>,
) -> Learned {
    let rows = model.rows(features);
    if !is_host(device) {
        return on_device(model, features, (device, quantizers), loss);
    }
    let mut found = f64::NAN;
    // Slopes of the loss by the logits.
    let mut slopes = |logits: &[f32]| -> Vec<f32> {
        let device = device.clone().autodiff();
        let leaf = constant(logits.to_vec(), [rows, logits.len() / rows.max(1)], &device).require_grad();
        let loss = loss(&leaf, &device);
        found = first(loss.clone());
        leaf.grad(&loss.backward()).map_or_else(|| vec![0.0; logits.len()], read)
    };
    let (logits, gradients) = if let Some((plan, states)) = quantizers {
        let prepared = Prepared::new(plan, states, &model.parameters, rows);
        let (logits, slopes) = on_host(model, memory, (&prepared, prepared.weights()), features, &mut slopes);
        (logits, prepared.gradient(slopes))
    } else {
        let layout = host::layout(&model.parameters);
        let weights = (&layout, model.parameters.values());
        on_host(model, memory, (&Identity, weights), features, &mut slopes)
    };
    Learned { loss: found, logits, gradients }
}

/// Logits of rows of features, row-major `[rows, classes]`.
pub(super) fn logits(
    model: &Model,
    memory: &mut Parts,
    features: &[f32],
    (device, quantizers): (&Device, Quantizers<'_>),
) -> Vec<f32> {
    if !is_host(device) {
        let leaves = model.parameters.bind(device);
        return read(match quantizers {
            Some((plan, weights)) => {
                model.forward(&leaves, features, device, &QuantizedPass { plan, leaves: &leaves, weights })
            }
            None => model.forward(&leaves, features, device, &Identity),
        });
    }
    if let Some((plan, states)) = quantizers {
        let prepared = Prepared::new(plan, states, &model.parameters, model.rows(features));
        logits_on_host(model, memory, (&prepared, prepared.weights()), features)
    } else {
        let layout = host::layout(&model.parameters);
        logits_on_host(model, memory, (&Identity, (&layout, model.parameters.values())), features)
    }
}

/// A transform, and the layout and vector that its passes take.
type Given<'a, H> = (&'a H, (&'a Layout, &'a [f32]));

fn on_host<H: HostTransform>(
    model: &Model,
    memory: &mut Parts,
    (transform, weights): Given<'_, H>,
    features: &[f32],
    slopes: &mut dyn FnMut(&[f32]) -> Vec<f32>,
) -> (Vec<f32>, Vec<f32>) {
    match &model.architecture {
        Architecture::Mlp(network) => {
            both_ways(&HostMlp { network, transform }, memory, weights, features, slopes)
        }
        Architecture::Vit(network) => {
            both_ways(&HostVit { network, transform }, memory, weights, features, slopes)
        }
    }
}

fn both_ways<N: HostNetwork>(
    network: &N,
    memory: &mut Parts,
    weights: (&Layout, &[f32]),
    features: &[f32],
    slopes: &mut dyn FnMut(&[f32]) -> Vec<f32>,
) -> (Vec<f32>, Vec<f32>) {
    let span = tracing::trace_span!("forward").entered();
    let forward = memory.forward(network, weights, features);
    let slopes = slopes(&forward.logits);
    drop(span);
    let _span = tracing::trace_span!("backward").entered();
    let logits = forward.logits.clone();
    (logits, memory.backward(network, weights, forward, &slopes))
}

fn logits_on_host<H: HostTransform>(
    model: &Model,
    memory: &mut Parts,
    (transform, weights): Given<'_, H>,
    features: &[f32],
) -> Vec<f32> {
    match &model.architecture {
        Architecture::Mlp(network) => memory.logits(&HostMlp { network, transform }, weights, features),
        Architecture::Vit(network) => {
            memory.logits(&HostVit { network: network.as_ref(), transform }, weights, features)
        }
    }
}

fn on_device(
    model: &Model,
    features: &[f32],
    (device, quantizers): (&Device, Quantizers<'_>),
    loss: impl Fn(&Tensor<2>, &Device) -> Tensor<1>,
) -> Learned {
    let device = &device.clone().autodiff();
    let span = tracing::trace_span!("forward").entered();
    let leaves = model.parameters.bind(device);
    let logits = match quantizers {
        Some((plan, weights)) => {
            model.forward(&leaves, features, device, &QuantizedPass { plan, leaves: &leaves, weights })
        }
        None => model.forward(&leaves, features, device, &Identity),
    };
    let loss = loss(&logits, device);
    let value = first(loss.clone());
    drop(span);
    let _span = tracing::trace_span!("backward").entered();
    let gradients = model.parameters.gradients(&leaves, &loss.backward());
    Learned { loss: value, logits: read(logits), gradients }
}

fn first(loss: Tensor<1>) -> f64 {
    f64::from(read(loss).first().copied().unwrap_or(f32::NAN))
}
