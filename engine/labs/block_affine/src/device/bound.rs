//! A flat vector of weights as tensors on a device, and gradients back into such a vector.
//!
//! Contract: one transfer there and one back. Only tensors whose gradient is wanted are leaves; the way back stops before the first of
//! them. Entries are dropped by the numbers that the passes by hand draw, part by part of a batch and layer by layer.

use burn::tensor::{Device, Gradients, Int, Tensor, TensorData, Transaction};
use weightscope_math::{Stream, stream};
use weightscope_nn::gradient::constant;

use crate::compute::layout::{Layout, Place};
use crate::compute::model::Dropping;
use crate::compute::pass::NormPlace;

/// What is wanted of a pass.
#[derive(Clone, Copy, Debug)]
pub(super) struct Wanted<'a> {
    /// Tensors whose gradient is wanted; those that are not in the list are not.
    pub(super) tensors: &'a [bool],
    /// Updates beside the weights, and how entries of their inputs are dropped.
    pub(super) dropping: Option<Dropping<'a, f32>>,
    /// Tokens of one part of the batch, which has a stream of its own.
    pub(super) part: usize,
}

/// Which entries are dropped.
#[derive(Debug)]
struct Drops {
    rate: f32,
    /// One stream for each part of the batch.
    streams: Vec<Stream>,
    seed: u64,
    part: usize,
}

/// The tensors of a model for one pass.
#[derive(Debug)]
pub(super) struct Bound<'a> {
    layout: &'a Layout,
    device: &'a Device,
    /// All weights, `[rows, columns]`.
    weights: Vec<Tensor<2>>,
    /// Updates beside them, where there are any.
    deltas: Vec<Option<Tensor<2>>>,
    /// Leaves whose gradient is wanted, with their numbers.
    leaves: Vec<(usize, Tensor<2>)>,
    drops: Option<Drops>,
}

/// Cuts a flat vector that is on a device.
fn cut(flat: &Tensor<1>, place: &Place) -> Tensor<2> {
    flat.clone().narrow(0, place.range.start, place.range.len()).reshape([place.rows, place.columns])
}

impl<'a> Bound<'a> {
    /// Weights on a device, with what is wanted of them.
    pub(super) fn new(
        layout: &'a Layout,
        weights: &[f32],
        wanted: Option<Wanted<'_>>,
        device: &'a Device,
    ) -> Self {
        let upload = |values: &[f32]| constant(values.to_vec(), [values.len()], device);
        let flat = upload(weights);
        let wants = |tensor: usize| wanted.is_some_and(|of| of.tensors.get(tensor) == Some(&true));
        let dropping = wanted.and_then(|of| of.dropping);
        let updates = dropping.map(|dropping| (upload(dropping.delta), dropping.adapted));
        let drops = wanted.zip(dropping).filter(|(_, dropping)| dropping.rate > 0.0);
        let drops = drops.map(|(of, dropping)| Drops {
            rate: dropping.rate,
            streams: Vec::new(),
            seed: dropping.seed,
            part: of.part.max(1),
        });
        let mut bound =
            Self { layout, device, weights: Vec::new(), deltas: Vec::new(), leaves: Vec::new(), drops };
        for (tensor, place) in layout.0.iter().enumerate() {
            let mut weight = cut(&flat, place);
            let mut delta = updates
                .as_ref()
                .filter(|(_, adapted)| adapted.get(tensor) == Some(&true))
                .map(|(flat, _)| cut(flat, place));
            if wants(tensor) {
                // Of a layer with an update beside it the gradient is that by the update.
                let leaf = delta.as_ref().unwrap_or(&weight).clone().autodiff().require_grad();
                *delta.as_mut().unwrap_or(&mut weight) = leaf.clone();
                bound.leaves.push((tensor, leaf));
            }
            bound.weights.push(weight);
            bound.deltas.push(delta);
        }
        bound
    }

