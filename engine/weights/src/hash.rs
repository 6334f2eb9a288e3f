//! Fingerprints: of a file's bytes, and of what a source says of its tensors without reading their numbers.

use std::path::{Path, PathBuf};

use crate::bytes::WeightFile;
use crate::error::WeightsError;
use crate::source::{Readable, Source};

/// Bytes that are read between two looks at whether to stop.
const PIECE: usize = 1 << 20;

/// The BLAKE3 hash of a file's bytes as 64 hexadecimal letters; `is_cancelled` is asked after each megabyte.
///
/// # Errors
/// If the file cannot be read, changes meanwhile, or the caller stops.
pub fn file_hash(path: &Path, is_cancelled: &dyn Fn() -> bool) -> Result<String, WeightsError> {
    let file = WeightFile::open(path)?;
    let mut hasher = blake3::Hasher::new();
    let mut piece = vec![0; PIECE];
    let mut at = 0;
    while at < file.bytes() {
        if is_cancelled() {
            return Err(WeightsError::Cancelled { path: path.to_owned() });
        }
        let length = (file.bytes() - at).min(PIECE as u64);
        let part = piece.get_mut(..length as usize).unwrap_or_default();
        file.read_at(at, part)?;
        hasher.update(part);
        at += length;
    }
    Ok(hasher.finalize().to_hex().to_string())
}

/// The BLAKE3 hash of one tensor's shape and values as they are read, in single precision, as 64 hexadecimal letters: equal for equal
/// values whatever the format, and the way to find tied tensors where the format does not tell.
///
/// # Errors
/// If the tensor cannot be read, or the caller stops.
pub fn tensor_hash(
    source: &dyn Source,
    tensor: usize,
    is_cancelled: &dyn Fn() -> bool,
) -> Result<String, WeightsError> {
    let path = source.stamps().first().map_or_else(PathBuf::new, |stamp| stamp.path.clone());
    let Some(told) = source.tensors().get(tensor) else {
        return Err(WeightsError::unusable(format!("the file has no tensor of number {tensor}"), &path));
    };
    let mut hasher = blake3::Hasher::new();
    for length in &told.shape {
        hasher.update(&(*length as u64).to_le_bytes());
    }
    let (mut values, mut bytes) = (Vec::new(), Vec::new());
    let mut first = 0;
    loop {
        if is_cancelled() {
            return Err(WeightsError::Cancelled { path });
        }
        let count = (told.parameters() - first).min(PIECE / 4);
        source.read(tensor, first, count, &mut values)?;
        bytes.clear();
        bytes.extend(values.iter().flat_map(|value| value.to_le_bytes()));
        hasher.update(&bytes);
        first += count;
        if first == told.parameters() {
            return Ok(hasher.finalize().to_hex().to_string());
        }
    }
}

/// The BLAKE3 hash of a source's tensors as 64 hexadecimal letters: their names, shapes, types, whether they are readable, and the
/// lengths of the files behind them. Equal for the same file at two places; different if a tensor is added, renamed or reshaped.
pub fn header_hash(source: &dyn Source) -> String {
    let mut hasher = blake3::Hasher::new();
    let mut number = |number: u64| {
        hasher.update(&number.to_le_bytes());
    };
    number(source.tensors().len() as u64);
    number(source.stamps().len() as u64);
    source.stamps().iter().for_each(|stamp| number(stamp.bytes));
    for tensor in source.tensors() {
        // Each text is preceded by its length, so that no two lists of texts look the same.
        for text in [tensor.name.as_str(), tensor.element.name()] {
            hasher.update(&(text.len() as u64).to_le_bytes());
            hasher.update(text.as_bytes());
        }
        hasher.update(&(tensor.shape.len() as u64).to_le_bytes());
        for length in &tensor.shape {
            hasher.update(&(*length as u64).to_le_bytes());
        }
        hasher.update(&[u8::from(tensor.readable == Readable::Yes)]);
    }
    hasher.finalize().to_hex().to_string()
}
