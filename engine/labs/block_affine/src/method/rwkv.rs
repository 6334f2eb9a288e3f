//! An RWKV-6-like language model on the host (this program's reading of the public model, simplified; after Peng et al., arXiv
//! 2404.05892): a time mix whose state decays per channel, a channel mix, no attention. Inferred: the static mixing vectors, the clipped
//! decay.
//!
//! The time mix comes in two forms that give the same numbers: the recurrence, which is the definition and runs text token by token, and
//! the parallel form in chunks, which training uses.

use std::collections::BTreeMap;

use weightscope_math::layers::{exp, group_norm, linear, relu, sigmoid, silu};
use weightscope_math::linalg::Dense;
use weightscope_math::real::Real;

use super::error::{AdapterError, Result};

/// Range of the exponent of the decay; its upper end keeps a step's factor above e^−½, so that 64 steps fit single precision.
pub const DECAY: (f64, f64) = weightscope_compute::ops::gates::DECAY;

/// Times that one parallel piece holds.
pub const CHUNK: usize = 64;

/// Rank of the part of the decay that depends on the input.
pub const DECAY_RANK: usize = 16;

/// Added to the variance in layer norms.
pub const NORM_EPSILON: f64 = 1e-5;
/// Added to the variance in the norm over heads.
pub const HEAD_NORM_EPSILON: f64 = 64e-5;

/// The mixes of a block, each followed by a projection.
const TIME_MIXES: [&str; 5] = ["r", "k", "v", "g", "w"];

/// The linear layers of a block that adapters take, by their names below `blocks.N.`.
pub const PROJECTIONS: [&str; 8] = [
    "att.receptance",
    "att.key",
    "att.value",
    "att.gate",
    "att.output",
    "ffn.key",
    "ffn.value",
    "ffn.receptance",
];

/// How the time mix is computed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// Token by token, the definition.
    Recurrent,
    /// In pieces of [`CHUNK`] times.
    Parallel,
}

/// The shape of a model.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Config {
    /// Number of different tokens.
    pub vocabulary: usize,
    /// Width of the stream between blocks.
    pub width: usize,
    /// Number of blocks.
    pub layers: usize,
    /// Heads of the time mix; divide the width.
    pub heads: usize,
}

impl Config {
    /// Name and shape of every tensor, vectors as one row.
    pub fn tensors(&self) -> Vec<(String, (usize, usize))> {
        let width = self.width;
        let mut all = vec![
            ("emb.weight".to_owned(), (self.vocabulary, width)),
            ("head.weight".to_owned(), (self.vocabulary, width)),
        ];
        let norm = |name: String, all: &mut Vec<(String, (usize, usize))>| {
            all.push((format!("{name}.weight"), (1, width)));
            all.push((format!("{name}.bias"), (1, width)));
        };
        norm("ln_in".to_owned(), &mut all);
        norm("ln_out".to_owned(), &mut all);
        for layer in 0..self.layers {
            let name = |part: &str| format!("blocks.{layer}.{part}");
            for part in ["ln1", "ln2", "att.ln_x"] {
                norm(name(part), &mut all);
            }
            for part in PROJECTIONS {
                let shape = match part {
                    "ffn.key" => (4 * width, width),
                    "ffn.value" => (width, 4 * width),
                    _ => (width, width),
                };
                all.push((name(&format!("{part}.weight")), shape));
            }
            let mixes = TIME_MIXES.iter().map(|mix| format!("att.mix_{mix}"));
            for part in mixes.chain(["att.decay", "att.bonus", "ffn.mix_r", "ffn.mix_k"].map(str::to_owned)) {
                all.push((name(&part), (1, width)));
            }
            all.push((name("att.decay_a"), (DECAY_RANK, width)));
            all.push((name("att.decay_b"), (width, DECAY_RANK)));
        }
        all
    }

    /// Number of parameters, all tensors together.
    pub fn parameters(&self) -> usize {
        self.tensors().into_iter().map(|(_, (rows, columns))| rows * columns).sum()
    }
}

