//! Low-rank adapters in the form of the library PEFT: opened as their own tensors, or merged into a base.
//!
//! Source: Hu et al., "LoRA: Low-Rank Adaptation of Large Language Models", 2021, and PEFT's `tuners/lora/layer.py`: the change of a
//! weight is `scale · B · A` with `scale = lora_alpha / r`, or `lora_alpha / √r` with `use_rslora`; transposed where the base keeps its
//! weights so (`fan_in_fan_out`). Of an embedding it is `scale · (B · A)ᵀ`.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use serde::Deserialize;

use crate::bytes::WeightFile;
use crate::element::Element;
use crate::error::WeightsError;
use crate::names::unwrapped;
use crate::noted::Noted;
use crate::open::open_file;
use crate::shards::refuse_link_out;
use crate::source::{Readable, Source, Stamp, Tensor};
use crate::table::{Said, checked};
use crate::text::{shown, size};

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

    /// The base with the adapter merged in: its tensors under its names, those that the adapter changes in single precision.
    ///
    /// # Errors
    /// If nothing of the adapter belongs to this base.
    pub fn merged(self, base: Arc<dyn Source>) -> Result<Merged, WeightsError> {
        let mut said = Said::default();
        let mut changes: Vec<Option<Change>> = vec![None; base.tensors().len()];
        let mut strange = Vec::new();
        for (number, update) in self.updates.iter().enumerate() {
            let found = find(&base, &update.base).filter(|(_, tensor)| tensor.matrix() == Some(update.shape));
            match found.and_then(|(at, _)| changes.get_mut(at)) {
                Some(change) => *change = Some(Change::Update(number)),
                None => strange.push(shown(&update.base)),
            }
        }
        for (name, number) in &self.replaced {
            let shape = self.source.tensors().get(*number).map(|tensor| &tensor.shape);
            let found = find(&base, name).filter(|(_, tensor)| Some(&tensor.shape) == shape);
            match found.and_then(|(at, _)| changes.get_mut(at)) {
                Some(change) => *change = Some(Change::Whole(*number)),
                None => strange.push(shown(name)),
            }
        }
        if changes.iter().all(Option::is_none) {
            let problem = format!(
                "nothing of the adapter belongs to the base it is compared with (its first weight is {}); choose its own base",
                strange.first().map_or("none", String::as_str)
            );
            return Err(WeightsError::unusable(problem, &self.folder));
        }
        said.left_out(
            "weight of the adapter has no counterpart of its shape in the base",
            "weights of the adapter have no counterparts of their shape in the base",
            &strange,
        );
        let tensors = base.tensors().iter().zip(&changes).map(|(tensor, change)| {
            // What is added up is no longer rounded as the base is.
            let element = if change.is_some() { Element::F32 } else { tensor.element };
            Tensor { element, tied_to: tensor.tied_to.filter(|_| change.is_none()), ..tensor.clone() }
        });
        let tensors = tensors.collect();
        let mut stamps = base.stamps().to_vec();
        stamps.push(self.stamp.clone());
        stamps.extend_from_slice(self.source.stamps());
        let mut sentences = self.said.clone();
        sentences.extend(said.into_sentences());
        sentences.extend_from_slice(base.said());
        Ok(Merged { adapter: self, base, changes, tensors, stamps, said: sentences, kept: Mutex::new(None) })
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

/// The base's tensor of a name, exactly, then without wrappers' prefixes, then if one of the two names ends with the other.
fn find<'a>(base: &'a Arc<dyn Source>, name: &str) -> Option<(usize, &'a Tensor)> {
    let tensors = || base.tensors().iter().enumerate();
    if let Some(found) = tensors().find(|(_, tensor)| tensor.name == name) {
        return Some(found);
    }
    let plain = unwrapped(name);
    let ends = |long: &str, short: &str| {
        long.strip_suffix(short).is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
    };
    let mut found = tensors().filter(|(_, tensor)| {
        let other = unwrapped(&tensor.name);
        ends(other, plain) || ends(plain, other)
    });
    let first = found.next()?;
    found.next().is_none().then_some(first)
}

/// What becomes of one of the base's tensors.
#[derive(Clone, Copy, Debug)]
enum Change {
    /// The change of this number is added.
    Update(usize),
    /// The adapter's tensor of this number stands instead.
    Whole(usize),
}

/// The two factors of one change.
struct Factors {
    update: usize,
    a: Vec<f32>,
    b: Vec<f32>,
}

/// A base with an adapter merged in.
pub struct Merged {
    adapter: Adapter,
    base: Arc<dyn Source>,
    changes: Vec<Option<Change>>,
    tensors: Vec<Tensor>,
    stamps: Vec<Stamp>,
    said: Vec<String>,
    kept: Mutex<Option<Arc<Factors>>>,
}

