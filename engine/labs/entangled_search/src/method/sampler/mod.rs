//! From raw architecture parameters α of one decision to its weights on the simplex, and the gradient back (sheet §4).
//!
//! Contract: one row is one decision; weights are at least 0 and sum to 1; a row with one option has the weight 1 and no gradient.
//! Sampling is in double precision whatever the network trains in: rows are short.

pub mod dirichlet;
pub mod gumbel;
pub mod simplex;

use weightscope_math::Stream;

use super::kernel::arg_max;

/// How weights follow from α.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub enum Sampler {
    /// A draw from the Dirichlet distribution with concentration elu(α) + 1 (`DrNAS`; the paper's choice).
    Dirichlet,
    /// Softmax of α (DARTS, as the paper says).
    Softmax,
    /// Sparsemax of α (DARTS, as the released code does on superposed spaces).
    Sparsemax,
    /// One option by straight-through Gumbel-softmax (GDAS).
    Gumbel,
    /// One option, all equally likely, no gradient (SPOS).
    Uniform,
}

/// Weights of one decision, and what their gradient needs.
#[derive(Clone, Debug, PartialEq)]
pub struct Sample {
    /// Weights of the options.
    pub weights: Vec<f64>,
    /// The option, where one was picked.
    pub picked: Option<usize>,
    /// What the gradient needs beside α: soft shares of a Gumbel sample, gamma draws of a Dirichlet one.
    noise: Vec<f64>,
}

impl Sampler {
    /// Whether a sample is one option.
    pub fn picks(self) -> bool {
        matches!(self, Self::Gumbel | Self::Uniform)
    }

    /// Weights for α; `tau` is the temperature of the Gumbel sampler.
    pub fn sample(self, alpha: &[f64], tau: f64, random: &mut Stream) -> Sample {
        match self {
            Self::Softmax => Sample { weights: simplex::softmax(alpha), picked: None, noise: Vec::new() },
            Self::Sparsemax => Sample { weights: simplex::sparsemax(alpha), picked: None, noise: Vec::new() },
            Self::Dirichlet => {
                let concentration = dirichlet::concentrations(alpha);
                let draws = dirichlet::gamma_draws(&concentration, random);
                Sample { weights: dirichlet::normalised(&draws), picked: None, noise: draws }
            }
            Self::Gumbel => {
                let noise: Vec<f64> = alpha.iter().map(|_| gumbel::draw(random)).collect();
                let soft = gumbel::soft(alpha, &noise, tau);
                let picked = arg_max(&soft);
                Sample { weights: one_hot(picked, alpha.len()), picked: Some(picked), noise: soft }
            }
            Self::Uniform => {
                let picked = random.below(alpha.len());
                Sample { weights: one_hot(picked, alpha.len()), picked: Some(picked), noise: Vec::new() }
            }
        }
    }

    /// The weights without chance, for evaluation: softmax, sparsemax, or the mean of the Dirichlet distribution (inferred).
    pub fn mean(self, alpha: &[f64]) -> Vec<f64> {
        match self {
            Self::Softmax | Self::Gumbel => simplex::softmax(alpha),
            Self::Sparsemax => simplex::sparsemax(alpha),
            Self::Dirichlet => dirichlet::mean(&dirichlet::concentrations(alpha)),
            Self::Uniform => vec![1.0 / alpha.len() as f64; alpha.len()],
        }
    }

    /// The gradient in α from the gradient in the weights of `sample`; zeros for the uniform sampler.
    pub fn gradient(self, alpha: &[f64], sample: &Sample, tau: f64, upstream: &[f64]) -> Vec<f64> {
        if alpha.len() < 2 {
            return vec![0.0; alpha.len()];
        }
        match self {
            Self::Softmax => simplex::softmax_gradient(&sample.weights, upstream),
            Self::Sparsemax => simplex::sparsemax_gradient(&sample.weights, upstream),
            Self::Dirichlet => {
                let concentration = dirichlet::concentrations(alpha);
                let slopes = dirichlet::implicit_gradient(&concentration, &sample.noise, upstream);
                dirichlet::to_alpha(alpha, &slopes)
            }
            Self::Gumbel => gumbel::gradient(alpha, &sample.noise, tau, upstream),
            Self::Uniform => vec![0.0; alpha.len()],
        }
    }
}

/// 1 at one place.
pub fn one_hot(place: usize, count: usize) -> Vec<f64> {
    (0..count).map(|at| f64::from(u8::from(at == place))).collect()
}

#[cfg(test)]
mod tests;