/// What one head of the time mix is made of, each `[times, head]`.
#[derive(Clone, Debug, PartialEq)]
pub struct Head<R> {
    /// Receptance r.
    pub receptance: Dense<R>,
    /// Key k.
    pub key: Dense<R>,
    /// Value v.
    pub value: Dense<R>,
    /// Logarithm of the decay, at most 0.
    pub log_decay: Dense<R>,
    /// Weight u of the present time, `[head]`.
    pub bonus: Vec<R>,
}

impl<R: Real> Head<R> {
    /// `y_t = r_tᵀ(S + diag(u)·k_t·v_tᵀ)`, then `S ← diag(e^ℓ_t)·S + k_t·v_tᵀ`, time by time from a state `[head, head]`, which is moved on.
    pub fn recurrent(&self, state: &mut Dense<R>) -> Result<Dense<R>> {
        let (times, width) = self.key.shape();
        let mut y = Dense::zeros(times, width);
        for time in 0..times {
            let row = |of: &Dense<R>| of.part(time, 0, 1, width);
            let (r, k, v) = (row(&self.receptance)?, row(&self.key)?, row(&self.value)?);
            let present = k.transposed_times(&v)?;
            let seen = state.plus_scaled(R::ONE, &rows_times(&present, &self.bonus))?;
            y.set_part(time, 0, &r.times(&seen)?)?;
            let decay = row(&self.log_decay)?.map(exp);
            *state = rows_times(state, decay.values()).plus_scaled(R::ONE, &present)?;
        }
        Ok(y)
    }

    /// The same as [`Self::recurrent`], in pieces of `chunk` times. With `L_t = Σ_{i≤t} ℓ_i` within a piece: `A[t, s] = Σ_c r_tc·e^{L_{t−1,c}}·
    /// k_sc·e^{−L_sc}` for s < t, `A[t, t] = Σ_c r·u·k`, and `y = A·v + (r·e^{L_{t−1}})·S`.
    pub fn parallel(&self, state: &mut Dense<R>, chunk: usize) -> Result<Dense<R>> {
        let (times, width) = self.key.shape();
        let mut y = Dense::zeros(times, width);
        for start in (0..times).step_by(chunk.max(1)) {
            let count = chunk.min(times - start);
            let part = |of: &Dense<R>| of.part(start, 0, count, width);
            let piece = Self {
                receptance: part(&self.receptance)?,
                key: part(&self.key)?,
                value: part(&self.value)?,
                log_decay: part(&self.log_decay)?,
                bonus: self.bonus.clone(),
            };
            y.set_part(start, 0, &piece.one_chunk(state)?)?;
        }
        Ok(y)
    }

    fn one_chunk(&self, state: &mut Dense<R>) -> Result<Dense<R>> {
        let (times, width) = self.key.shape();
        // Sums of the logarithms up to each time, before and after it.
        let (mut before, mut after) = (Dense::zeros(times, width), Dense::zeros(times, width));
        let mut sum = vec![R::ZERO; width];
        for time in 0..times {
            before.row_mut(time).copy_from_slice(&sum);
            sum.iter_mut().zip(self.log_decay.row(time)).for_each(|(sum, log)| *sum += *log);
            after.row_mut(time).copy_from_slice(&sum);
        }
        let receptance = product(&self.receptance, &before.map(exp));
        let mut weights = receptance.times_transposed(&product(&self.key, &after.map(|log| exp(-log))))?;
        for (time, row) in weights.values_mut().chunks_exact_mut(times).enumerate() {
            let pairs = self.receptance.row(time).iter().zip(self.key.row(time)).zip(&self.bonus);
            let own = pairs.map(|((r, k), u)| *r * *u * *k).sum();
            row.iter_mut().skip(time).for_each(|weight| *weight = R::ZERO);
            row.iter_mut().skip(time).take(1).for_each(|weight| *weight = own);
        }
        let y = weights.times(&self.value)?.plus_scaled(R::ONE, &receptance.times(state)?)?;
        let mut left = self.key.clone();
        for (row, after) in left.values_mut().chunks_exact_mut(width.max(1)).zip(after.each_row()) {
            for ((key, after), all) in row.iter_mut().zip(after).zip(&sum) {
                *key = *key * exp(*all - *after);
            }
        }
        let decay: Vec<R> = sum.into_iter().map(exp).collect();
        *state = rows_times(state, &decay).plus_scaled(R::ONE, &left.transposed_times(&self.value)?)?;
        Ok(y)
    }
}

