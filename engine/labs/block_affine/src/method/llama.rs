//! A LLaMA-type language model on the host (arXiv 2302.13971), in the published layout of folders: root-mean-square norms before
//! attention and gated feed-forward part, rotary positions, keys and values shared by groups of query heads, no biases.
//!
//! The model is the definition that the trained one is compared with, and what runs a folder of published weights; it has no gradients.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde::de::IgnoredAny;
use weightscope_math::layers::{linear, rms_norm, silu};
use weightscope_math::linalg::Dense;
use weightscope_math::real::Real;

use super::error::{AdapterError, Result};
use super::network::{Pairs, causal_attention, rotate};

/// Keys of a published `config.json` that do not change what the model computes.
const HARMLESS: [&str; 17] = [
    "_name_or_path",
    "architectures",
    "attention_dropout",
    "auto_map",
    "bos_token_id",
    "dtype",
    "eos_token_id",
    "initializer_range",
    "max_position_embeddings",
    "name_or_path",
    "pad_token_id",
    "return_dict",
    "sep_token_id",
    "torch_dtype",
    "transformers_version",
    "unk_token_id",
    "use_cache",
];

/// The linear layers of a block, in the order of the published layout.
pub const PROJECTIONS: [&str; 7] = [
    "self_attn.q_proj",
    "self_attn.k_proj",
    "self_attn.v_proj",
    "self_attn.o_proj",
    "mlp.gate_proj",
    "mlp.up_proj",
    "mlp.down_proj",
];

/// The shape of a model, from the keys of a published `config.json`.
#[derive(Debug, Deserialize)]
pub struct Config {
    /// Architecture; only `llama` is read.
    pub model_type: String,
    /// Number of different tokens.
    pub vocab_size: usize,
    /// Width of the stream between blocks.
    pub hidden_size: usize,
    /// Width inside the feed-forward part.
    pub intermediate_size: usize,
    /// Number of blocks.
    pub num_hidden_layers: usize,
    /// Query heads of a block.
    pub num_attention_heads: usize,
    /// Key and value heads of a block; as many as query heads where the key is absent.
    pub num_key_value_heads: Option<usize>,
    /// Width of a head; the stream's width divided by the heads where the key is absent.
    pub head_dim: Option<usize>,
    /// Added to the mean of squares in norms.
    pub rms_norm_eps: f64,
    /// Base of the rotary angles; 10,000 where the key is absent.
    pub rope_theta: Option<f64>,
    /// Newer writers put the base here.
    pub rope_parameters: Option<Rope>,
    /// Must be absent, null or of the kind `default`.
    pub rope_scaling: Option<Rope>,
    /// Whether the output matrix is the embedding.
    #[serde(default)]
    pub tie_word_embeddings: bool,
    /// Gate of the feed-forward part; only `silu` is read.
    pub hidden_act: Option<String>,
    /// Biases in attention; must be false.
    #[serde(default)]
    pub attention_bias: bool,
    /// Biases in the feed-forward part; must be false.
    #[serde(default)]
    pub mlp_bias: bool,
    /// Slices of the matrices when the model was trained; must be 1.
    pub pretraining_tp: Option<usize>,
    /// All further keys; refused unless null or known to be harmless.
    #[serde(flatten)]
    pub others: BTreeMap<String, Option<IgnoredAny>>,
}

/// How the rotary angles are made, in newer `config.json` files.
#[derive(Debug, Deserialize)]
pub struct Rope {
    /// Kind of the angles; only `default` is read.
    #[serde(alias = "type")]
    pub rope_type: Option<String>,
    /// Base of the angles.
    pub rope_theta: Option<f64>,
}

impl Config {
    /// A model with as many key heads as query heads, an output matrix of its own, norms with 10⁻⁵ and angles of base 10,000.
    pub fn plain(vocabulary: usize, width: usize, inner: usize, layers: usize, heads: usize) -> Self {
        Self {
            model_type: "llama".to_owned(),
            vocab_size: vocabulary,
            hidden_size: width,
            intermediate_size: inner,
            num_hidden_layers: layers,
            num_attention_heads: heads,
            num_key_value_heads: None,
            head_dim: None,
            rms_norm_eps: 1e-5,
            rope_theta: None,
            rope_parameters: None,
            rope_scaling: None,
            tie_word_embeddings: false,
            hidden_act: None,
            attention_bias: false,
            mlp_bias: false,
            pretraining_tp: None,
            others: BTreeMap::new(),
        }
    }