impl Merged {
    /// The change `scale · B · A` of the elements `first .. first + count` of a tensor in double precision, into `values`, which is
    /// cleared before; false if the adapter adds nothing to it.
    ///
    /// # Errors
    /// If the range lies outside the tensor or the adapter's file cannot be read.
    pub fn change(
        &self,
        tensor: usize,
        first: usize,
        count: usize,
        values: &mut Vec<f64>,
    ) -> Result<bool, WeightsError> {
        values.clear();
        checked(&self.tensors, tensor, first, count, &self.adapter.folder)?;
        let Some(Change::Update(number)) = self.changes.get(tensor).copied().flatten() else {
            return Ok(false);
        };
        let Some(update) = self.adapter.updates.get(number) else { return Ok(false) };
        let factors = self.factors(number, update)?;
        let (_, columns) = update.shape;
        let mut at = first;
        while at < first + count {
            let (row, column) = (at / columns, at % columns);
            let length = (columns - column).min(first + count - at);
            append_row(update, &factors, row, column, length, values);
            at += length;
        }
        Ok(true)
    }

    fn factors(&self, number: usize, update: &Update) -> Result<Arc<Factors>, WeightsError> {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(factors) = kept.as_ref().filter(|factors| factors.update == number) {
            return Ok(Arc::clone(factors));
        }
        let source = &self.adapter.source;
        let whole = |at: usize| {
            let mut values = Vec::new();
            let count = source.tensors().get(at).map_or(0, Tensor::parameters);
            source.read(at, 0, count, &mut values).map(|()| values)
        };
        let factors = Arc::new(Factors { update: number, a: whole(update.a)?, b: whole(update.b)? });
        *kept = Some(Arc::clone(&factors));
        Ok(factors)
    }
}

/// Appends a part of one row of a change.
fn append_row(
    update: &Update,
    factors: &Factors,
    row: usize,
    column: usize,
    length: usize,
    values: &mut Vec<f64>,
) {
    let begin = values.len();
    values.resize(begin + length, 0.0);
    let Some(sums) = values.get_mut(begin..) else { return };
    let rank = update.rank;
    if update.is_transposed {
        // The change is Aᵀ · Bᵀ: row of A's columns, column of B's rows. A has `rank` rows of as many numbers as the change has rows.
        let width = update.shape.0;
        for (sum, line) in sums.iter_mut().zip(factors.b.chunks_exact(rank).skip(column)) {
            let column_of_a = factors.a.get(row..).unwrap_or_default().iter().step_by(width);
            *sum = line.iter().zip(column_of_a).map(|(b, a)| f64::from(*b) * f64::from(*a)).sum();
        }
    } else {
        let width = update.shape.1;
        let line = factors.b.get(row * rank..(row + 1) * rank).unwrap_or_default();
        for (b, a) in line.iter().zip(factors.a.chunks_exact(width)) {
            let part = a.get(column..column + length).unwrap_or_default();
            sums.iter_mut().zip(part).for_each(|(sum, a)| *sum += f64::from(*b) * f64::from(*a));
        }
    }
    sums.iter_mut().for_each(|sum| *sum *= update.scale);
}

impl Source for Merged {
    fn format(&self) -> &'static str {
        "base with an adapter merged in"
    }

    fn tensors(&self) -> &[Tensor] {
        &self.tensors
    }

    fn read(
        &self,
        tensor: usize,
        first: usize,
        count: usize,
        values: &mut Vec<f32>,
    ) -> Result<(), WeightsError> {
        values.clear();
        checked(&self.tensors, tensor, first, count, &self.adapter.folder)?;
        if let Some(Change::Whole(number)) = self.changes.get(tensor).copied().flatten() {
            return self.adapter.source.read(number, first, count, values);
        }
        self.base.read(tensor, first, count, values)?;
        let mut change = Vec::new();
        if self.change(tensor, first, count, &mut change)? {
            for (value, change) in values.iter_mut().zip(change) {
                *value = (f64::from(*value) + change) as f32;
            }
        }
        Ok(())
    }

    fn said(&self) -> &[String] {
        &self.said
    }

    fn stamps(&self) -> &[Stamp] {
        &self.stamps
    }

    fn bytes_to_read(&self, tensor: usize) -> u64 {
        let factors = match self.changes.get(tensor).copied().flatten() {
            Some(Change::Update(number)) => self
                .adapter
                .updates
                .get(number)
                .map_or(0, |update| (update.rank * (update.shape.0 + update.shape.1) * 4) as u64),
            _ => 0,
        };
        self.base.bytes_to_read(tensor) + factors
    }
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
