//! The networks of this lab's recipe on the host: the autoencoder of vectors, the encoder of class means, the denoiser. They are what the
//! trained ones are compared with, and say how many parameters a generator has.
//!
//! Tensors are `[out, in]`; gates are x·sigmoid(x).

use weightscope_math::layers::{group_norm, silu};
use weightscope_math::linalg::Dense;
use weightscope_math::real::Real;

use super::attention::{Linear, Norm};
use super::diffusion::step_embedding;
use super::error::{Result, check_length};

/// Added to the variance in the denoiser's norms.
const NORM_EPSILON: f64 = 1e-5;

/// Entries of the embedding of a step.
pub const STEP_WIDTH: usize = 64;
/// Period of the slowest entry of the embedding of a step.
pub const STEP_PERIOD: f64 = 10_000.0;

/// Width of the embedding of a data set.
pub const CONDITION_WIDTH: usize = 128;

/// Blocks of the denoiser.
pub const BLOCKS: usize = 3;

/// Linear layers with gates between them.
#[derive(Clone, Debug, PartialEq)]
pub struct Gated<R> {
    /// The layers in order.
    pub layers: Vec<Linear<R>>,
}

impl<R: Real> Gated<R> {
    /// Rows through all layers; the last one has no gate.
    pub fn forward(&self, x: &Dense<R>) -> Result<Dense<R>> {
        let mut rows = x.clone();
        for (index, layer) in self.layers.iter().enumerate() {
            rows = layer.forward(&if index == 0 { rows } else { rows.map(silu) })?;
        }
        Ok(rows)
    }
}

/// A residual block of the denoiser: `h + layers(norm(h + step))`.
#[derive(Clone, Debug, PartialEq)]
pub struct Block<R> {
    /// Layer norm before the layers.
    pub norm: Norm<R>,
    /// Two layers with a gate between them.
    pub layers: Gated<R>,
    /// From the step's embedding to the block's width.
    pub step: Linear<R>,
}

/// The denoiser: the noise in a latent, from the latent, the step and the condition.
#[derive(Clone, Debug, PartialEq)]
pub struct Denoiser<R> {
    /// Two layers over the embedding of the step.
    pub step: Gated<R>,
    /// From latent and condition to the width.
    pub input: Linear<R>,
    /// Residual blocks.
    pub blocks: Vec<Block<R>>,
    /// Back to the latent.
    pub output: Linear<R>,
}

impl<R: Real> Denoiser<R> {
    /// Predicted noise `[n, latent]` of latents `x [n, latent]` at step t with conditions `[n, condition]`, chunk indices included.
    pub fn forward(&self, x: &Dense<R>, t: usize, condition: &Dense<R>) -> Result<Dense<R>> {
        let embedded = step_embedding(t as f64, STEP_WIDTH, STEP_PERIOD);
        let step = self.step.forward(&Dense::new(1, STEP_WIDTH, embedded)?)?;
        let mut rows = self.input.forward(&beside(x, condition)?)?;
        for block in &self.blocks {
            let shift = block.step.forward(&step)?;
            let shifted = plus_row(&rows, shift.values());
            check_length("the factors of a norm", shifted.columns(), block.norm.weight.len())?;
            check_length("the shifts of a norm", shifted.columns(), block.norm.bias.len())?;
            let normed =
                group_norm(&shifted, shifted.columns(), &block.norm.weight, &block.norm.bias, NORM_EPSILON);
            rows.add_scaled(R::ONE, &block.layers.forward(&normed)?)?;
        }
        self.output.forward(&rows)
    }
}

/// The columns of two matrices beside each other; refused unless they have the same number of rows.
pub fn beside<R: Real>(left: &Dense<R>, right: &Dense<R>) -> Result<Dense<R>> {
    check_length("the list of conditions", left.rows(), right.rows())?;
    let mut both = Dense::zeros(left.rows(), left.columns() + right.columns());
    both.set_part(0, 0, left)?;
    both.set_part(0, left.columns(), right)?;
    Ok(both)
}

fn plus_row<R: Real>(matrix: &Dense<R>, row: &[R]) -> Dense<R> {
    let mut sum = matrix.clone();
    for values in sum.values_mut().chunks_exact_mut(matrix.columns().max(1)) {
        values.iter_mut().zip(row).for_each(|(value, added)| *value += *added);
    }
    sum
}

/// Sizes of a generator.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sizes {
    /// Values of a row: a whole vector or a chunk.
    pub row: usize,
    /// Rows of a network; with more than one, every network takes the row's index as a one-hot.
    pub rows: usize,
    /// Values of a latent.
    pub latent: usize,
    /// Width of the hidden layers.
    pub width: usize,
}

