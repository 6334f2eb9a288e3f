//! Layer normalisation whose width is a decision.

use weightscope_compute::number::Number;
use weightscope_math::MathError;

use super::layer::{Mixing, Pass, Start, TensorShape};
use crate::method::tape::{Node, Region};

/// How a normalisation is mixed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub enum Rule {
    /// The weighted sum of the normalisations over each width (inferred): one-hot weights give the stand-alone network.
    #[default]
    Exact,
    /// Superposed factors, mean and variance over the largest width, as the released code does (established).
    Published,
}

/// Added to variances.
pub const EPSILON: f64 = 1e-5;

/// A layer normalisation over the widths of a decision.
#[derive(Clone, Debug)]
pub struct Norm {
    /// Name.
    pub name: String,
    /// The decision.
    pub decision: usize,
    /// Ascending widths, one for each option.
    pub widths: Vec<usize>,
    /// How it is mixed.
    pub rule: Rule,
}

impl Norm {
    /// What is trained, in order: γ and β, or one pair for each option; for a stand-alone network those of the picks.
    pub fn tensors(&self, mixing: Mixing, picks: &[usize]) -> Vec<TensorShape> {
        let pair = |joint: Option<usize>, width: usize| {
            let one = |part: &str, value: f64| TensorShape {
                name: format!("{}.{part}", self.name),
                joint,
                shape: vec![width],
                start: Start::Constant(value),
            };
            [one("gamma", 1.0), one("beta", 0.0)]
        };
        match mixing {
            Mixing::Separate => self
                .widths
                .iter()
                .enumerate()
                .flat_map(|(option, width)| pair(Some(option), *width))
                .collect(),
            Mixing::Alone => {
                pair(Some(picks.get(self.decision).copied().unwrap_or(0)), self.width(picks)).to_vec()
            }
            Mixing::Superposed | Mixing::Output | Mixing::Slice => pair(None, self.most()).to_vec(),
        }
    }

    fn most(&self) -> usize {
        self.widths.last().copied().unwrap_or(0)
    }

    /// Width of the network of these picks.
    pub fn width(&self, picks: &[usize]) -> usize {
        let pick = picks.get(self.decision).copied().unwrap_or(0);
        self.widths.get(pick).copied().unwrap_or(0)
    }

    /// Normalises the last axis and takes the tensors.
    pub fn apply<T: Number>(&self, pass: &mut Pass<'_, T>, x: Node) -> Result<Node, MathError> {
        if pass.mixing == Mixing::Separate {
            return self.separate(pass, x);
        }
        let (mut gamma, mut beta) = (pass.take()?, pass.take()?);
        match (pass.mixing, self.rule) {
            (Mixing::Superposed, Rule::Published) => {
                let weights = pass.weights_of(self.decision)?;
                pass.tape.layer_norm_published(x, gamma, beta, &self.widths, weights, EPSILON)
            }
            (Mixing::Superposed | Mixing::Output, _) => {
                let weights = pass.weights_of(self.decision)?;
                pass.tape.layer_norm_exact(x, gamma, beta, &self.widths, weights, EPSILON)
            }
            _ => {
                if pass.gated && pass.mixing == Mixing::Slice {
                    let (weights, pick) = (pass.weights_of(self.decision)?, pass.pick(self.decision));
                    gamma = pass.tape.scale(gamma, weights, pick)?;
                    beta = pass.tape.scale(beta, weights, pick)?;
                }
                pass.tape.layer_norm(x, gamma, beta, self.width(pass.picks), EPSILON)
            }
        }
    }

    fn separate<T: Number>(&self, pass: &mut Pass<'_, T>, x: Node) -> Result<Node, MathError> {
        let (weights, shape) = (pass.weights_of(self.decision)?, pass.tape.shape(x).to_vec());
        let mut parts = Vec::with_capacity(self.widths.len());
        for (option, width) in self.widths.iter().enumerate() {
            let (gamma, beta) = (pass.take()?, pass.take()?);
            let mut lengths = shape.clone();
            lengths.last_mut().into_iter().for_each(|last| *last = *width);
            let region = Region::leading(&lengths);
            let narrow = pass.tape.crop(x, &region)?;
            parts.push((option, pass.tape.layer_norm(narrow, gamma, beta, *width, EPSILON)?, Some(region)));
        }
        pass.tape.mix(&shape, weights, &parts)
    }
}
