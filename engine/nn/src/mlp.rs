//! A multi-layer perceptron with rectified linear units between its layers.

use burn::tensor::{Tensor, activation};

use crate::init::Uniform;
use crate::layer::{Bias, Linear};
use crate::parameters::{Leaves, ParameterError, Parameters};
use crate::transform::{Place, Site, Transform};

/// Handles of a perceptron; layer `i` is called `layers.i`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mlp {
    /// The layers from input to output.
    pub layers: Vec<Linear>,
}

impl Mlp {
    /// Adds a perceptron of the given widths, input and output included, to `parameters`.
    ///
    /// # Errors
    /// Names that are taken: one set of parameters holds one perceptron.
    pub fn new(
        widths: &[usize],
        parameters: &mut Parameters,
        random: &mut Uniform<'_>,
    ) -> Result<Self, ParameterError> {
        let mut layers = Vec::with_capacity(widths.len().saturating_sub(1));
        for (index, pair) in widths.windows(2).enumerate() {
            let name = format!("layers.{index}");
            layers.push(Linear::new(&name, pair[0], pair[1], Bias::Learned, parameters, random)?);
        }
        Ok(Self { layers })
    }

    /// Logits `[batch, outputs]` for inputs `[batch, inputs]`.
    pub fn forward<T: Transform>(&self, leaves: &Leaves, input: Tensor<2>, transform: &T) -> Tensor<2> {
        let mut hidden = input;
        for (layer, linear) in self.layers.iter().enumerate() {
            if layer > 0 {
                hidden = activation::relu(hidden);
            }
            hidden = linear.forward(leaves, hidden, Site { layer, place: Place::LayerInput }, transform);
        }
        hidden
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::gradient::constant;
    use crate::init::tests::test_source;
    use crate::parameters::read;
    use crate::transform::Identity;
    use burn::tensor::Device;

    #[test]
    fn forward_is_the_textbook_formula() {
        let mut parameters = Parameters::new();
        let network = Mlp::new(&[2, 2, 1], &mut parameters, &mut test_source(0)).unwrap();
        parameters.values_mut().copy_from_slice(&[1.0, -1.0, 0.5, 2.0, 0.0, -10.0, 3.0, 4.0, 0.25]);
        let leaves = parameters.bind(&Device::flex());
        let input = constant(vec![2.0, 1.0, 1.0, 2.0], [2, 2], &Device::flex());
        // First row: hidden (1, 3 - 10) -> (1, 0) -> 3.25. Second: (-1, 4.5 - 10) -> (0, 0) -> 0.25.
        assert_eq!(read(network.forward(&leaves, input, &Identity)), [3.25, 0.25]);
    }
}