/// A model with its weights.
#[derive(Debug)]
pub struct Rwkv<R> {
    config: Config,
    tensors: BTreeMap<String, Dense<R>>,
}

impl<R: Real> Rwkv<R> {
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

    /// Logits `[time, vocabulary]` of one row of tokens; row t predicts token t + 1. Refused where a token is not in the vocabulary.
    pub fn logits(&self, tokens: &[u32], form: Form) -> Result<Dense<R>> {
        let embedding = self.tensor("emb.weight")?;
        let mut stream = Dense::zeros(tokens.len(), self.config.width);
        for (time, token) in tokens.iter().enumerate() {
            let token = *token as usize;
            if token >= self.config.vocabulary {
                let size = self.config.vocabulary;
                return Err(AdapterError::Model(format!("token {token} is not in a vocabulary of {size}")));
            }
            stream.row_mut(time).copy_from_slice(embedding.row(token));
        }
        stream = self.norm("ln_in", &stream)?;
        for layer in 0..self.config.layers {
            let name = |part: &str| format!("blocks.{layer}.{part}");
            let normed = self.norm(&name("ln1"), &stream)?;
            stream.add_scaled(R::ONE, &self.time_mix(layer, &normed, form)?)?;
            let normed = self.norm(&name("ln2"), &stream)?;
            stream.add_scaled(R::ONE, &self.channel_mix(layer, &normed)?)?;
        }
        Ok(linear(self.tensor("head.weight")?, None, &self.norm("ln_out", &stream)?)?)
    }

    fn tensor(&self, name: &str) -> Result<&Dense<R>> {
        self.tensors.get(name).ok_or_else(|| AdapterError::Model(format!("the tensor {name} is missing")))
    }

    fn part(&self, layer: usize, part: &str) -> Result<&Dense<R>> {
        self.tensor(&format!("blocks.{layer}.{part}"))
    }

    fn norm(&self, name: &str, x: &Dense<R>) -> Result<Dense<R>> {
        self.norm_of(name, x, x.columns(), NORM_EPSILON)
    }

    fn norm_of(&self, name: &str, x: &Dense<R>, group: usize, epsilon: f64) -> Result<Dense<R>> {
        let (weight, bias) = (self.tensor(&format!("{name}.weight"))?, self.tensor(&format!("{name}.bias"))?);
        Ok(group_norm(x, group, weight.values(), bias.values(), epsilon))
    }

    /// `x + (x of the time before − x)·μ`, through a projection.
    fn mixed(&self, layer: usize, mix: &str, x: &Dense<R>) -> Result<Dense<R>> {
        let mu = self.part(layer, mix)?;
        let mut before = Dense::zeros(x.rows(), x.columns());
        if x.rows() > 1 {
            before.set_part(1, 0, &x.part(0, 0, x.rows() - 1, x.columns())?)?;
        }
        before.add_scaled(-R::ONE, x)?;
        let mut mixed = columns_times(&before, mu.values());
        mixed.add_scaled(R::ONE, x)?;
        Ok(mixed)
    }

    fn project(&self, layer: usize, name: &str, mix: &str, x: &Dense<R>) -> Result<Dense<R>> {
        let mixed = self.mixed(layer, mix, x)?;
        Ok(linear(self.part(layer, &format!("{name}.weight"))?, None, &mixed)?)
    }

