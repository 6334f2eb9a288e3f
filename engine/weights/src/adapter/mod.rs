//! Low-rank adapters in the form of the library PEFT: opened as their own tensors, or merged into a base.
//!
//! Source: Hu et al., "LoRA: Low-Rank Adaptation of Large Language Models", 2021, and PEFT's `tuners/lora/layer.py`: the change of a
//! weight is `scale · B · A` with `scale = lora_alpha / r`, or `lora_alpha / √r` with `use_rslora`; transposed where the base keeps its
//! weights so (`fan_in_fan_out`). Of an embedding it is `scale · (B · A)ᵀ`.

mod merged;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde::Deserialize;

use crate::bytes::WeightFile;
use crate::error::WeightsError;
use crate::noted::Noted;
use crate::open::open_file;
use crate::shards::refuse_link_out;
use crate::source::{Readable, Source, Stamp, Tensor};
use crate::table::Said;
use crate::text::{shown, size};

pub use merged::Merged;

/// The file that makes a folder an adapter's.
const CONFIG: &str = "adapter_config.json";
const WEIGHTS: [&str; 2] = ["adapter_model.safetensors", "adapter_model.bin"];
const LONGEST_CONFIG: u64 = 4 << 20;
/// What PEFT puts before the names of the base.
const PREFIX: &str = "base_model.model.";

/// What is read of an adapter's description.
#[derive(Clone, Debug, Deserialize)]
struct Config {
    peft_type: Option<String>,
    lora_alpha: Option<f64>,
    base_model_name_or_path: Option<String>,
    #[serde(default)]
    use_rslora: bool,
    #[serde(default)]
    use_dora: bool,
    #[serde(default)]
    fan_in_fan_out: bool,
    #[serde(default)]
    alpha_pattern: BTreeMap<String, f64>,
}

/// One low-rank change: which weight of the base, and where its two factors are.
#[derive(Clone, Debug, PartialEq)]
pub struct Update {
    /// The name of the base's weight.
    pub base: String,
    /// The number of factors' columns and rows.
    pub rank: usize,
    /// What the product is multiplied by.
    pub scale: f64,
    /// Rows and columns of the change as it is added to the base.
    pub shape: (usize, usize),
    /// Numbers of the factors `A` (`rank` rows) and `B` (`rank` columns) among the adapter's tensors.
    a: usize,
    b: usize,
    /// True if the change is the transpose of `B · A`.
    is_transposed: bool,
}

/// An adapter: its tensors, and the changes they describe.
pub struct Adapter {
    folder: PathBuf,
    source: Box<dyn Source>,
    updates: Vec<Update>,
    /// Weights that the adapter holds whole: their names in the base and their numbers here.
    replaced: Vec<(String, usize)>,
    said: Vec<String>,
    stamp: Stamp,
}

/// True if a folder is an adapter's: a description, and weights beside it.
pub fn is_adapter(folder: &Path) -> bool {
    folder.is_dir() && folder.join(CONFIG).is_file() && WEIGHTS.iter().any(|name| folder.join(name).is_file())
}

/// An adapter's own tensors as a source, with a sentence on what it is.
pub(crate) fn open_tensors(folder: &Path) -> Result<Noted, WeightsError> {
    let (config, stamp) = read_config(folder)?;
    let source = open_weights(folder)?;
    let base = config.base_model_name_or_path.as_deref().filter(|name| !name.is_empty());
    let of = base.map_or_else(String::new, |name| format!(" of {}", shown(name)));
    let sentence = format!(
        "An adapter{of}: its own tensors are shown; compare a base with this folder to see the change."
    );
    Ok(Noted::new(source, vec![sentence]).of("adapter", stamp))
}

fn read_config(folder: &Path) -> Result<(Config, Stamp), WeightsError> {
    let path = folder.join(CONFIG);
    refuse_link_out(folder, &path)?;
    let file = WeightFile::open(&path)?;
    if file.bytes() > LONGEST_CONFIG {
        return Err(WeightsError::unusable(
            format!("a description of {} is not read", size(file.bytes())),
            &path,
        ));
    }
    let text = file.read_up_to(0, LONGEST_CONFIG as usize)?;
    let config = serde_json::from_slice(&text).map_err(|error| {
        WeightsError::unusable(
            format!("this is no description of an adapter that can be read ({error}); save it again"),
            &path,
        )
    })?;
    Ok((config, file.stamp().clone()))
}

fn open_weights(folder: &Path) -> Result<Box<dyn Source>, WeightsError> {
    let path = WEIGHTS.iter().map(|name| folder.join(name)).find(|path| path.is_file());
    let path = path.ok_or_else(|| {
        WeightsError::unusable(
            "the folder has no adapter_model.safetensors beside its adapter_config.json",
            folder,
        )
    })?;
    refuse_link_out(folder, &path)?;
    open_file(&path)
}

/// What a name of an adapter's tensor says.
enum Part {
    A {
        base: String,
        is_embedding: bool,
    },
    B {
        base: String,
    },
    /// A vector of DoRA or another thing that a product of two factors does not describe.
    Unknown,
    Whole(String),
}

