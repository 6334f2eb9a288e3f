//! A GPT-like language model on the host (after Radford et al., 2019): layer norms before attention and feed-forward part, learned
//! positions, biases, the exact Gaussian gate `x·Φ(x)`, an output matrix of its own with a bias. The third base model.

use std::collections::BTreeMap;

use weightscope_math::layers::{group_norm, linear};
use weightscope_math::linalg::Dense;
use weightscope_math::real::Real;
use weightscope_math::special::normal;

use super::error::{AdapterError, Result};
use super::network::causal_attention;

/// Added to the variance in layer norms.
const NORM_EPSILON: f64 = 1e-5;

/// The linear layers of a block that adapters take, by their names below `blocks.N.`.
pub const PROJECTIONS: [&str; 6] = ["q", "k", "v", "o", "up", "down"];

/// The shape of a model.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Config {
    /// Number of different tokens.
    pub vocabulary: usize,
    /// Longest row of tokens.
    pub context: usize,
    /// Width of the stream between blocks; four times as wide inside the feed-forward part.
    pub width: usize,
    /// Number of blocks.
    pub layers: usize,
    /// Heads of the attention; divide the width.
    pub heads: usize,
}

impl Config {
    /// Name and shape of every tensor, vectors as one row.
    pub fn tensors(&self) -> Vec<(String, (usize, usize))> {
        let width = self.width;
        let mut all = vec![
            ("embedding.weight".to_owned(), (self.vocabulary, width)),
            ("positions.weight".to_owned(), (self.context, width)),
            ("norm.weight".to_owned(), (1, width)),
            ("norm.bias".to_owned(), (1, width)),
            ("head.weight".to_owned(), (self.vocabulary, width)),
            ("head.bias".to_owned(), (1, self.vocabulary)),
        ];
        for layer in 0..self.layers {
            let name = |part: &str| format!("blocks.{layer}.{part}");
            for part in PROJECTIONS {
                let (outputs, inputs) = match part {
                    "up" => (4 * width, width),
                    "down" => (width, 4 * width),
                    _ => (width, width),
                };
                all.push((name(&format!("{part}.weight")), (outputs, inputs)));
                all.push((name(&format!("{part}.bias")), (1, outputs)));
            }
            for part in ["norm1.weight", "norm1.bias", "norm2.weight", "norm2.bias"] {
                all.push((name(part), (1, width)));
            }
        }
        all
    }

    /// Number of parameters, all tensors together.
    pub fn parameters(&self) -> usize {
        self.tensors().into_iter().map(|(_, (rows, columns))| rows * columns).sum()
    }
}

/// A model with its weights.
#[derive(Debug)]
pub struct Gpt<R> {
    config: Config,
    tensors: BTreeMap<String, Dense<R>>,
}

impl<R: Real> Gpt<R> {
    /// A model of these tensors by the names of [`Config::tensors`]. Refused where one is missing or of another shape, or the heads do not
    /// divide the width.
    pub fn new(config: Config, tensors: BTreeMap<String, Dense<R>>) -> Result<Self> {
        if config.heads == 0 || !config.width.is_multiple_of(config.heads) {
            let what = format!("{} heads do not divide a width of {}", config.heads, config.width);
            return Err(AdapterError::Model(what));
        }
        for (name, shape) in config.tensors() {
            let found = tensors.get(&name).map(Dense::shape);
            if found != Some(shape) {
                return Err(AdapterError::Model(format!("{name} has the shape {found:?}, not {shape:?}")));
            }
        }
        Ok(Self { config, tensors })
    }

    /// Logits `[time, vocabulary]` of one row of tokens; row t predicts token t + 1. Refused where a token is not in the vocabulary or the
    /// row is longer than the context.
    pub fn logits(&self, tokens: &[u32]) -> Result<Dense<R>> {
        let Config { vocabulary, context, width, .. } = self.config;
        if tokens.len() > context {
            let count = tokens.len();
            return Err(AdapterError::Model(format!("{count} tokens do not fit a context of {context}")));
        }
        let embedding = self.tensor("embedding.weight")?;
        let mut stream = self.tensor("positions.weight")?.part(0, 0, tokens.len(), width)?;
        for (time, token) in tokens.iter().enumerate() {
            let token = *token as usize;
            if token >= vocabulary {
                let what = format!("token {token} is not in a vocabulary of {vocabulary}");
                return Err(AdapterError::Model(what));
            }
            let row = stream.row_mut(time).iter_mut();
            row.zip(embedding.row(token)).for_each(|(value, embedded)| *value += *embedded);
        }
        for layer in 0..self.config.layers {
            let name = |part: &str| format!("blocks.{layer}.{part}");
            let seen = self.attention(layer, &self.norm(&name("norm1"), &stream)?)?;
            stream.add_scaled(R::ONE, &seen)?;
            let inner = self.layer(&name("up"), &self.norm(&name("norm2"), &stream)?)?.map(gelu);
            stream.add_scaled(R::ONE, &self.layer(&name("down"), &inner)?)?;
        }
        self.layer("head", &self.norm("norm", &stream)?)
    }

