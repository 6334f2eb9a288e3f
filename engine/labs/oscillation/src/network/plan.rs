//! The plan of a quantized network: every weight and activation quantizer, and where it sits.
//!
//! Contract: a plan refers to one [`Parameters`] by handles and holds no values.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::method::bits::Bits;
use weightscope_nn::parameters::{Handle, Parameters};
use weightscope_nn::transform::Site;

use super::activation::ActivationPlan;
use super::weight::{Source, WeightPlan, WeightState};

/// How the weight matrices of a network are quantized.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum WeightMethod {
    /// Learned steps.
    Lsq(Bits),
    /// Statistical scales.
    StatsQ(Bits),
}

/// How queries and keys meet.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum QueryKey {
    /// Two quantized projections.
    #[default]
    Separate,
    /// One quantized product (QKR); its weights are quantized by StatsQ. The network must have no query and key biases.
    Reparameterized,
}

/// What happens to patch embedding and head.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OuterLayers {
    /// They stay float: the desk protocol.
    #[default]
    Float,
    /// LSQ with 8 bits for weights and inputs, as published.
    EightBit,
}

/// What is quantized, and how. `None` leaves a kind of tensor in float.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Scheme {
    /// Weights.
    pub weights: Option<WeightMethod>,
    /// Bits of the activations, always by LSQ.
    pub activations: Option<Bits>,
    /// Query-key reparameterization.
    pub query_key: QueryKey,
    /// Patch embedding and head; only for transformers.
    pub outer_layers: OuterLayers,
}

/// All quantizers of a network.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Plan {
    weights: Vec<WeightPlan>,
    by_entry: BTreeMap<usize, usize>,
    products: BTreeMap<usize, usize>,
    activations: BTreeMap<Site, ActivationPlan>,
}

impl Plan {
    /// Adds a weight quantizer. The last one for a matrix or for a block's product counts.
    pub fn add_weight(&mut self, weight: WeightPlan) {
        let index = self.weights.len();
        match weight.source {
            Source::Matrix(handle) => self.by_entry.insert(handle.entry(), index),
            Source::Product { .. } => self.products.insert(weight.layer, index),
        };
        self.weights.push(weight);
    }

    /// Adds an activation quantizer at a site.
    pub fn add_activation(&mut self, site: Site, activation: ActivationPlan) {
        self.activations.insert(site, activation);
    }

    /// The same plan with activations quantized as they come, without learned shifts (their parameters stay unused).
    #[must_use]
    pub fn without_shifts(mut self) -> Self {
        self.activations.values_mut().for_each(|activation| activation.shifts = None);
        self
    }

    /// The weight quantizers in the order of the network.
    pub fn weights(&self) -> &[WeightPlan] {
        &self.weights
    }

    /// The activation quantizers by site.
    pub fn activations(&self) -> &BTreeMap<Site, ActivationPlan> {
        &self.activations
    }

    /// Index in [`Plan::weights`] of the quantizer of a matrix.
    pub fn weight_of(&self, handle: Handle<2>) -> Option<usize> {
        self.by_entry.get(&handle.entry()).copied()
    }

    /// Index in [`Plan::weights`] of the query-key product of a block.
    pub fn product_of(&self, layer: usize) -> Option<usize> {
        self.products.get(&layer).copied()
    }

    /// Quantizes all weights on the host, in the order of [`Plan::weights`].
    pub fn quantize(&self, parameters: &Parameters) -> Vec<WeightState> {
        self.weights.iter().map(|weight| weight.quantize(parameters)).collect()
    }
}
