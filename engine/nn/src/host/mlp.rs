//! The perceptron as passes.

use weightscope_compute::number::Number as _;
use weightscope_compute::ops::gates::Gate;
use weightscope_compute::pass::Pass;

use super::parts::HostNetwork;
use super::transform::{HostTransform, Rows, Seen, at};
use crate::layer::Linear;
use crate::mlp::Mlp;
use crate::transform::Place;

/// A perceptron with what a lab does to its activations.
#[derive(Clone, Copy, Debug)]
pub struct HostMlp<'a, H> {
    /// The perceptron.
    pub network: &'a Mlp,
    /// What happens to activations.
    pub transform: &'a H,
}

/// What the way back needs of a layer: its input, and the sums before the rectifier of the layer before it.
#[derive(Debug)]
pub struct LayerTape {
    input: Seen,
    sums: Option<Vec<f32>>,
}

pub(super) fn tensors(layer: &Linear) -> (usize, Option<usize>) {
    (layer.weight.entry(), layer.bias.map(crate::parameters::Handle::entry))
}

impl<H: HostTransform> HostMlp<'_, H> {
    fn rows(layer: usize, linear: &Linear, images: usize) -> Rows {
        Rows { site: at(layer, Place::LayerInput), images, width: linear.inputs, period: 1 }
    }
}

impl<H: HostTransform> HostNetwork for HostMlp<'_, H> {
    type Tape = Vec<LayerTape>;

    fn sizes(&self) -> (usize, usize) {
        let layers = &self.network.layers;
        (layers.first().map_or(0, |layer| layer.inputs), layers.last().map_or(0, |layer| layer.outputs))
    }

    fn work(&self) -> usize {
        self.network.layers.iter().map(|layer| layer.inputs * layer.outputs).sum()
    }

    fn forward(&self, pass: &mut Pass<'_, f32>, features: &[f32]) -> (Vec<f32>, Self::Tape) {
        let rows = features.len() / self.sizes().0.max(1);
        let mut tapes = Vec::with_capacity(self.network.layers.len());
        let mut hidden = pass.pool.take(features.len());
        hidden.copy_from_slice(features);
        for (number, layer) in self.network.layers.iter().enumerate() {
            let (raw, sums) = if number == 0 {
                (hidden, None)
            } else {
                let mut raw = pass.pool.take(hidden.len());
                f32::apply(Gate::Relu, &hidden, &mut raw);
                (raw, Some(hidden))
            };
            let input = Seen::new(pass, self.transform, Self::rows(number, layer, rows), raw);
            let (weight, bias) = tensors(layer);
            hidden = pass.linear(input.values(), rows, weight, bias);
            tapes.push(LayerTape { input, sums });
        }
        (hidden, tapes)
    }

    fn backward(&self, pass: &mut Pass<'_, f32>, tape: Self::Tape, slopes: &[f32]) {
        let rows = slopes.len() / self.sizes().1.max(1);
        let mut by_sums = pass.pool.take(slopes.len());
        by_sums.copy_from_slice(slopes);
        for ((number, layer), tape) in self.network.layers.iter().enumerate().zip(tape).rev() {
            // The features learn nothing, unless a quantizer stands before them.
            let is_wanted = number > 0 || tape.input.is_changed();
            let mut by_input = pass.pool.take(if is_wanted { tape.input.values().len() } else { 0 });
            let target = is_wanted.then_some((&mut by_input[..], false));
            pass.linear_back(tape.input.values(), &by_sums, rows, tensors(layer), target);
            tape.input.back(pass, self.transform, Self::rows(number, layer, rows), &mut by_input);
            tape.input.give(pass);
            pass.pool.give(by_sums);
            if let Some(sums) = tape.sums {
                f32::apply_back(Gate::Relu, &sums, &mut by_input);
                pass.pool.give(sums);
            }
            by_sums = by_input;
        }
        pass.pool.give(by_sums);
    }

    fn forget(&self, pass: &mut Pass<'_, f32>, tape: Self::Tape) {
        for LayerTape { input, sums } in tape {
            input.give(pass);
            if let Some(sums) = sums {
                pass.pool.give(sums);
            }
        }
    }
}
