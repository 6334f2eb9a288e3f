//! Checkpoints: all that a lab needs to go on at a step, as one safetensors file.
//!
//! The lab's tensors (weights, optimiser moments, counters) stand in the file under their names, readable by any
//! safetensors library; its small numbers, the frame's marks and the record's pictures ride along.

use std::cmp::Reverse;
use std::collections::{BTreeMap, HashMap};
use std::io;
use std::path::Path;

use safetensors::tensor::{Dtype, Metadata, SafeTensors, TensorInfo};
use serde::{Deserialize, Serialize};

use super::atomic;
use super::codec::{Count, Packed};
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

/// Writes a checkpoint, whole or not at all. Values and pictures go to the disk as they are made: their lengths, which stand before them,
/// are found by making them once more, and none of them stands in memory as bytes.
pub(super) fn write(
    path: &Path,
    mut state: Packed<'_>,
    marks: &Marks,
    record: &Record,
) -> Result<(), StoreError> {
    let failed = |error: String| StoreError::io(WHAT, path, io::Error::other(error));
    let mut pictures = Count::default();
    record.write_pictures(&mut pictures).map_err(|error| StoreError::io(WHAT, path, error))?;
    let marks = serde_json::to_string(marks).map_err(|error| failed(error.to_string()))?;
    let metadata: HashMap<String, String> = [
        ("weightscope.marks".to_owned(), marks),
        ("weightscope.numbers".to_owned(), state.numbers.to_string()),
        ("weightscope.version".to_owned(), crate::VERSION.to_owned()),
    ]
    .into();
    let header = header(&state, pictures.0, metadata).map_err(failed)?;
    atomic::write(path, WHAT, |out| {
        out.write_all(&(header.len() as u64).to_le_bytes())?;
        out.write_all(&header)?;
        for blob in in_order(&state.tensors).into_iter().map(|(_, blob)| blob) {
            out.write_all(&blob.bytes)?;
        }
        // What was made twice must have come out alike, or the file could not be read.
        let expected: u64 = state.values.iter().map(|(_, length)| length).sum();
        let mut counted = Counted { out, count: 0 };
        state.write_values(&mut counted)?;
        record.write_pictures(&mut counted)?;
        if counted.count != expected + pictures.0 {
            return Err(io::Error::other("the state changed while it was written"));
        }
        Ok(())
    })
}

/// Tensors of wide numbers first, so that each lies at a multiple of its width; then by name.
fn in_order(tensors: &BTreeMap<String, Blob>) -> Vec<(&String, &Blob)> {
    let mut ordered: Vec<(&String, &Blob)> = tensors.iter().collect();
    ordered.sort_by_key(|(_, blob)| Reverse(blob.dtype));
    ordered
}

/// What stands before the data of a safetensors file: tensors, then values and pictures as bytes.
fn header(state: &Packed<'_>, pictures: u64, said: HashMap<String, String>) -> Result<Vec<u8>, String> {
    let mut end = 0;
    let mut entry = |name: &str, dtype, shape: Vec<usize>, length: usize| {
        let begin = end;
        end += length;
        (name.to_owned(), TensorInfo { dtype, shape, data_offsets: (begin, end) })
    };
    let mut entries: Vec<(String, TensorInfo)> = in_order(&state.tensors)
        .into_iter()
        .map(|(name, blob)| entry(name, blob.dtype, blob.shape.clone(), blob.bytes.len()))
        .collect();
    let values = state.values.iter().map(|(name, length)| (name.as_str(), *length));
    for (name, length) in values.chain([(PICTURES, pictures)]) {
        let length = usize::try_from(length).map_err(|error| error.to_string())?;
        entries.push(entry(name, Dtype::U8, vec![length], length));
    }
    // Refuses shapes that do not fit their bytes.
    let metadata = Metadata::new(Some(said), entries).map_err(|error| error.to_string())?;
    let mut header = serde_json::to_vec(&metadata).map_err(|error| error.to_string())?;
    header.resize(header.len().next_multiple_of(size_of::<u64>()), b' ');
    Ok(header)
}

