//! One quantized weight matrix, or query-key product, on the host: its levels, values and local derivatives.
//!
//! Contract: a [`WeightState`] belongs to one iteration; pins and masks are applied to it before the forward pass reads it.

use std::borrow::Cow;

use burn::tensor::Tensor;

use crate::method::bits::{Bits, LevelRange, Sign};
use crate::method::boundary;
use crate::method::groups::Groups;
use crate::method::lsq::{self, Pins};
use crate::method::qkr::{self, ProductShape};
use crate::method::statsq;
use weightscope_nn::gradient::{constant, with_gradient_of};
use weightscope_nn::parameters::{Handle, Leaves, Parameters};

/// Which part of the network a weight belongs to; views group by it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Part {
    /// A layer of a perceptron.
    Layer,
    /// Patch embedding.
    Embedding,
    /// Query projection.
    Query,
    /// Key projection.
    Key,
    /// The combined query-key product.
    QueryKey,
    /// Value projection.
    Value,
    /// Output projection of the attention.
    Projection,
    /// First layer of a block's perceptron.
    Hidden,
    /// Second layer of a block's perceptron.
    Output,
    /// Classification head.
    Head,
}

/// Where the latent weights come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Source {
    /// A weight matrix of the network.
    Matrix(Handle<2>),
    /// The product of query and key matrices.
    Product {
        /// Query weight.
        query: Handle<2>,
        /// Key weight.
        key: Handle<2>,
        /// Sizes.
        shape: ProductShape,
    },
}

/// How the weights are quantized.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rule {
    /// LSQ with one learned step per row.
    Lsq {
        /// Bit width.
        bits: Bits,
        /// The steps.
        step: Handle<1>,
    },
    /// StatsQ with one statistical scale per row.
    StatsQ {
        /// Bit width.
        bits: Bits,
    },
}

/// The plan of one weight quantizer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WeightPlan {
    /// Name of the matrix, or of the product.
    pub name: String,
    /// Part of the network.
    pub part: Part,
    /// Index of the layer or block.
    pub layer: usize,
    /// Latent weights.
    pub source: Source,
    /// Quantizer.
    pub rule: Rule,
    /// One group per row.
    pub groups: Groups,
}

/// The quantized weights of one iteration.
#[derive(Clone, Debug, PartialEq)]
pub struct WeightState {
    /// Integer levels, row-major; those of the forward pass.
    pub levels: Vec<i8>,
    /// Step (LSQ) or scale (StatsQ) of each row.
    pub scales: Vec<f32>,
    /// Quantized values, row-major.
    pub values: Vec<f32>,
    local: Local,
}

/// Derivatives of the quantizer by its inputs.
#[derive(Clone, Debug, PartialEq)]
enum Local {
    /// The straight-through gradient.
    Identity,
    /// Zero where frozen or masked.
    Masked(Vec<f32>),
    /// LSQ: by the weight and by the step.
    Steps(lsq::Quantized<f32>),
}

impl WeightPlan {
    /// Bit width.
    pub fn bits(&self) -> Bits {
        match self.rule {
            Rule::Lsq { bits, .. } | Rule::StatsQ { bits } => bits,
        }
    }

    /// The integer levels that can occur.
    pub fn range(&self) -> LevelRange {
        LevelRange::new(self.bits(), Sign::Signed)
    }

