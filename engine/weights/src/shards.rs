//! A model in several files: the index that says which tensor lies in which, and the files beside it.
//!
//! Contract: a file is looked for in the index's own folder and nowhere else: names with a folder in them and links that lead out of it
//! are refused. A file that is missing or broken takes its own tensors along and no others; they are named.

use std::collections::{BTreeSet, HashMap};
use std::fmt;
use std::path::{Component, Path, PathBuf};

use serde::Deserialize;
use serde::de::{Deserializer, MapAccess, Visitor};

use crate::bytes::WeightFile;
use crate::element::Element;
use crate::error::WeightsError;
use crate::names::natural;
use crate::open::open_file;
use crate::source::{Readable, Source, Stamp, Tensor};
use crate::table::{Said, checked};
use crate::text::{count, shown, size};

const LONGEST_INDEX: u64 = 64 << 20;
const MOST_TENSORS: usize = 400_000;
/// Each stands open; systems allow about a thousand.
const MOST_SHARDS: usize = 512;

/// A model in several files.
pub(crate) struct Shards {
    index: PathBuf,
    parts: Vec<Box<dyn Source>>,
    tensors: Vec<Tensor>,
    /// For each tensor its part and its number there.
    places: Vec<Option<(usize, usize)>>,
    said: Vec<String>,
    stamps: Vec<Stamp>,
}

/// The index of a sharded model, as the libraries of Hugging Face write it.
#[derive(Deserialize)]
struct Index {
    weight_map: WeightMap,
}

/// Names of tensors and of files, in the index's order.
struct WeightMap(Vec<(String, String)>);

impl<'de> Deserialize<'de> for WeightMap {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Pairs;
        impl<'de> Visitor<'de> for Pairs {
            type Value = WeightMap;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("names of tensors and of files")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<WeightMap, A::Error> {
                let mut pairs = Vec::new();
                while let Some(pair) = map.next_entry()? {
                    if pairs.len() == MOST_TENSORS {
                        return Err(serde::de::Error::custom(format!("more than {MOST_TENSORS} tensors")));
                    }
                    pairs.push(pair);
                }
                Ok(WeightMap(pairs))
            }
        }
        deserializer.deserialize_map(Pairs)
    }
}

/// The files that an index names.
pub(crate) fn files_of(path: &Path) -> Result<BTreeSet<String>, WeightsError> {
    Ok(read_index(path)?.1.weight_map.0.into_iter().map(|(_, file)| file).collect())
}

/// True if the file is the index of a sharded model.
pub(crate) fn is_index(path: &Path) -> bool {
    read_index(path).is_ok()
}

fn read_index(path: &Path) -> Result<(WeightFile, Index), WeightsError> {
    let file = WeightFile::open(path)?;
    if file.bytes() > LONGEST_INDEX {
        return Err(WeightsError::unusable(format!("an index of {} is not read", size(file.bytes())), path));
    }
    let text = file.read_up_to(0, LONGEST_INDEX as usize)?;
    let index = serde_json::from_slice(&text).map_err(|error| {
        WeightsError::unusable(
            format!("this is JSON without the weight_map of a sharded model's index ({error}); choose the weight file beside it"),
            path,
        )
    })?;
    Ok((file, index))
}

/// Opens the model of an index.
///
/// # Errors
/// If the index is none, names a file that does not lie beside it, or none of its files can be opened.
pub(crate) fn open(path: &Path) -> Result<Shards, WeightsError> {
    let (file, Index { weight_map: WeightMap(pairs) }) = read_index(path)?;
    let folder = path.parent().unwrap_or_else(|| Path::new("."));
    let folder = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
    let files: BTreeSet<&str> = pairs.iter().map(|(_, file)| file.as_str()).collect();
    if files.len() > MOST_SHARDS {
        let problem = format!("the index names {} files, and up to {MOST_SHARDS} are read", files.len());
        return Err(WeightsError::unusable(problem, path));
    }
    let mut files: Vec<&str> = files.into_iter().collect();
    files.sort_by(|a, b| natural(a, b));
    for name in &files {
        check_name(name, path)?;
    }
    let mut shards = Shards {
        index: path.to_owned(),
        parts: Vec::new(),
        tensors: Vec::new(),
        places: Vec::new(),
        said: Vec::new(),
        stamps: vec![file.stamp().clone()],
    };
    let mut said = Said::default();
    let mut reasons: HashMap<&str, String> = HashMap::new();
    let mut wanted: HashMap<&str, &str> = HashMap::new();
    for (name, file) in &pairs {
        if wanted.insert(name, file).is_some_and(|other| other != file) {
            let problem = format!("the index names two files for the tensor {}; get it again", shown(name));
            return Err(WeightsError::unusable(problem, path));
        }
    }
    for name in files {
        match open_shard(folder, name) {
            Ok(part) => shards.take(name, part, &wanted, &mut said),
            Err(error) => {
                reasons.insert(name, why(&error, name));
            }
        }
    }
    if shards.parts.is_empty() {
        let problem = match reasons.into_values().next() {
            Some(reason) => format!(
                "none of the files that the index names can be read: {reason}; get them, beside the index"
            ),
            None => "the index names no file; get it again".to_owned(),
        };
        return Err(WeightsError::unusable(problem, path));
    }
    shards.note_missing(&pairs, &reasons, &mut said);
    shards.said.extend(said.into_sentences());
    Ok(shards)
}

/// Why a file of the model is not there, as a clause.
fn why(error: &WeightsError, name: &str) -> String {
    let name = shown(name);
    match error {
        WeightsError::NotFound { .. } => format!("its file {name} is missing"),
        WeightsError::Unusable { problem, .. } => format!("its file {name} cannot be read: {problem}"),
        other => format!("its file cannot be read: {other}"),
    }
}

