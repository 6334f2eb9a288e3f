//! The linear layer.

use weightscope_compute::number::Number;
use weightscope_compute::ops::tile::{Left, Right, pack};
use weightscope_math::MathError;

use super::{Gradients, Node, Operation, Tape, unfit};
use crate::method::kernel::add;

struct Linear {
    input: Node,
    weight: Node,
    bias: Option<Node>,
    inputs: usize,
    outputs: usize,
}

impl<T: Number> Operation<T> for Linear {
    fn backward(&self, tape: &Tape<T>, upstream: &[T], gradients: &mut Gradients<T>) {
        let (inputs, outputs) = (self.inputs.max(1), self.outputs.max(1));
        if let Some(slot) = self.bias.and_then(|bias| gradients.slot(tape, bias)) {
            upstream.chunks_exact(outputs).for_each(|above| add(slot, above));
        }
        let rows = upstream.len() / outputs;
        let mut panels = Vec::new();
        if let Some(slot) = gradients.slot(tape, self.weight) {
            let right =
                Right::packed(pack(tape.values(self.input), inputs, (rows, inputs), false, &mut panels));
            let left = Left { values: upstream, stride: outputs, turned: true };
            T::product(left, outputs, right, (rows, inputs), (slot, inputs), true);
        }
        if let Some(slot) = gradients.slot(tape, self.input) {
            let right =
                Right::packed(pack(tape.values(self.weight), inputs, (outputs, inputs), false, &mut panels));
            let left = Left { values: upstream, stride: outputs, turned: false };
            T::product(left, rows, right, (outputs, inputs), (slot, inputs), true);
        }
    }
}

impl<T: Number> Tape<T> {
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
        let mut panels = Vec::new();
        let right = Right::packed(pack(self.values(weight), inputs, (inputs, outputs), true, &mut panels));
        let left = Left { values: self.values(input), stride: inputs, turned: false };
        T::product(left, rows, right, (inputs, outputs), (&mut values, outputs), false);
        if let Some(bias) = bias {
            values.chunks_exact_mut(outputs.max(1)).for_each(|row| add(row, self.values(bias)));
        }
        if let Some(last) = shape.last_mut() {
            *last = outputs;
        }
        let nodes: Vec<Node> = [input, weight].into_iter().chain(bias).collect();
        Ok(self.push(shape, values, &nodes, Linear { input, weight, bias, inputs, outputs }))
    }
}
