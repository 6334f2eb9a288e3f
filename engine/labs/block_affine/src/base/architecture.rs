//! What a base model is: kind and sizes, its tensors, the layers that may be adapted, and its random start.

use std::sync::Arc;

use weightscope_math::Stream;

use crate::compute::gpt::Gpt;
use crate::compute::layout::Layout;
use crate::compute::llama::Llama;
use crate::compute::mlp::Mlp;
use crate::compute::model::{Model, Net, draw_linear};
use crate::compute::number::Number;
use crate::compute::ops::gates::Gate;
use crate::compute::rwkv::Rwkv;
use crate::config::{self, Config, Task};
use crate::data::text::LETTERS;
use crate::method::error::Result;
use crate::method::network::Pairs;
use crate::method::{gpt, llama, rwkv};

/// A kind of model with its sizes.
#[derive(Clone, Debug)]
pub(crate) enum Architecture {
    /// LLaMA-like, with the way in which entries of a head turn together.
    Llama(Arc<llama::Config>, Pairs),
    /// RWKV-6-like.
    Rwkv(rwkv::Config),
    /// GPT-like.
    Gpt(gpt::Config),
    /// Perceptron: widths with input and output, and the function between layers.
    Mlp(Vec<usize>, Gate),
}

/// A layer that may be adapted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Target {
    /// Number of its tensor.
    pub(crate) tensor: usize,
    /// Its word, the same in all blocks: `q`, `att.key`.
    pub(crate) word: String,
    /// Its name: `blocks.0.q`.
    pub(crate) name: String,
    /// True if it is meant by "all".
    pub(crate) usual: bool,
}

impl Target {
    /// True if it is meant by a word.
    pub(crate) fn answers(&self, word: &str) -> bool {
        (word == "all" && self.usual) || word == self.word || word == self.name
    }
}

/// Width of the gated feed-forward part, for a width of 64 that of the sheet: 2.75 times, to a multiple of 16 where the width is one.
fn inner_width(width: usize) -> usize {
    width * 11 / 4
}

impl Architecture {
    /// The model of the settings; one that is opened has its own sizes, see [`open`](super::open).
    pub(crate) fn of(config: &Config) -> Self {
        let counts = config.sizes_count();
        let size = |own: u64, shipped: usize| if counts { own as usize } else { shipped };
        let (width, layers, heads) = (size(config.width, 64), size(config.layers, 2), size(config.heads, 4));
        match config.model {
            config::Model::Llama => {
                let model = llama::Config::plain(LETTERS, width, inner_width(width), layers, heads);
                Self::Llama(Arc::new(model), Pairs::Adjacent)
            }
            config::Model::Rwkv => Self::Rwkv(rwkv::Config { vocabulary: LETTERS, width, layers, heads }),
            config::Model::Gpt => {
                let context = size(config.context, super::SHIPPED_CONTEXT);
                Self::Gpt(gpt::Config { vocabulary: LETTERS, context, width, layers, heads })
            }
            config::Model::Mlp => {
                let (inputs, outputs, activation) = match config.task {
                    Task::Sine => (1, 1, Gate::Tanh),
                    Task::OddEvenDigits => (64, 5, Gate::Relu),
                    _ => (64, 10, Gate::Relu),
                };
                let mut widths = vec![inputs];
                widths.extend(vec![width; layers]);
                widths.push(outputs);
                Self::Mlp(widths, activation)
            }
        }
    }

    /// Name, shape and place of all tensors.
    pub(crate) fn layout(&self) -> Arc<Layout> {
        Arc::new(Layout::new(match self {
            Self::Llama(config, _) => config.tensors(),
            Self::Rwkv(config) => config.tensors(),
            Self::Gpt(config) => config.tensors(),
            Self::Mlp(widths, _) => Mlp::tensors(widths),
        }))
    }

    /// The model for rows of so many tokens.
    pub(crate) fn model<T: Number>(&self, layout: &Arc<Layout>, times: usize) -> Result<Model<T>> {
        let net = match self {
            Self::Llama(config, pairs) => Net::Llama(Llama::new(config, *pairs, times, layout)?),
            Self::Rwkv(config) => Net::Rwkv(Rwkv::new(config, layout)?),
            Self::Gpt(config) => Net::Gpt(Gpt::new(config, layout)?),
            Self::Mlp(widths, activation) => {
                Net::Mlp(Mlp::new(widths.len().saturating_sub(1), *activation, layout)?)
            }
        };
        Ok(Model { layout: Arc::clone(layout), net })
    }

    /// Number of different tokens.
    pub(crate) fn vocabulary(&self) -> usize {
        match self {
            Self::Llama(config, _) => config.vocab_size,
            Self::Rwkv(config) => config.vocabulary,
            Self::Gpt(config) => config.vocabulary,
            Self::Mlp(..) => 0,
        }
    }