    /// `−exp(clip(w₀ + W_b·tanh(W_a·m), −8, −0.7))`: the logarithm of the decay of every channel and time.
    fn log_decay(&self, layer: usize, x: &Dense<R>) -> Result<Dense<R>> {
        let mixed = self.mixed(layer, "att.mix_w", x)?;
        let inner = linear(self.part(layer, "att.decay_a")?, None, &mixed)?;
        let inner = inner.map(|value| R::from_f64(value.to_f64().tanh()));
        let start = self.part(layer, "att.decay")?;
        let exponent = linear(self.part(layer, "att.decay_b")?, Some(start.values()), &inner)?;
        let (low, high) = (R::from_f64(DECAY.0), R::from_f64(DECAY.1));
        Ok(exponent.map(|value| -exp(value.clip(low, high))))
    }

    fn time_mix(&self, layer: usize, x: &Dense<R>, form: Form) -> Result<Dense<R>> {
        let (times, head) = (x.rows(), self.config.width / self.config.heads);
        let receptance = self.project(layer, "att.receptance", "att.mix_r", x)?;
        let key = self.project(layer, "att.key", "att.mix_k", x)?;
        let value = self.project(layer, "att.value", "att.mix_v", x)?;
        let gate = self.project(layer, "att.gate", "att.mix_g", x)?.map(silu);
        let (log_decay, bonus) = (self.log_decay(layer, x)?, self.part(layer, "att.bonus")?);
        let mut seen = Dense::zeros(times, self.config.width);
        for start in (0..self.config.width).step_by(head.max(1)) {
            let part = |of: &Dense<R>| of.part(0, start, times, head);
            let one = Head {
                receptance: part(&receptance)?,
                key: part(&key)?,
                value: part(&value)?,
                log_decay: part(&log_decay)?,
                bonus: bonus.part(0, start, 1, head)?.into_values(),
            };
            let mut state = Dense::zeros(head, head);
            let y = match form {
                Form::Recurrent => one.recurrent(&mut state)?,
                Form::Parallel => one.parallel(&mut state, CHUNK)?,
            };
            seen.set_part(0, start, &y)?;
        }
        let seen = self.norm_of(&format!("blocks.{layer}.att.ln_x"), &seen, head, HEAD_NORM_EPSILON)?;
        Ok(linear(self.part(layer, "att.output.weight")?, None, &product(&seen, &gate))?)
    }

    fn channel_mix(&self, layer: usize, x: &Dense<R>) -> Result<Dense<R>> {
        let gate = self.project(layer, "ffn.receptance", "ffn.mix_r", x)?.map(sigmoid);
        let inner = self.project(layer, "ffn.key", "ffn.mix_k", x)?.map(|value| relu(value) * relu(value));
        let value = linear(self.part(layer, "ffn.value.weight")?, None, &inner)?;
        Ok(product(&gate, &value))
    }
}

/// The start of the decay's exponent: −6 to −0.5, even over the channels.
pub fn decay_start(width: usize) -> Vec<f64> {
    let last = width.saturating_sub(1).max(1) as f64;
    (0..width).map(|channel| -6.0 + 5.5 * channel as f64 / last).collect()
}

/// Entry by entry, for matrices of one shape.
fn product<R: Real>(a: &Dense<R>, b: &Dense<R>) -> Dense<R> {
    let mut product = a.clone();
    product.values_mut().iter_mut().zip(b.values()).for_each(|(a, b)| *a = *a * *b);
    product
}

/// Every row times its factor.
fn rows_times<R: Real>(matrix: &Dense<R>, factors: &[R]) -> Dense<R> {
    let mut scaled = matrix.clone();
    for (row, factor) in scaled.values_mut().chunks_exact_mut(matrix.columns().max(1)).zip(factors) {
        row.iter_mut().for_each(|value| *value = *value * *factor);
    }
    scaled
}

/// Every column times its factor.
fn columns_times<R: Real>(matrix: &Dense<R>, factors: &[R]) -> Dense<R> {
    let mut scaled = matrix.clone();
    for row in scaled.values_mut().chunks_exact_mut(matrix.columns().max(1)) {
        row.iter_mut().zip(factors).for_each(|(value, factor)| *value = *value * *factor);
    }
    scaled
}