    /// Refuses another architecture, and keys that would change what the model computes.
    pub fn check(&self) -> Result<()> {
        let refuse = |what: String| Err(AdapterError::Model(what));
        if self.model_type != "llama" {
            return refuse(format!("config.json describes a model of type {}, not llama", self.model_type));
        }
        if let Some(act) = self.hidden_act.as_ref().filter(|act| *act != "silu") {
            return refuse(format!("config.json has hidden_act {act}; only silu is read"));
        }
        let scaled = [&self.rope_scaling, &self.rope_parameters].into_iter().flatten();
        if scaled.filter_map(|rope| rope.rope_type.as_ref()).any(|kind| kind != "default") {
            return refuse("config.json scales the rotary positions; only the default is read".into());
        }
        if self.attention_bias || self.mlp_bias || self.pretraining_tp.unwrap_or(1) != 1 {
            return refuse("config.json asks for biases or sliced matrices, which are not read".into());
        }
        let unknown = |(key, value): &(&String, &Option<IgnoredAny>)| {
            value.is_some() && !HARMLESS.contains(&key.as_str())
        };
        if let Some((key, _)) = self.others.iter().find(unknown) {
            return refuse(format!(
                "config.json has the key {key}, which may change the model and is not read"
            ));
        }
        self.check_heads()
    }

    fn check_heads(&self) -> Result<()> {
        let (heads, groups) = (self.num_attention_heads, self.groups());
        if heads == 0 || groups == 0 || !heads.is_multiple_of(groups) {
            let what = format!("{heads} query heads cannot share {groups} key heads");
            return Err(AdapterError::Model(what));
        }
        let width = self.head_width();
        if width == 0 || !width.is_multiple_of(2) {
            return Err(AdapterError::Model(format!("a head of {width} entries has no rotary pairs")));
        }
        Ok(())
    }

    /// Key and value heads.
    pub fn groups(&self) -> usize {
        self.num_key_value_heads.unwrap_or(self.num_attention_heads)
    }

    /// Entries of a head.
    pub fn head_width(&self) -> usize {
        self.head_dim.unwrap_or(self.hidden_size / self.num_attention_heads.max(1))
    }

    /// Base of the rotary angles.
    pub fn theta(&self) -> f64 {
        let newer = self.rope_parameters.as_ref().and_then(|rope| rope.rope_theta);
        newer.or(self.rope_theta).unwrap_or(10_000.0)
    }

    /// Name and shape of every tensor of the published layout, norms as one row.
    pub fn tensors(&self) -> Vec<(String, (usize, usize))> {
        let (width, inner) = (self.hidden_size, self.intermediate_size);
        let queries = self.num_attention_heads * self.head_width();
        let keys = self.groups() * self.head_width();
        let shapes = [
            (queries, width),
            (keys, width),
            (keys, width),
            (width, queries),
            (inner, width),
            (inner, width),
        ];
        let mut all = vec![("model.embed_tokens.weight".to_owned(), (self.vocab_size, width))];
        for layer in 0..self.num_hidden_layers {
            for (name, shape) in PROJECTIONS.iter().zip(shapes.into_iter().chain([(width, inner)])) {
                all.push((projection(layer, name), shape));
            }
            for norm in ["input_layernorm", "post_attention_layernorm"] {
                all.push((projection(layer, norm), (1, width)));
            }
        }
        all.push(("model.norm.weight".to_owned(), (1, width)));
        if !self.tie_word_embeddings {
            all.push(("lm_head.weight".to_owned(), (self.vocab_size, width)));
        }
        all
    }

    /// Number of parameters, all tensors together.
    pub fn parameters(&self) -> usize {
        self.tensors().into_iter().map(|(_, (rows, columns))| rows * columns).sum()
    }
}

/// Published name of a tensor of a block, such as `model.layers.0.self_attn.q_proj.weight`.
pub fn projection(layer: usize, name: &str) -> String {
    format!("model.layers.{layer}.{name}.weight")
}

/// A model with its weights.
#[derive(Debug)]
pub struct Llama<R> {
    config: Config,
    pairs: Pairs,
    tensors: BTreeMap<String, Dense<R>>,
}

