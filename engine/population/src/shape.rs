//! What a network of the population is, and where its parameters lie.
//!
//! A network has one flat vector of parameters: for each layer the weights row by row (`[out][in]`), then the biases.
//! The kernel works on the same numbers packed into lanes; [`Shape::pack`] and [`Shape::unpack`] go between the two.

use std::ops::Range;

use super::lane::{LANES, Lane, panels};

/// The function of a hidden unit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Activation {
    /// max(z, 0); its slope at 0 is 0, and it has no curvature.
    Relu,
    /// Hyperbolic tangent.
    Tanh,
    /// z·Φ(z), exact (not the tanh approximation).
    Gelu,
}

/// What is minimised.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Objective {
    /// Mean over the rows of −ln softmax(z)\[label\].
    CrossEntropy,
    /// Mean over rows and outputs of (z − y)²; class labels count as one-hot rows.
    SquaredError,
}

/// Why a network cannot be.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ShapeError {
    /// No layer.
    #[error("a network needs an input and an output size, {0} size given; give at least two")]
    NoLayer(usize),
    /// An empty layer.
    #[error("size {0} of the network is 0; give each layer at least one unit")]
    Empty(usize),
    /// A vector of another network.
    #[error(
        "{found} parameters given for a network of {expected}; take a vector of the same widths and activation"
    )]
    Length {
        /// What the shape holds.
        expected: usize,
        /// What was given.
        found: usize,
    },
}

/// One layer's sizes and places.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Layer {
    pub(super) inputs: usize,
    pub(super) outputs: usize,
    /// Lanes of the weights in the packed vector: panel by panel of the outputs, one lane for each (padded) input.
    pub(super) weights: Range<usize>,
    /// Lanes of the biases.
    pub(super) biases: Range<usize>,
    /// First parameter in the flat vector.
    flat: usize,
}

impl Layer {
    /// Inputs with padding.
    pub(super) fn padded_inputs(&self) -> usize {
        panels(self.inputs) * LANES
    }

    /// Outputs with padding.
    pub(super) fn padded_outputs(&self) -> usize {
        panels(self.outputs) * LANES
    }
}

/// A multi-layer perceptron: its sizes, activation and objective.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shape {
    sizes: Vec<usize>,
    activation: Activation,
    objective: Objective,
    pub(super) layers: Vec<Layer>,
}

/// A named part of the flat vector.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tensor {
    /// `layers.0.weight`, `layers.0.bias`, …
    pub name: String,
    /// `[out, in]` or `[out]`.
    pub shape: Vec<usize>,
    /// Its place in the flat vector.
    pub range: Range<usize>,
}

impl Shape {
    /// A network of these sizes, inputs first, outputs last.
    pub fn new(sizes: &[usize], activation: Activation, objective: Objective) -> Result<Self, ShapeError> {
        if sizes.len() < 2 {
            return Err(ShapeError::NoLayer(sizes.len()));
        }
        if let Some(empty) = sizes.iter().position(|size| *size == 0) {
            return Err(ShapeError::Empty(empty));
        }
        let (mut lanes, mut flat) = (0, 0);
        let layers = sizes
            .windows(2)
            .map(|pair| {
                let (inputs, outputs) = (pair[0], pair[1]);
                let weights = lanes..lanes + panels(outputs) * panels(inputs) * LANES;
                let biases = weights.end..weights.end + panels(outputs);
                let layer = Layer { inputs, outputs, weights, biases: biases.clone(), flat };
                lanes = biases.end;
                flat += inputs * outputs + outputs;
                layer
            })
            .collect();
        Ok(Self { sizes: sizes.to_vec(), activation, objective, layers })
    }

    /// Sizes, inputs first, outputs last.
    pub fn sizes(&self) -> &[usize] {
        &self.sizes
    }

    /// Activation of the hidden layers.
    pub fn activation(&self) -> Activation {
        self.activation
    }

    /// What is minimised.
    pub fn objective(&self) -> Objective {
        self.objective
    }

    /// Inputs of the network.
    pub fn inputs(&self) -> usize {
        self.layers[0].inputs
    }

    /// Outputs of the network.
    pub fn outputs(&self) -> usize {
        self.layers[self.layers.len() - 1].outputs
    }

    /// Number of parameters.
    pub fn parameters(&self) -> usize {
        self.layers.iter().map(|layer| layer.outputs * (layer.inputs + 1)).sum()
    }

