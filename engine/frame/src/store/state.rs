//! Checkpoints: all that a lab needs to go on at a step, as one safetensors file.
//!
//! The lab's tensors (weights, optimiser moments, counters) stand in the file under their names, readable by any
//! safetensors library; its small numbers, the frame's marks and the record's pictures ride along.

use std::collections::{BTreeMap, HashMap};
use std::path::Path;

use safetensors::tensor::{Dtype, SafeTensors, TensorView};
use serde::{Deserialize, Serialize};

use super::atomic;
use super::error::StoreError;
use crate::record::Record;

const WHAT: &str = "the checkpoint";
const PICTURES: &str = "record.cbor";

/// One tensor as bytes.
#[derive(Clone, Debug, PartialEq)]
pub struct Blob {
    /// Element type.
    pub dtype: Dtype,
    /// Shape.
    pub shape: Vec<usize>,
    /// Little-endian elements.
    pub bytes: Vec<u8>,
}

macro_rules! blob_of {
    ($($make:ident, $read:ident, $type:ty, $dtype:ident, $words:literal;)+) => {
        impl Blob {
            $(
                #[doc = concat!("A tensor of ", $words, ".")]
                pub fn $make(shape: Vec<usize>, values: &[$type]) -> Self {
                    Self { dtype: Dtype::$dtype, shape, bytes: values.iter().flat_map(|value| value.to_le_bytes()).collect() }
                }

                #[doc = concat!("The elements, if they are ", $words, ".")]
                pub fn $read(&self) -> Option<Vec<$type>> {
                    const SIZE: usize = size_of::<$type>();
                    (self.dtype == Dtype::$dtype).then(|| {
                        self.bytes.chunks_exact(SIZE).filter_map(|b| b.try_into().ok().map(<$type>::from_le_bytes)).collect()
                    })
                }
            )+
        }
    };
}

blob_of! {
    from_f32, to_f32, f32, F32, "32-bit floats";
    from_f64, to_f64, f64, F64, "64-bit floats";
    from_i8, to_i8, i8, I8, "8-bit integers";
    from_u8, to_u8, u8, U8, "bytes";
    from_u32, to_u32, u32, U32, "32-bit whole numbers";
    from_u64, to_u64, u64, U64, "64-bit whole numbers";
}

/// What a lab saves.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct State {
    /// Tensors by name.
    pub tensors: BTreeMap<String, Blob>,
    /// Everything small.
    pub numbers: serde_json::Value,
}

impl State {
    /// True if it has tensors whose names begin with this.
    pub fn holds(&self, prefix: &str) -> bool {
        self.tensors.range(prefix.to_owned()..).next().is_some_and(|(name, _)| name.starts_with(prefix))
    }
}

/// The frame's own marks.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Marks {
    /// Steps done.
    pub step: u64,
    /// Stage in work.
    pub stage: usize,
    /// Steps done in it; `None` in files of older programs, whose stages count by the steps of those before.
    #[serde(default)]
    pub stage_step: Option<u64>,
    /// Epoch, with its fraction.
    pub epoch: f64,
    /// Seconds of work so far.
    pub seconds: f64,
    /// Final figures as they stood.
    #[serde(default)]
    pub results: BTreeMap<String, f64>,
    /// What final figures are of, in words, as it stood.
    #[serde(default)]
    pub results_of: BTreeMap<String, String>,
    /// Length of `metrics.csv` at this step.
    pub metrics_bytes: u64,
}

/// A checkpoint as read.
#[derive(Clone, Debug)]
pub struct Checkpoint {
    /// The lab's part.
    pub state: State,
    /// The frame's part.
    pub marks: Marks,
    /// The record's pictures; scalar channels are described but empty.
    pub record: Record,
}

/// Writes a checkpoint, whole or not at all.
pub(super) fn write(path: &Path, state: &State, marks: &Marks, record: &Record) -> Result<(), StoreError> {
    let failed = |error: String| StoreError::io(WHAT, path, std::io::Error::other(error));
    let mut pictures = Vec::new();
    record.write_pictures(&mut pictures).map_err(|error| StoreError::io(WHAT, path, error))?;
    let pictures = Blob { dtype: Dtype::U8, shape: vec![pictures.len()], bytes: pictures };
    let mut views = Vec::with_capacity(state.tensors.len() + 1);
    for (name, blob) in
        state.tensors.iter().map(|(name, blob)| (name.as_str(), blob)).chain([(PICTURES, &pictures)])
    {
        let view = TensorView::new(blob.dtype, blob.shape.clone(), &blob.bytes)
            .map_err(|error| failed(error.to_string()))?;
        views.push((name, view));
    }
    let marks = serde_json::to_string(marks).map_err(|error| failed(error.to_string()))?;
    let metadata: HashMap<String, String> = [
        ("weightscope.marks".to_owned(), marks),
        ("weightscope.numbers".to_owned(), state.numbers.to_string()),
        ("weightscope.version".to_owned(), crate::VERSION.to_owned()),
    ]
    .into();
    let bytes = safetensors::serialize(views, Some(metadata)).map_err(|error| failed(error.to_string()))?;
    atomic::write(path, WHAT, |out| out.write_all(&bytes))
}

/// Reads a checkpoint.
pub fn read(path: &Path) -> Result<Checkpoint, StoreError> {
    let bytes = std::fs::read(path).map_err(|error| StoreError::io(WHAT, path, error))?;
    parse(&bytes).map_err(|why| StoreError::Damaged {
        what: WHAT,
        why,
        advice: "remove it and resume from an earlier one",
        path: path.to_owned(),
    })
}

fn parse(bytes: &[u8]) -> Result<Checkpoint, String> {
    let (_, metadata) = SafeTensors::read_metadata(bytes).map_err(|error| error.to_string())?;
    let metadata = metadata.metadata().clone().unwrap_or_default();
    let entry = |key: &str| metadata.get(key).ok_or_else(|| format!("it has no {key}"));
    let marks = serde_json::from_str(entry("weightscope.marks")?).map_err(|error| error.to_string())?;
    let numbers = serde_json::from_str(entry("weightscope.numbers")?).map_err(|error| error.to_string())?;
    let file = SafeTensors::deserialize(bytes).map_err(|error| error.to_string())?;
    let mut tensors: BTreeMap<String, Blob> = file
        .iter()
        .map(|(name, view)| {
            (
                name.to_owned(),
                Blob { dtype: view.dtype(), shape: view.shape().to_vec(), bytes: view.data().to_vec() },
            )
        })
        .collect();
    let pictures = tensors.remove(PICTURES).ok_or("it has no pictures")?;
    let record = Record::read_pictures(&pictures.bytes[..]).map_err(|error| error.to_string())?;
    Ok(Checkpoint { state: State { tensors, numbers }, marks, record })
}