impl<R: Real> Llama<R> {
    /// A model of these tensors, by their published names; norms are matrices of one row. Refused where the settings ask for something
    /// that is not read, where a tensor is missing, too many, of another shape or not finite.
    pub fn new(config: Config, pairs: Pairs, tensors: BTreeMap<String, Dense<R>>) -> Result<Self> {
        config.check()?;
        let expected: BTreeMap<_, _> = config.tensors().into_iter().collect();
        for (name, shape) in &expected {
            let Some(tensor) = tensors.get(name) else {
                return Err(AdapterError::Model(format!("the tensor {name} is missing")));
            };
            if tensor.shape() != *shape {
                let found = tensor.shape();
                return Err(AdapterError::Model(format!("{name} has the shape {found:?}, not {shape:?}")));
            }
            if tensor.values().iter().any(|value| !value.to_f64().is_finite()) {
                return Err(AdapterError::Model(format!("{name} holds a value that is not finite")));
            }
        }
        if let Some(name) = tensors.keys().find(|name| !expected.contains_key(*name)) {
            return Err(AdapterError::Model(format!("the tensor {name} belongs to no part of the model")));
        }
        Ok(Self { config, pairs, tensors })
    }

    /// The model's shape.
    pub fn config(&self) -> &Config {
        &self.config
    }

    /// A tensor by its published name.
    pub fn tensor(&self, name: &str) -> Result<&Dense<R>> {
        self.tensors.get(name).ok_or_else(|| AdapterError::Model(format!("the tensor {name} is missing")))
    }

    /// Puts other weights of the same shape in place of a tensor, such as merged ones; the old ones come back.
    pub fn replace(&mut self, name: &str, weights: Dense<R>) -> Result<Dense<R>> {
        let shape = self.tensor(name)?.shape();
        if weights.shape() != shape {
            let found = weights.shape();
            return Err(AdapterError::Model(format!("{name} has the shape {found:?}, not {shape:?}")));
        }
        self.tensors
            .insert(name.to_owned(), weights)
            .ok_or_else(|| AdapterError::Model(format!("the tensor {name} is missing")))
    }

    /// Logits `[time, vocabulary]` of one row of tokens; row t predicts token t + 1. Refused where a token is not in the vocabulary.
    pub fn logits(&self, tokens: &[u32]) -> Result<Dense<R>> {
        let embedding = self.tensor("model.embed_tokens.weight")?;
        let mut stream = Dense::zeros(tokens.len(), self.config.hidden_size);
        for (time, token) in tokens.iter().enumerate() {
            let token = *token as usize;
            if token >= self.config.vocab_size {
                let size = self.config.vocab_size;
                return Err(AdapterError::Model(format!("token {token} is not in a vocabulary of {size}")));
            }
            stream.row_mut(time).copy_from_slice(embedding.row(token));
        }
        for layer in 0..self.config.num_hidden_layers {
            let normed = self.norm(&projection(layer, "input_layernorm"), &stream)?;
            stream.add_scaled(R::ONE, &self.attention(layer, &normed)?)?;
            let normed = self.norm(&projection(layer, "post_attention_layernorm"), &stream)?;
            stream.add_scaled(R::ONE, &self.feed_forward(layer, &normed)?)?;
        }
        let normed = self.norm("model.norm.weight", &stream)?;
        let head = if self.config.tie_word_embeddings { embedding } else { self.tensor("lm_head.weight")? };
        Ok(linear(head, None, &normed)?)
    }

    fn norm(&self, name: &str, x: &Dense<R>) -> Result<Dense<R>> {
        Ok(rms_norm(x, self.tensor(name)?.values(), self.config.rms_norm_eps))
    }

    fn project(&self, layer: usize, name: &str, x: &Dense<R>) -> Result<Dense<R>> {
        Ok(linear(self.tensor(&projection(layer, name))?, None, x)?)
    }

    fn attention(&self, layer: usize, x: &Dense<R>) -> Result<Dense<R>> {
        let (times, width) = (x.rows(), self.config.head_width());
        let heads = self.config.num_attention_heads;
        let shared = heads / self.config.groups().max(1);
        let q = self.project(layer, "self_attn.q_proj", x)?;
        let k = self.project(layer, "self_attn.k_proj", x)?;
        let v = self.project(layer, "self_attn.v_proj", x)?;
        let turned = |all: &Dense<R>, head: usize| -> Result<Dense<R>> {
            let part = all.part(0, head * width, times, width)?;
            Ok(rotate(&part, self.pairs, self.config.theta(), 0))
        };
        let mut joined = Dense::zeros(times, heads * width);
        for head in 0..heads {
            let group = head / shared.max(1);
            let value = v.part(0, group * width, times, width)?;
            let seen = causal_attention(&turned(&q, head)?, &turned(&k, group)?, &value)?;
            joined.set_part(0, head * width, &seen)?;
        }
        self.project(layer, "self_attn.o_proj", &joined)
    }