#[cfg(test)]
mod tests {
    use super::super::checks::random;
    use super::*;
    use weightscope_math::stream;

    const SMALL: Config = Config { vocabulary: 96, width: 64, layers: 2, heads: 4 };

    fn model(config: Config) -> Rwkv<f32> {
        let mut random = stream(6, "model");
        let mut tensors = BTreeMap::new();
        for (name, (rows, columns)) in config.tensors() {
            let mut values = vec![0.0; rows * columns];
            let spread = 1.0 / (columns as f32).sqrt();
            match name.as_str() {
                name if name.ends_with("att.decay") => {
                    values = decay_start(columns).into_iter().map(|value| value as f32).collect();
                }
                name if name.contains("mix_") => random.fill_uniform(&mut values, 0.25, 0.75),
                name if name.contains("ln") && name.ends_with("weight") => values.fill(1.0),
                name if name.ends_with("bias") => {}
                _ => values.iter_mut().for_each(|value| *value = spread * random.normal()),
            }
            tensors.insert(name, Dense::new(rows, columns, values).unwrap());
        }
        Rwkv::new(config, tensors).unwrap()
    }

    #[test]
    fn the_base_has_the_parameters_of_the_sheet() {
        assert_eq!(SMALL.parameters(), 133_248);
    }

    #[test]
    fn the_parallel_form_is_the_recurrence() {
        let decay =
            |name: &str| random(name, 256, 8).map(|value| -exp((2.0 * value - 2.0).clip(DECAY.0, DECAY.1)));
        let head = Head {
            receptance: random("r", 256, 8),
            key: random("k", 256, 8),
            value: random("v", 256, 8),
            log_decay: decay("w"),
            bonus: random("u", 1, 8).into_values(),
        };
        let (mut one, mut other) = (random("state", 8, 8), random("state", 8, 8));
        let recurrent = head.recurrent(&mut one).unwrap();
        for chunk in [1, 7, 64] {
            let mut state = random("state", 8, 8);
            let parallel = head.parallel(&mut state, chunk).unwrap();
            assert!(parallel.plus_scaled(-1.0, &recurrent).unwrap().norm() < 1e-9 * recurrent.norm());
            other = state;
        }
        assert!(one.plus_scaled(-1.0, &other).unwrap().norm() < 1e-9 * one.norm());
    }

    #[test]
    fn both_forms_give_the_same_logits_in_single_precision() {
        let model = model(SMALL);
        let mut random = stream(7, "tokens");
        let tokens: Vec<u32> = (0..256).map(|_| random.below(96) as u32).collect();
        let recurrent = model.logits(&tokens, Form::Recurrent).unwrap();
        let parallel = model.logits(&tokens, Form::Parallel).unwrap();
        let pairs = recurrent.values().iter().zip(parallel.values());
        let largest = pairs.map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
        assert!(largest < 2e-5, "{largest}");
        assert!(recurrent.norm() > 1.0 && model.logits(&[96], Form::Parallel).is_err());
    }

    #[test]
    fn a_token_changes_nothing_before_it() {
        let model = model(Config { layers: 1, ..SMALL });
        let (mut tokens, at) = (vec![3_u32; 80], 70);
        let first = model.logits(&tokens, Form::Parallel).unwrap();
        tokens[at] = 9;
        let second = model.logits(&tokens, Form::Parallel).unwrap();
        assert_eq!(first.part(0, 0, at, 96).unwrap(), second.part(0, 0, at, 96).unwrap());
        assert_ne!(first.row(at), second.row(at));
    }

    #[test]
    fn impossible_models_are_refused() {
        assert!(Rwkv::<f32>::new(Config { heads: 5, ..SMALL }, BTreeMap::new()).is_err());
        assert!(Rwkv::<f32>::new(SMALL, BTreeMap::new()).is_err());
    }
}
