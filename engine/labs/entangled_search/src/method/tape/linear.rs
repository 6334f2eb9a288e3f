//! The linear layer.

use weightscope_math::MathError;
use weightscope_math::real::Real;

use super::{Gradients, Node, Operation, Tape, unfit};
use crate::method::kernel::{add, add_combination, add_scaled, products};

struct Linear {
    input: Node,
    weight: Node,
    bias: Option<Node>,
    inputs: usize,
    outputs: usize,
}

impl<T: Real> Operation<T> for Linear {
    fn backward(&self, tape: &Tape<T>, upstream: &[T], gradients: &mut Gradients<T>) {
        let (inputs, outputs) = (self.inputs.max(1), self.outputs.max(1));
        if let Some(slot) = self.bias.and_then(|bias| gradients.slot(tape, bias)) {
            upstream.chunks_exact(outputs).for_each(|above| add(slot, above));
        }
        if let Some(slot) = gradients.slot(tape, self.weight) {
            let rows = tape.values(self.input).chunks_exact(inputs);
            for (row, above) in rows.zip(upstream.chunks_exact(outputs)) {
                for (place, above) in slot.chunks_exact_mut(inputs).zip(above) {
                    if *above != T::ZERO {
                        add_scaled(place, *above, row);
                    }
                }
            }
        }
        if let Some(slot) = gradients.slot(tape, self.input) {
            let weight = tape.values(self.weight);
            for (place, above) in slot.chunks_exact_mut(inputs).zip(upstream.chunks_exact(outputs)) {
                add_combination(place, above, weight);
            }
        }
    }
}

impl<T: Real> Tape<T> {
    /// `y = x Wᵀ + b` over the last axis: x `[…, in]`, W `[out, in]`, b `[out]`. Refuses widths that do not fit.
    pub fn linear(&mut self, input: Node, weight: Node, bias: Option<Node>) -> Result<Node, MathError> {
        let [outputs, inputs] = self.dims("a linear layer", weight)?;
        let mut shape = self.shape(input).to_vec();
        if shape.last() != Some(&inputs) || inputs == 0 {
            return Err(unfit("inputs of a linear layer", inputs, format!("{shape:?}")));
        }
        if let Some(bias) = bias.filter(|bias| self.shape(*bias) != [outputs]) {
            return Err(unfit("the bias of a linear layer", outputs, format!("{:?}", self.shape(bias))));
        }
        let rows = self.values(input).len() / inputs;
        let mut values = vec![T::ZERO; rows * outputs];
        let places = values.chunks_exact_mut(outputs.max(1));
        for (row, place) in self.values(input).chunks_exact(inputs).zip(places) {
            products(row, self.values(weight), place);
            if let Some(bias) = bias {
                add(place, self.values(bias));
            }
        }
        if let Some(last) = shape.last_mut() {
            *last = outputs;
        }
        let nodes: Vec<Node> = [input, weight].into_iter().chain(bias).collect();
        Ok(self.push(shape, values, &nodes, Linear { input, weight, bias, inputs, outputs }))
    }
}