    /// The latent weights, row-major.
    pub fn latent<'a>(&self, parameters: &'a Parameters) -> Cow<'a, [f32]> {
        match self.source {
            Source::Matrix(handle) => Cow::Borrowed(parameters.get(handle)),
            Source::Product { query, key, shape } => {
                Cow::Owned(qkr::product(parameters.get(query), parameters.get(key), shape))
            }
        }
    }

    /// Positions on the level axis: `w/s` for LSQ, `u` (clipped) for StatsQ; boundaries lie at `k + 0.5`.
    pub fn positions(&self, latent: &[f32], scales: &[f32]) -> Vec<f32> {
        let columns = self.groups.inner.max(1);
        let of = |(index, weight): (usize, &f32)| self.position_of(*weight, scales[index / columns]);
        latent.iter().enumerate().map(of).collect()
    }

    /// Position of one weight on the level axis for a scale, see [`WeightPlan::positions`].
    pub fn position_of(&self, weight: f32, scale: f32) -> f32 {
        match self.rule {
            Rule::Lsq { .. } => weight / lsq::floored(scale),
            Rule::StatsQ { bits } => statsq::position_of(weight, scale, bits),
        }
    }

    /// Number of weights whose position lies at most `limit` steps from an interior boundary.
    pub fn near_boundary(&self, latent: &[f32], scales: &[f32], limit: f32) -> usize {
        let range = self.range();
        let is_near = |position: f32| u32::from(boundary::distance(position, range) <= limit);
        let rows = latent.chunks(self.groups.inner.max(1)).zip(scales);
        // The rule is asked for once a row, so that the sums over a row are free of branches.
        rows.map(|(row, scale)| match self.rule {
            Rule::Lsq { .. } => {
                let step = lsq::floored(*scale);
                row.iter().map(|weight| is_near(weight / step)).sum::<u32>() as usize
            }
            Rule::StatsQ { bits } => {
                row.iter().map(|weight| is_near(statsq::position_of(*weight, *scale, bits))).sum::<u32>()
                    as usize
            }
        })
        .sum()
    }

    /// The level of one weight for a scale, for attribution.
    pub fn level_of(&self, weight: f32, scale: f32) -> f32 {
        match self.rule {
            Rule::Lsq { .. } => lsq::level_of(weight, scale, self.range()),
            Rule::StatsQ { bits } => statsq::level_of(weight, scale, bits),
        }
    }

    /// The learned steps as they are, one a row, also those below the floor at which they act; `None` for statistical scales.
    pub fn learned_steps<'a>(&self, parameters: &'a Parameters) -> Option<&'a [f32]> {
        match self.rule {
            Rule::Lsq { step, .. } => Some(parameters.get(step)),
            Rule::StatsQ { .. } => None,
        }
    }

    /// Quantizes the present weights.
    pub fn quantize(&self, parameters: &Parameters) -> WeightState {
        let latent = self.latent(parameters);
        match self.rule {
            Rule::Lsq { step, .. } => {
                // The scales that act: a step that fell below the floor is kept there.
                let scales: Vec<f32> = parameters.get(step).iter().map(|step| lsq::floored(*step)).collect();
                let levels = lsq::levels(&latent, &scales, self.groups, self.range());
                let mut local = lsq::quantize(&latent, &scales, self.groups, self.range());
                let values = std::mem::take(&mut local.value);
                WeightState { levels: as_bytes(&levels), scales, values, local: Local::Steps(local) }
            }
            Rule::StatsQ { bits } => {
                let output = statsq::quantize(&latent, self.groups, bits);
                let levels = as_bytes(&output.level);
                WeightState { levels, scales: output.scale, values: output.value, local: Local::Identity }
            }
        }
    }

    /// Replaces frozen weights by their pins: level and value of the pin, no gradient to the weight.
    pub fn pin(&self, state: &mut WeightState, pins: Pins<'_>) {
        for (index, level) in state.levels.iter_mut().enumerate() {
            if pins.frozen[index] {
                *level = pins.levels[index];
            }
        }
        if let Local::Steps(local) = &mut state.local {
            std::mem::swap(&mut local.value, &mut state.values);
            local.pin(pins, &state.scales, self.groups, self.range());
            std::mem::swap(&mut local.value, &mut state.values);
        } else {
            statsq::pin_values(&mut state.values, pins, &state.scales, self.groups, self.bits());
            let free: Vec<bool> = pins.frozen.iter().map(|frozen| !frozen).collect();
            state.mask_gradient(&free);
        }
    }

    /// From the slopes by the quantized weights those by the latent ones, in place; and the learned steps with the slopes by them.
    pub fn backward(&self, state: &WeightState, slopes: &mut [f32]) -> Option<(Handle<1>, Vec<f32>)> {
        match (&state.local, self.rule) {
            (Local::Steps(local), Rule::Lsq { step, .. }) => {
                let (by_latent, by_step) = local.gradients(slopes, self.groups);
                slopes.copy_from_slice(&by_latent);
                Some((step, by_step))
            }
            (Local::Masked(pass), _) => {
                slopes.iter_mut().zip(pass).for_each(|(slope, pass)| *slope *= pass);
                None
            }
            _ => None,
        }
    }

    /// The quantized weight as a tensor `[rows, columns]` with the gradient of its quantizer; `latent` is the leaf or the differentiable product.
    pub fn tensor(&self, state: &WeightState, leaves: &Leaves, latent: Tensor<2>) -> Tensor<2> {
        let device = latent.device();
        let shape = latent.dims();
        let value = constant(state.values.clone(), shape, &device);
        let surrogate = match (&state.local, self.rule) {
            (Local::Steps(local), Rule::Lsq { step, .. }) => {
                let slope = constant(local.step_slope.clone(), shape, &device);
                let step = leaves.vector(step).reshape([shape[0], 1]);
                latent * constant(local.pass.clone(), shape, &device) + step * slope
            }
            (Local::Masked(pass), _) => latent * constant(pass.clone(), shape, &device),
            _ => latent,
        };
        with_gradient_of(value, surrogate)
    }
}

impl WeightState {
    /// Stops the gradient of weights that are not free.
    pub fn mask_gradient(&mut self, free: &[bool]) {
        let pass = match &mut self.local {
            Local::Steps(local) => &mut local.pass,
            Local::Masked(pass) => pass,
            Local::Identity => {
                self.local = Local::Masked(free.iter().map(|free| f32::from(u8::from(*free))).collect());
                return;
            }
        };
        pass.iter_mut().zip(free).filter(|(_, free)| !**free).for_each(|(pass, _)| *pass = 0.0);
    }
}

fn as_bytes(levels: &[f32]) -> Vec<i8> {
    levels.iter().map(|level| *level as i8).collect()
}