    /// Multiplications with a weight for one row, forward only.
    pub fn products(&self) -> usize {
        self.layers.iter().map(|layer| layer.outputs * layer.inputs).sum()
    }

    /// Lanes of a packed vector.
    pub fn lanes(&self) -> usize {
        self.layers[self.layers.len() - 1].biases.end
    }

    /// Lanes of the weights of each layer in a packed vector; biases lie between them.
    pub fn weight_lanes(&self) -> Vec<Range<usize>> {
        self.layers.iter().map(|layer| layer.weights.clone()).collect()
    }

    /// A packed vector of zeros.
    pub fn zeros(&self) -> Vec<Lane> {
        vec![Lane::ZERO; self.lanes()]
    }

    /// The tensors of the flat vector, in its order.
    pub fn tensors(&self) -> Vec<Tensor> {
        let mut tensors = Vec::with_capacity(2 * self.layers.len());
        for (index, layer) in self.layers.iter().enumerate() {
            let weights = layer.flat..layer.flat + layer.inputs * layer.outputs;
            let biases = weights.end..weights.end + layer.outputs;
            let name = |part: &str| format!("layers.{index}.{part}");
            tensors.push(Tensor {
                name: name("weight"),
                shape: vec![layer.outputs, layer.inputs],
                range: weights,
            });
            tensors.push(Tensor { name: name("bias"), shape: vec![layer.outputs], range: biases });
        }
        tensors
    }

    /// The flat vector in lanes.
    pub fn pack(&self, flat: &[f32]) -> Result<Vec<Lane>, ShapeError> {
        self.check(flat.len())?;
        let mut packed = self.zeros();
        self.places(|flat_index, lane, slot| packed[lane].0[slot] = flat[flat_index]);
        Ok(packed)
    }

    /// Lanes as the flat vector.
    pub fn unpack(&self, packed: &[Lane]) -> Vec<f32> {
        let mut flat = vec![0.0; self.parameters()];
        self.places(|flat_index, lane, slot| flat[flat_index] = packed[lane].0[slot]);
        flat
    }

    fn check(&self, found: usize) -> Result<(), ShapeError> {
        let expected = self.parameters();
        if found == expected { Ok(()) } else { Err(ShapeError::Length { expected, found }) }
    }

    /// Calls with (flat index, lane, place in the lane) of each parameter.
    fn places(&self, mut each: impl FnMut(usize, usize, usize)) {
        for layer in &self.layers {
            let rows = layer.padded_inputs();
            for output in 0..layer.outputs {
                let panel = layer.weights.start + output / LANES * rows;
                for input in 0..layer.inputs {
                    each(layer.flat + output * layer.inputs + input, panel + input, output % LANES);
                }
                let bias = layer.flat + layer.inputs * layer.outputs + output;
                each(bias, layer.biases.start + output / LANES, output % LANES);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn packing_and_unpacking_give_the_vector_back() {
        for sizes in [vec![3, 2], vec![64, 17, 5, 10], vec![1, 1, 1], vec![16, 32, 16]] {
            let shape = Shape::new(&sizes, Activation::Relu, Objective::CrossEntropy).unwrap();
            let flat: Vec<f32> = (0..shape.parameters()).map(|i| i as f32 + 1.0).collect();
            let packed = shape.pack(&flat).unwrap();
            assert_eq!(shape.unpack(&packed), flat, "{sizes:?}");
            let nonzero = packed.iter().flat_map(|lane| lane.0).filter(|value| *value != 0.0).count();
            assert_eq!(nonzero, flat.len(), "the padding of {sizes:?} is zero");
            let last = shape.tensors().last().unwrap().range.end;
            assert_eq!(last, flat.len(), "the tensors of {sizes:?} fill the vector");
        }
    }

    #[test]
    fn impossible_networks_are_refused() {
        let new = |sizes: &[usize]| Shape::new(sizes, Activation::Relu, Objective::CrossEntropy);
        assert_eq!(new(&[3]), Err(ShapeError::NoLayer(1)));
        assert_eq!(new(&[3, 0, 2]), Err(ShapeError::Empty(1)));
        let shape = new(&[3, 2]).unwrap();
        assert_eq!(shape.pack(&[0.0; 7]), Err(ShapeError::Length { expected: 8, found: 7 }));
    }
}