    /// The layers that may be adapted, in the order of the layout.
    pub(crate) fn targets(&self, layout: &Layout) -> Vec<Target> {
        let of = |name: &str| -> Option<(String, bool)> {
            let name = name.strip_suffix(".weight")?;
            match self {
                Self::Llama(..) => {
                    let last = name.strip_suffix("_proj")?.rsplit('.').next()?;
                    Some((last.to_owned(), true))
                }
                Self::Rwkv(_) => {
                    let word = name.splitn(3, '.').nth(2).filter(|_| name.starts_with("blocks."))?;
                    rwkv::PROJECTIONS.contains(&word).then(|| (word.to_owned(), true))
                }
                Self::Gpt(_) => {
                    let word = name.splitn(3, '.').nth(2).filter(|_| name.starts_with("blocks."))?;
                    gpt::PROJECTIONS.contains(&word).then(|| (word.to_owned(), true))
                }
                Self::Mlp(widths, _) => {
                    let number: usize = name.strip_prefix("layers.")?.parse().ok()?;
                    // The head stays; of the sine network the first layer has one input, and stays too.
                    let usual =
                        number + 2 < widths.len() && widths.get(number).is_some_and(|inputs| *inputs > 1);
                    Some((name.to_owned(), usual))
                }
            }
        };
        let places = layout.0.iter().enumerate();
        places
            .filter_map(|(tensor, place)| {
                let (word, usual) = of(&place.name)?;
                let name = place.name.trim_end_matches(".weight").trim_start_matches("model.").to_owned();
                Some(Target { tensor, word, name, usual })
            })
            .collect()
    }

    /// Random weights as PyTorch's layers draw them; norms at 1 and 0, embeddings normal, and what the sheet says of the time mix.
    pub(crate) fn start(layout: &Layout, random: &mut Stream) -> Vec<f32> {
        let mut all = vec![0.0; layout.len()];
        let mut inputs_before = 1;
        for place in &layout.0 {
            let Some(values) = all.get_mut(place.range.clone()) else { continue };
            let name = place.name.as_str();
            let is_norm = name.contains("norm") || name.contains(".ln") || name.starts_with("ln_");
            if name.contains("emb") || name.starts_with("positions") {
                let spread = if name.starts_with("positions") { 0.02 } else { 1.0 };
                random.fill_normal(values);
                values.iter_mut().for_each(|value| *value *= spread);
            } else if is_norm {
                values.fill(if name.ends_with("bias") { 0.0 } else { 1.0 });
            } else if name.contains("mix_") {
                random.fill_uniform(values, 0.25, 0.75);
            } else if name.ends_with("att.decay") {
                let start = rwkv::decay_start(values.len());
                values.iter_mut().zip(start).for_each(|(value, start)| *value = start as f32);
            } else if name.ends_with("att.bonus") || name.ends_with("att.decay_b") {
                values.fill(0.0);
            } else if name.ends_with("bias") {
                draw_linear(values, inputs_before, random);
            } else {
                draw_linear(values, place.columns, random);
                inputs_before = place.columns;
            }
        }
        all
    }

    /// Kind and sizes, for files.
    pub(crate) fn words(&self) -> serde_json::Value {
        match self {
            Self::Llama(config, pairs) => serde_json::json!({
                "kind": "llama", "vocabulary": config.vocab_size, "width": config.hidden_size,
                "inner": config.intermediate_size, "layers": config.num_hidden_layers,
                "heads": config.num_attention_heads, "groups": config.groups(), "head_width": config.head_width(),
                "norm_epsilon": config.rms_norm_eps, "theta": config.theta(),
                "tied": config.tie_word_embeddings, "pairs": pairs,
            }),
            Self::Rwkv(config) => serde_json::json!({
                "kind": "rwkv", "vocabulary": config.vocabulary, "width": config.width,
                "layers": config.layers, "heads": config.heads,
            }),
            Self::Gpt(config) => serde_json::json!({
                "kind": "gpt", "vocabulary": config.vocabulary, "context": config.context,
                "width": config.width, "layers": config.layers, "heads": config.heads,
            }),
            Self::Mlp(widths, activation) => serde_json::json!({
                "kind": "mlp", "widths": widths, "activation": format!("{activation:?}").to_lowercase(),
            }),
        }
    }

    /// A language model from what [`Self::words`] wrote; `None` if it is none.
    pub(crate) fn from_words(words: &serde_json::Value) -> Option<Self> {
        let size = |key: &str| words.get(key)?.as_u64().map(|size| size as usize);
        let number = |key: &str| words.get(key)?.as_f64();
        let (vocabulary, width) = (size("vocabulary")?, size("width")?);
        let (layers, heads) = (size("layers")?, size("heads")?);
        Some(match words.get("kind")?.as_str()? {
            "llama" => {
                let mut config = llama::Config::plain(vocabulary, width, size("inner")?, layers, heads);
                config.num_key_value_heads = Some(size("groups")?);
                config.head_dim = Some(size("head_width")?);
                config.rms_norm_eps = number("norm_epsilon")?;
                config.rope_theta = Some(number("theta")?);
                config.tie_word_embeddings = words.get("tied")?.as_bool()?;
                config.check().ok()?;
                let pairs = serde_json::from_value(words.get("pairs")?.clone()).ok()?;
                Self::Llama(Arc::new(config), pairs)
            }
            "rwkv" if heads > 0 && width.is_multiple_of(heads) => {
                Self::Rwkv(rwkv::Config { vocabulary, width, layers, heads })
            }
            "gpt" if heads > 0 && width.is_multiple_of(heads) => {
                Self::Gpt(gpt::Config { vocabulary, context: size("context")?, width, layers, heads })
            }
            _ => return None,
        })
    }
}