    fn attention(&self, layer: usize, x: &Dense<R>) -> Result<Dense<R>> {
        let project = |part: &str, x: &Dense<R>| self.layer(&format!("blocks.{layer}.{part}"), x);
        let (q, k, v) = (project("q", x)?, project("k", x)?, project("v", x)?);
        let head = self.config.width / self.config.heads;
        let mut seen = Dense::zeros(x.rows(), self.config.width);
        for start in (0..self.config.width).step_by(head.max(1)) {
            let part = |of: &Dense<R>| of.part(0, start, x.rows(), head);
            seen.set_part(0, start, &causal_attention(&part(&q)?, &part(&k)?, &part(&v)?)?)?;
        }
        project("o", &seen)
    }

    fn tensor(&self, name: &str) -> Result<&Dense<R>> {
        self.tensors.get(name).ok_or_else(|| AdapterError::Model(format!("the tensor {name} is missing")))
    }

    fn layer(&self, name: &str, x: &Dense<R>) -> Result<Dense<R>> {
        let bias = self.tensor(&format!("{name}.bias"))?;
        Ok(linear(self.tensor(&format!("{name}.weight"))?, Some(bias.values()), x)?)
    }

    fn norm(&self, name: &str, x: &Dense<R>) -> Result<Dense<R>> {
        let (weight, bias) = (self.tensor(&format!("{name}.weight"))?, self.tensor(&format!("{name}.bias"))?);
        Ok(group_norm(x, x.columns(), weight.values(), bias.values(), NORM_EPSILON))
    }
}

/// `x·Φ(x)` with the normal distribution function Φ (arXiv 1606.08415).
pub fn gelu<R: Real>(x: R) -> R {
    R::from_f64(x.to_f64() * normal::cdf(x.to_f64()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use weightscope_math::stream;

    const SMALL: Config = Config { vocabulary: 96, context: 64, width: 64, layers: 2, heads: 4 };

    fn model(config: Config) -> Gpt<f64> {
        let mut random = stream(6, "model");
        let mut tensor = |rows: usize, columns: usize| {
            let values = (0..rows * columns).map(|_| 0.2 * f64::from(random.normal())).collect();
            Dense::new(rows, columns, values).unwrap()
        };
        let shapes = config.tensors().into_iter();
        Gpt::new(config, shapes.map(|(name, (rows, columns))| (name, tensor(rows, columns))).collect())
            .unwrap()
    }

    #[test]
    fn the_base_has_the_parameters_of_the_sheet() {
        assert_eq!(SMALL.parameters(), 116_576);
    }

    #[test]
    fn a_token_changes_nothing_before_it() {
        let model = model(Config { width: 16, ..SMALL });
        let mut tokens = vec![3_u32; 20];
        let first = model.logits(&tokens).unwrap();
        tokens[12] = 9;
        let second = model.logits(&tokens).unwrap();
        assert_eq!(first.part(0, 0, 12, 96).unwrap(), second.part(0, 0, 12, 96).unwrap());
        assert!((12..20).all(|time| first.row(time) != second.row(time)));
        assert_ne!(first.row(0), first.row(1), "positions tell equal tokens apart");
    }

    #[test]
    fn impossible_rows_and_models_are_refused() {
        let model = model(Config { width: 16, ..SMALL });
        assert!(model.logits(&[96]).is_err() && model.logits(&[0; 65]).is_err());
        assert!(Gpt::<f64>::new(SMALL, BTreeMap::new()).is_err());
        assert!((gelu(1.0) - 0.841_344_746_068_542_9).abs() < 1e-15 && gelu(0.0_f32) == 0.0);
    }
}