    /// Where constants of a pass go.
    pub(super) fn device(&self) -> &'a Device {
        self.device
    }

    /// A tensor, `[rows, columns]`; a vector is one row.
    pub(super) fn tensor(&self, tensor: usize) -> Tensor<2> {
        self.weights[tensor].clone()
    }

    /// Rows of a tensor, one for each token.
    pub(super) fn embed(&self, tensor: usize, tokens: Tensor<1, Int>) -> Tensor<2> {
        self.tensor(tensor).select(0, tokens)
    }

    /// `x·Wᵀ + bias` of `[tokens, inputs]`, and the update beside it.
    pub(super) fn linear(&mut self, x: &Tensor<2>, tensor: usize, bias: Option<usize>) -> Tensor<2> {
        let mut y = x.clone().matmul(self.tensor(tensor).transpose());
        if let Some(bias) = bias {
            y = y + self.tensor(bias);
        }
        let Some(delta) = self.deltas[tensor].clone() else { return y };
        let [rows, inputs] = x.dims();
        let seen = match self.factors(rows, inputs) {
            Some(factors) => x.clone() * constant(factors, [rows, inputs], self.device),
            None => x.clone(),
        };
        y + seen.matmul(delta.transpose())
    }

    /// What entries of an update's input are multiplied by.
    fn factors(&mut self, rows: usize, inputs: usize) -> Option<Vec<f32>> {
        let Drops { rate, streams, seed, part } = self.drops.as_mut()?;
        let mut factors = vec![(1.0 / (1.0 - f64::from(*rate))) as f32; rows * inputs];
        for (number, factors) in factors.chunks_mut(*part * inputs).enumerate() {
            if streams.len() == number {
                streams.push(stream(*seed, &format!("dropout of part {number}")));
            }
            for factor in factors {
                if streams[number].unit() < *rate {
                    *factor = 0.0;
                }
            }
        }
        Some(factors)
    }

    /// A norm of `[tokens, width]`: root mean square, or mean and variance where there is a bias, over groups of neighbours.
    pub(super) fn norm(&self, x: Tensor<2>, at: NormPlace) -> Tensor<2> {
        let [rows, width] = x.dims();
        let group = if at.group == 0 { width } else { at.group };
        let mut x: Tensor<3> = x.reshape([rows, width / group.max(1), group]);
        if at.bias.is_some() {
            let mean = x.clone().mean_dim(2);
            x = x - mean;
        }
        let scale = (x.clone().square().mean_dim(2) + at.epsilon).sqrt().recip();
        let y = (x * scale).reshape([rows, width]) * self.tensor(at.weight);
        match at.bias {
            Some(bias) => y + self.tensor(bias),
            None => y,
        }
    }

    /// Reads values and the gradient by the leaves in one transfer; what stood in `out` at their places is replaced.
    pub(super) fn read(&self, values: Tensor<2>, gradients: &Gradients, out: &mut [f32]) -> Vec<f32> {
        let mut transfer = Transaction::default().register(values.without_autodiff());
        let mut places = Vec::with_capacity(self.leaves.len());
        for (tensor, leaf) in &self.leaves {
            let place = self.layout.place(*tensor).range.clone();
            // The loss does not depend on a tensor without a gradient.
            out[place.clone()].fill(0.0);
            if let Some(gradient) = leaf.grad(gradients) {
                transfer = transfer.register(gradient);
                places.push(place);
            }
        }
        let mut all = transfer.execute().into_iter();
        let first = all.next().as_ref().map(numbers).unwrap_or_default();
        for (place, data) in places.into_iter().zip(all) {
            out[place].iter_mut().zip(numbers(&data)).for_each(|(slot, slope)| *slot = slope);
        }
        first
    }
}

/// Numbers that came from a device, whatever its float type.
fn numbers(data: &TensorData) -> Vec<f32> {
    match data.as_slice::<f32>() {
        Ok(values) => values.to_vec(),
        Err(_) => data.iter::<f32>().collect(),
    }
}