impl Sizes {
    /// Entries of the one-hot index.
    fn index(self) -> usize {
        if self.rows > 1 { self.rows } else { 0 }
    }

    /// Inputs and outputs of every layer of encoder and decoder: two hidden layers each; mean and log variance come out of the encoder.
    pub fn autoencoder(self) -> [(usize, usize); 6] {
        let Self { row, latent, width, .. } = self;
        let index = self.index();
        [
            (row + index, width),
            (width, width),
            (width, 2 * latent),
            (latent + index, width),
            (width, width),
            (width, row),
        ]
    }

    /// Parameters of encoder and decoder.
    pub fn autoencoder_parameters(self) -> usize {
        self.autoencoder().into_iter().map(linear).sum()
    }

    /// Parameters of the denoiser, without the encoder of data sets.
    pub fn denoiser_parameters(self) -> usize {
        let Self { latent, width, .. } = self;
        let step = linear((STEP_WIDTH, width)) + linear((width, width));
        let block = 2 * width + 3 * linear((width, width));
        step + linear((latent + CONDITION_WIDTH + self.index(), width))
            + BLOCKS * block
            + linear((width, latent))
    }
}

/// Weights and biases of a layer of these inputs and outputs.
fn linear((inputs, outputs): (usize, usize)) -> usize {
    (inputs + 1) * outputs
}

#[cfg(test)]
mod tests {
    use super::*;
    use weightscope_math::stream;

    #[test]
    fn counts_are_those_of_the_desk_study() {
        let sizes = |rows| Sizes { row: 256, rows, latent: 16, width: 256 };
        let counts = |sizes: Sizes| (sizes.autoencoder_parameters(), sizes.denoiser_parameters());
        assert_eq!(counts(sizes(5)), (278_304, 718_608));
        assert_eq!(counts(sizes(18)), (284_960, 721_936));
    }

    fn layer(name: &str, inputs: usize, outputs: usize) -> Linear<f64> {
        let mut random = stream(8, name);
        let weight = (0..inputs * outputs).map(|_| 0.3 * f64::from(random.normal())).collect();
        let bias = (0..outputs).map(|_| 0.3 * f64::from(random.normal())).collect();
        Linear { weight: Dense::new(outputs, inputs, weight).unwrap(), bias }
    }

    fn denoiser() -> Denoiser<f64> {
        let gated = |name: &str, inputs| Gated { layers: vec![layer(name, inputs, 6), layer("inner", 6, 6)] };
        let block = |name: &str| Block {
            norm: Norm { weight: vec![1.0; 6], bias: vec![0.0; 6] },
            layers: gated(name, 6),
            step: layer("step", 6, 6),
        };
        Denoiser {
            step: gated("embedding", STEP_WIDTH),
            input: layer("input", 2 + 3, 6),
            blocks: vec![block("first"), block("second")],
            output: layer("output", 6, 2),
        }
    }

    #[test]
    fn the_denoiser_reads_latent_step_and_condition_row_by_row() {
        let denoiser = denoiser();
        let x = Dense::new(2, 2, vec![0.1, -0.4, 0.9, 0.2]).unwrap();
        let condition = Dense::new(2, 3, vec![1.0, 0.0, 0.5, 0.0, 1.0, -0.5]).unwrap();
        let both = denoiser.forward(&x, 7, &condition).unwrap();
        let one =
            denoiser.forward(&x.part(1, 0, 1, 2).unwrap(), 7, &condition.part(1, 0, 1, 3).unwrap()).unwrap();
        assert!(both.row(1).iter().zip(one.values()).all(|(a, b)| (a - b).abs() < 1e-12));
        let differs = |other: &Dense<f64>| other.plus_scaled(-1.0, &both).unwrap().norm() > 1e-4;
        assert!(differs(&denoiser.forward(&x, 8, &condition).unwrap()));
        assert!(differs(&denoiser.forward(&x, 7, &condition.scaled(2.0)).unwrap()));
        assert!(denoiser.forward(&x, 7, &condition.part(0, 0, 1, 3).unwrap()).is_err());
    }

    #[test]
    fn gates_stand_between_layers_only() {
        let layers = Gated { layers: vec![layer("one", 3, 4), layer("two", 4, 2)] };
        let x = Dense::new(1, 3, vec![0.5, -1.0, 2.0]).unwrap();
        let inner = layers.layers[0].forward(&x).unwrap().map(silu);
        assert_eq!(layers.forward(&x).unwrap(), layers.layers[1].forward(&inner).unwrap());
    }
}