fn part(name: &str) -> Part {
    let name = name.strip_prefix(PREFIX).unwrap_or(name);
    for (mark, is_a, is_embedding) in [
        (".lora_A.", true, false),
        (".lora_B.", false, false),
        (".lora_embedding_A", true, true),
        (".lora_embedding_B", false, true),
    ] {
        // What follows is the adapter's name or nothing, then `weight`; embeddings have no `weight`.
        if let Some((module, rest)) = name.rsplit_once(mark)
            && (is_embedding || rest == "weight" || rest.ends_with(".weight"))
        {
            let base = format!("{module}.weight");
            return if is_a { Part::A { base, is_embedding } } else { Part::B { base } };
        }
    }
    if name.contains(".lora_") || name.contains(".ia3_") || name.contains("prompt_embeddings") {
        return Part::Unknown;
    }
    let whole = name
        .replace(".modules_to_save.default.", ".")
        .replace(".modules_to_save.", ".")
        .replace(".base_layer.", ".");
    Part::Whole(whole)
}

impl Adapter {
    /// Opens an adapter's folder.
    ///
    /// # Errors
    /// If it is none, or of a form that a product of two factors does not describe.
    pub fn open(folder: &Path) -> Result<Self, WeightsError> {
        let (config, stamp) = read_config(folder)?;
        let kind = config.peft_type.clone().unwrap_or_default();
        if !kind.eq_ignore_ascii_case("LORA") || config.use_dora {
            let kind = if config.use_dora { "DoRA".to_owned() } else { shown(&kind) };
            let problem = format!(
                "an adapter of the kind {kind} is not merged, only LoRA is; merge it by the library that made it"
            );
            return Err(WeightsError::unusable(problem, folder));
        }
        let source = open_weights(folder)?;
        let mut adapter = Self {
            folder: folder.to_owned(),
            source,
            updates: Vec::new(),
            replaced: Vec::new(),
            said: Vec::new(),
            stamp,
        };
        adapter.find_updates(&config);
        if adapter.updates.is_empty() && adapter.replaced.is_empty() {
            return Err(WeightsError::unusable(
                "the adapter holds no pair of lora_A and lora_B; save it again",
                folder,
            ));
        }
        Ok(adapter)
    }

    fn find_updates(&mut self, config: &Config) {
        let mut said = Said::default();
        let (mut lefts, mut rights) = (BTreeMap::new(), BTreeMap::new());
        let mut unknown = Vec::new();
        for (at, tensor) in self.source.tensors().iter().enumerate() {
            match part(&tensor.name) {
                Part::A { base, is_embedding } => {
                    lefts.insert(base, (at, is_embedding));
                }
                Part::B { base } => {
                    rights.insert(base, at);
                }
                Part::Unknown => unknown.push(shown(&tensor.name)),
                Part::Whole(base) => self.replaced.push((base, at)),
            }
        }
        for (base, (a, is_embedding)) in lefts {
            let factors = rights
                .remove(&base)
                .and_then(|b| Some((b, self.source.tensors().get(a)?, self.source.tensors().get(b)?)));
            let Some((b, left, right)) = factors else {
                unknown.push(shown(&base));
                continue;
            };
            let Some((rank, rows, columns)) = product(left, right) else {
                unknown.push(shown(&base));
                continue;
            };
            let scale = scale(config, &base, rank);
            let is_transposed = is_embedding || config.fan_in_fan_out;
            let shape = if is_transposed { (columns, rows) } else { (rows, columns) };
            self.updates.push(Update { base, rank, scale, shape, a, b, is_transposed });
        }
        unknown.extend(rights.into_keys().map(|base| shown(&base)));
        said.left_out(
            "part of the adapter is no pair of factors and not merged",
            "parts of the adapter are no pairs of factors and not merged",
            &unknown,
        );
        said.say(format!("An adapter is merged in: {} changed weights.", self.updates.len()));
        self.said = said.into_sentences();
    }

    /// The changes that the adapter makes.
    pub fn updates(&self) -> &[Update] {
        &self.updates
    }
}

/// Rank, rows and columns of the product of the factors `A` and `B`; `None` if they do not fit.
fn product(a: &Tensor, b: &Tensor) -> Option<(usize, usize, usize)> {
    let is_readable = |tensor: &Tensor| tensor.readable == Readable::Yes && tensor.element.is_floating();
    let (rank, columns) = a.matrix().filter(|_| is_readable(a))?;
    // Of a convolution B has kernels of one position.
    let (rows, inner) = b.matrix().filter(|_| is_readable(b))?;
    (rank == inner && rank > 0).then_some((rank, rows, columns))
}

fn scale(config: &Config, base: &str, rank: usize) -> f64 {
    let module = base.strip_suffix(".weight").unwrap_or(base);
    // A pattern is the module's name or its end; PEFT takes it as an expression, of which plain names are those that scripts write.
    let own = config.alpha_pattern.iter().find(|(pattern, _)| {
        module == pattern.as_str()
            || module.strip_suffix(pattern.as_str()).is_some_and(|rest| rest.ends_with('.'))
    });
    // PEFT's own default is 8.
    let alpha = own.map(|(_, alpha)| *alpha).or(config.lora_alpha).unwrap_or(8.0);
    let rank = rank as f64;
    alpha / if config.use_rslora { rank.sqrt() } else { rank }
}

/// Opens what a base is compared with: an adapter's folder becomes the base with the adapter merged in, anything else is opened as it is.
///
/// # Errors
/// As [`crate::open`], and if an adapter does not belong to the base.
pub fn open_against(base: &Arc<dyn Source>, path: &Path) -> Result<Box<dyn Source>, WeightsError> {
    if is_adapter(path) {
        return Ok(Box::new(Adapter::open(path)?.merged(Arc::clone(base))?));
    }
    crate::open(path)
}
