//! The forward pass of a quantized network, and the calibration pass that finds the initial steps of its activations.

use std::cell::RefCell;

use burn::tensor::Tensor;

use crate::method::qkr;
use weightscope_nn::attention::Attention;
use weightscope_nn::parameters::{Handle, Leaves, Parameters};
use weightscope_nn::transform::{Place, Site, Transform};

use super::plan::Plan;
use super::weight::{Source, WeightState};

/// A forward pass in which weights and activations are quantized after a plan.
#[derive(Clone, Copy, Debug)]
pub struct QuantizedPass<'a> {
    /// The plan.
    pub plan: &'a Plan,
    /// The leaves of this step.
    pub leaves: &'a Leaves,
    /// The weights of this step, from [`Plan::quantize`].
    pub weights: &'a [WeightState],
}

impl Transform for QuantizedPass<'_> {
    fn weight(&self, handle: Handle<2>, leaf: Tensor<2>) -> Tensor<2> {
        match self.plan.weight_of(handle) {
            Some(index) => self.plan.weights()[index].tensor(&self.weights[index], self.leaves, leaf),
            None => leaf,
        }
    }

    fn activation<const D: usize>(&self, site: Site, activation: Tensor<D>) -> Tensor<D> {
        match self.plan.activations().get(&site) {
            Some(plan) => plan.quantize(self.leaves, activation),
            None => activation,
        }
    }

    fn logits(&self, attention: &Attention, leaves: &Leaves, input: Tensor<3>) -> Tensor<4> {
        match self.product(attention) {
            Some(product) => reparameterized_logits(attention, input, product, self),
            None => attention.logits(leaves, input, self),
        }
    }
}

impl QuantizedPass<'_> {
    /// The quantized query-key product of a block, if the plan has one.
    fn product(&self, attention: &Attention) -> Option<Tensor<2>> {
        let index = self.plan.product_of(attention.layer)?;
        let plan = &self.plan.weights()[index];
        let Source::Product { query, key, shape } = plan.source else {
            return None;
        };
        let latent = qkr::tensor_product(self.leaves.matrix(query), self.leaves.matrix(key), shape);
        Some(plan.tensor(&self.weights[index], self.leaves, latent))
    }
}

/// A pass over the first training batch that sets each activation's steps from what it sees, and quantizes with them at once.
///
/// Published as the lazy creation of steps before the optimizer is built.
#[derive(Debug)]
pub struct Calibration<'a> {
    pass: QuantizedPass<'a>,
    steps: RefCell<Vec<(Handle<1>, Vec<f32>)>>,
}

/// The steps that a calibration found.
#[derive(Clone, Debug, PartialEq)]
pub struct CalibratedSteps(Vec<(Handle<1>, Vec<f32>)>);

impl<'a> Calibration<'a> {
    /// A calibration with the weights of `pass`.
    pub fn new(pass: QuantizedPass<'a>) -> Self {
        Self { pass, steps: RefCell::new(Vec::new()) }
    }

    /// The steps, once the forward pass is done.
    pub fn finish(self) -> CalibratedSteps {
        CalibratedSteps(self.steps.into_inner())
    }
}

impl CalibratedSteps {
    /// Writes the steps into the parameters.
    pub fn write(&self, parameters: &mut Parameters) {
        for (handle, steps) in &self.0 {
            parameters.get_mut(*handle).copy_from_slice(steps);
        }
    }
}

impl Transform for Calibration<'_> {
    fn weight(&self, handle: Handle<2>, leaf: Tensor<2>) -> Tensor<2> {
        self.pass.weight(handle, leaf)
    }

    fn activation<const D: usize>(&self, site: Site, activation: Tensor<D>) -> Tensor<D> {
        let Some(plan) = self.pass.plan.activations().get(&site) else {
            return activation;
        };
        let (steps, quantized) = plan.calibrate(self.pass.leaves, activation);
        self.steps.borrow_mut().push((plan.step, steps));
        quantized
    }

    fn logits(&self, attention: &Attention, leaves: &Leaves, input: Tensor<3>) -> Tensor<4> {
        match self.pass.product(attention) {
            Some(product) => reparameterized_logits(attention, input, product, self),
            None => attention.logits(leaves, input, self),
        }
    }
}

fn reparameterized_logits<T: Transform>(
    attention: &Attention,
    input: Tensor<3>,
    product: Tensor<2>,
    transform: &T,
) -> Tensor<4> {
    let projected = qkr::project(input.clone(), product);
    let projected = transform.activation(attention.site(Place::QueryKey), projected);
    qkr::logits(input, projected, attention.heads)
}