/// A file of the model is a name and nothing else, of any system.
fn check_name(name: &str, index: &Path) -> Result<(), WeightsError> {
    let mut components = Path::new(name).components();
    let is_name = matches!((components.next(), components.next()), (Some(Component::Normal(only)), None) if only == name);
    if is_name && !name.contains(['/', '\\', ':', '\0']) {
        return Ok(());
    }
    Err(WeightsError::unusable(
        format!(
            "the index names the file {}, which does not lie beside it, and is not followed; get the model again",
            shown(name)
        ),
        index,
    ))
}

fn open_shard(folder: &Path, name: &str) -> Result<Box<dyn Source>, WeightsError> {
    let path = folder.join(name);
    refuse_link_out(folder, &path)?;
    open_file(&path)
}

/// Refuses a link that leads out of the folder it lies in.
pub(crate) fn refuse_link_out(folder: &Path, path: &Path) -> Result<(), WeightsError> {
    let metadata =
        std::fs::symlink_metadata(path).map_err(|error| WeightsError::io("opening", error, path))?;
    if !metadata.is_symlink() {
        return Ok(());
    }
    let real = |path: &Path| path.canonicalize().map_err(|error| WeightsError::io("opening", error, path));
    if real(path)?.parent() == Some(real(folder)?.as_path()) {
        return Ok(());
    }
    Err(WeightsError::unusable(
        "this is a link out of its folder, which is not followed; put the file itself there",
        path,
    ))
}

impl Shards {
    fn take(&mut self, file: &str, part: Box<dyn Source>, wanted: &HashMap<&str, &str>, said: &mut Said) {
        let number = self.parts.len();
        let (mut elsewhere, mut unknown) = (Vec::new(), 0);
        // A tensor of this part that was left out has no number here, and none that is tied to it either.
        let mut here: HashMap<usize, usize> = HashMap::new();
        for (at, tensor) in part.tensors().iter().enumerate() {
            match wanted.get(tensor.name.as_str()) {
                Some(other) if *other != file => {
                    elsewhere.push(shown(&tensor.name));
                    continue;
                }
                Some(_) => {}
                None => unknown += 1,
            }
            here.insert(at, self.tensors.len());
            let tied_to = tensor.tied_to.and_then(|tied| here.get(&tied)).copied();
            self.tensors.push(Tensor { tied_to, ..tensor.clone() });
            self.places.push(Some((number, at)));
        }
        let name = shown(file);
        said.left_out(
            &format!("tensor of {name} is left out, because the index takes it from another file"),
            &format!("tensors of {name} are left out, because the index takes them from another file"),
            &elsewhere,
        );
        if unknown > 0 {
            said.say(format!(
                "{} in {name} but not in the index.",
                if unknown == 1 { "1 tensor is".to_owned() } else { format!("{unknown} tensors are") }
            ));
        }
        for sentence in part.said() {
            said.say(format!("{name}: {sentence}"));
        }
        self.stamps.extend_from_slice(part.stamps());
        self.parts.push(part);
    }

    /// The file that holds a tensor, and its number there; refuses what lies outside it.
    fn part_of(
        &self,
        tensor: usize,
        first: usize,
        count: usize,
    ) -> Result<(&dyn Source, usize), WeightsError> {
        let told = checked(&self.tensors, tensor, first, count, &self.index)?;
        let place = self.places.get(tensor).copied().flatten();
        let part = place.and_then(|(part, number)| Some((self.parts.get(part)?.as_ref(), number)));
        part.ok_or_else(|| WeightsError::tensor(&told.name, "it is in none of the files", &self.index))
    }

    /// Adds the tensors that the index names and no file has.
    fn note_missing(&mut self, pairs: &[(String, String)], reasons: &HashMap<&str, String>, said: &mut Said) {
        let there: std::collections::HashSet<&str> =
            self.tensors.iter().map(|tensor| tensor.name.as_str()).collect();
        let mut missing = Vec::new();
        for (name, file) in pairs {
            if !there.contains(name.as_str()) {
                let reason = reasons.get(file.as_str()).cloned();
                missing.push((
                    name,
                    reason.unwrap_or_else(|| format!("its file {} does not hold it", shown(file))),
                ));
            }
        }
        if !missing.is_empty() {
            said.say(format!(
                "{} in the index but not there.",
                if missing.len() == 1 {
                    "1 tensor is".to_owned()
                } else {
                    format!("{} are", count(missing.len(), "tensor"))
                }
            ));
        }
        for (name, reason) in missing {
            said.unreadable(name, &reason);
            let readable = Readable::No(reason);
            self.tensors.push(Tensor {
                name: name.clone(),
                shape: vec![0],
                element: Element::Other,
                readable,
                tied_to: None,
            });
            self.places.push(None);
        }
    }
}

impl Source for Shards {
    fn format(&self) -> &'static str {
        "sharded model"
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
        let (part, number) = self.part_of(tensor, first, count)?;
        part.read(number, first, count, values)
    }

    fn read_bytes(
        &self,
        tensor: usize,
        first: usize,
        count: usize,
        bytes: &mut Vec<u8>,
    ) -> Result<bool, WeightsError> {
        bytes.clear();
        let (part, number) = self.part_of(tensor, first, count)?;
        part.read_bytes(number, first, count, bytes)
    }

    fn said(&self) -> &[String] {
        &self.said
    }

    fn stamps(&self) -> &[Stamp] {
        &self.stamps
    }

    fn bytes_to_read(&self, tensor: usize) -> u64 {
        let place = self.places.get(tensor).copied().flatten();
        place
            .and_then(|(part, number)| self.parts.get(part).map(|part| part.bytes_to_read(number)))
            .unwrap_or(0)
    }
}