/// Passes on what is written, and counts it.
struct Counted<'a> {
    out: &'a mut dyn io::Write,
    count: u64,
}

impl io::Write for Counted<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.out.write(bytes)?;
        self.count += written as u64;
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::{Channel, Data};
    use crate::store::codec::{Codec, CodecError, Saved, pack, restore, save};

    #[derive(Debug, Default, PartialEq)]
    struct Lab {
        weights: Vec<f32>,
        steps: u64,
        notes: Vec<String>,
        more: Vec<f64>,
    }

    impl Saved for Lab {
        fn codec(&mut self, codec: &mut Codec<'_>) -> Result<(), CodecError> {
            // Behind each other they would lie at odd places.
            codec.value("a.cbor", &mut self.notes)?;
            codec.tensor("weights", &[self.weights.len()], &mut self.weights)?;
            codec.value("z.cbor", &mut self.more)?;
            codec.count("steps", &mut self.steps)
        }
    }

    fn lab() -> Lab {
        let notes = vec!["one".to_owned(), String::new()];
        Lab { weights: vec![0.5, -0.0, f32::INFINITY], steps: 7, notes, more: vec![0.1; 1000] }
    }

    fn record() -> Record {
        let mut record = Record::default();
        record.insert(Channel::new("said", "said", "", "", Data::Text("words".to_owned())));
        record
    }

    #[test]
    fn what_is_written_as_it_is_made_is_what_would_stand_in_memory() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("step.safetensors");
        let marks = Marks { step: 3, ..Marks::default() };
        let mut before = lab();
        let whole = save(&mut before).unwrap();
        write(&path, pack(&mut before).unwrap(), &marks, &record()).unwrap();
        let read = super::read(&path).unwrap();
        assert_eq!(read.state, whole, "all parts, to the bit");
        assert_eq!((read.marks, read.record.channels().count()), (marks.clone(), 1));
        let mut back = Lab { weights: vec![0.0; 3], ..Lab::default() };
        restore(&mut back, &read.state).unwrap();
        assert_eq!(back, before);
        write(&path, Packed::from(&whole), &marks, &record()).unwrap();
        assert_eq!(super::read(&path).unwrap().state, whole, "a state in memory gives the same");
    }

    #[test]
    fn numbers_lie_at_multiples_of_their_width() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("step.safetensors");
        write(&path, pack(&mut lab()).unwrap(), &Marks::default(), &record()).unwrap();
        let bytes = std::fs::read(&path).unwrap();
        let (header, metadata) = SafeTensors::read_metadata(&bytes).unwrap();
        assert_eq!(header % 8, 0, "the data begin at a multiple of eight");
        for (name, width) in [("weights", 4), ("steps", 8)] {
            let begin = metadata.info(name).unwrap().data_offsets.0;
            assert_eq!(begin % width, 0, "{name} at {begin}");
        }
    }

    #[test]
    fn a_state_that_changes_meanwhile_leaves_no_file() {
        /// Longer each time it is asked.
        struct Restless(Vec<u8>);
        impl Saved for Restless {
            fn codec(&mut self, codec: &mut Codec<'_>) -> Result<(), CodecError> {
                self.0.push(1);
                codec.value("bytes.cbor", &mut self.0)
            }
        }
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("step.safetensors");
        let mut state = Restless(Vec::new());
        let error = write(&path, pack(&mut state).unwrap(), &Marks::default(), &record()).unwrap_err();
        assert!(error.to_string().contains("changed while it was written"), "{error}");
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0, "neither the file nor a part of it");
    }

    #[test]
    fn what_the_drive_says_of_a_value_is_passed_on() {
        let mut lab = lab();
        let mut packed = pack(&mut lab).unwrap();
        let error = packed.write_values(&mut &mut [0_u8; 16][..]).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::WriteZero, "the drive's own word: {error}");
    }
}