    fn feed_forward(&self, layer: usize, x: &Dense<R>) -> Result<Dense<R>> {
        let mut inner = self.project(layer, "mlp.gate_proj", x)?.map(silu);
        let up = self.project(layer, "mlp.up_proj", x)?;
        inner.values_mut().iter_mut().zip(up.values()).for_each(|(gate, up)| *gate = *gate * *up);
        self.project(layer, "mlp.down_proj", &inner)
    }
}

#[cfg(test)]
mod tests {
    use super::super::checks::random;
    use super::super::miss::Miss;
    use super::*;

    fn small() -> Config {
        Config::plain(20, 8, 12, 2, 2)
    }

    fn model(config: Config) -> Llama<f64> {
        let tensors = config.tensors().into_iter();
        let tensors = tensors.map(|(name, (rows, columns))| {
            let tensor = random(&name, rows, columns).scaled(0.5);
            (name, tensor)
        });
        let tensors = tensors.collect();
        Llama::new(config, Pairs::Adjacent, tensors).unwrap()
    }

    #[test]
    fn the_base_has_the_parameters_of_the_sheet() {
        assert_eq!(Config::plain(96, 64, 176, 2, 4).parameters(), 112_960);
    }

    #[test]
    fn a_token_changes_nothing_before_it() {
        let model = model(small());
        let mut tokens = vec![3_u32; 10];
        let first = model.logits(&tokens).unwrap();
        tokens[6] = 9;
        let second = model.logits(&tokens).unwrap();
        assert_eq!(first.part(0, 0, 6, 20).unwrap(), second.part(0, 0, 6, 20).unwrap());
        assert!((6..10).all(|time| first.row(time) != second.row(time)));
        assert!(model.logits(&[20]).is_err());
    }

    #[test]
    fn merged_weights_take_the_place_of_the_old() {
        let mut model = model(small());
        let name = projection(1, PROJECTIONS[4]);
        let before = model.logits(&[1, 2, 3]).unwrap();
        let weight = model.tensor(&name).unwrap().clone();
        let miss = Miss::new(3, weight.rows(), weight.columns()).unwrap();
        model.replace(&name, miss.merged(&weight, &miss.start()).unwrap()).unwrap();
        assert_eq!(model.logits(&[1, 2, 3]).unwrap(), before);
        model.replace(&name, miss.merged(&weight, &random("slab", 3, weight.rows())).unwrap()).unwrap();
        assert_ne!(model.logits(&[1, 2, 3]).unwrap(), before);
        assert!(model.replace(&name, Dense::zeros(1, 1)).is_err());
        assert!(model.replace("model.layers.9.mlp.up_proj.weight", weight).is_err());
    }

    #[test]
    fn what_would_change_the_model_is_refused() {
        let refused = |change: fn(&mut Config)| {
            let mut config = small();
            change(&mut config);
            config.check().is_err()
        };
        assert!(small().check().is_ok());
        assert!(refused(|config| config.model_type = "mistral".into()));
        assert!(refused(|config| config.hidden_act = Some("gelu".into())));
        assert!(refused(|config| config.attention_bias = true));
        assert!(refused(|config| config.pretraining_tp = Some(2)));
        assert!(refused(|config| config.num_key_value_heads = Some(3)));
        assert!(refused(|config| config.head_dim = Some(3)));
        assert!(refused(|config| {
            config.rope_scaling = Some(Rope { rope_type: Some("llama3".into()), rope_theta: None });
        }));
        assert!(refused(|config| {
            config.others.insert("sliding_window".into(), Some(IgnoredAny));
        }));
        assert!(!refused(|config| {
            config.others.insert("sliding_window".into(), None);
            config.others.insert("torch_dtype".into(), Some(IgnoredAny));
        }));
        assert!(Llama::<f32>::new(small(), Pairs::Halves, BTreeMap::new()).is_err());
    }
}
