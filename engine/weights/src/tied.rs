//! Tied tensors where the format does not tell them: equal contents under several names.

use std::collections::HashMap;
use std::path::PathBuf;

use crate::element::Element;
use crate::error::WeightsError;
use crate::source::{Readable, Source, Tensor};

/// Tensors of fewer elements are equal too often to say anything.
pub const LEAST_ELEMENTS: usize = 1000;

/// Elements of each candidate that are read first: most pairs of one shape differ there.
const SAMPLED: usize = 256;

/// Elements that are read between two looks at whether to stop.
const PIECE: usize = 1 << 18;

/// For each tensor the index of an earlier one that it is tied to: the one that the format names ([`Tensor::tied_to`]), else the first
/// of the same shape and type with the same contents, told by BLAKE3 over its numbers. Of the contents of those alone is anything read
/// that `may_be_tied` lets pass: who has measured the tensors knows which of them cannot be equal.
///
/// Contents of fewer than [`LEAST_ELEMENTS`] numbers are not compared, nor those whose numbers are all the same, such as zeros and
/// untrained normalizations; so are numbers of more than 24 bits where the source does not give their bytes. Costs 256 numbers of each
/// tensor that shares its shape and type with another, and reads those to their end that agree so far, once each; holds a megabyte or
/// two. `is_cancelled` is asked after each piece.
///
/// # Errors
/// If a tensor cannot be read, the file changed, or the caller stops.
pub fn tied(
    source: &dyn Source,
    may_be_tied: &dyn Fn(usize) -> bool,
    is_cancelled: &dyn Fn() -> bool,
) -> Result<Vec<Option<usize>>, WeightsError> {
    let tensors = source.tensors();
    let mut ties: Vec<Option<usize>> = tensors.iter().map(|tensor| tensor.tied_to).collect();
    let candidates: Vec<(usize, Kind<'_>)> = tensors
        .iter()
        .enumerate()
        .filter(|(place, tensor)| is_compared(tensor) && may_be_tied(*place))
        .map(|(place, tensor)| (place, (tensor.shape.as_slice(), tensor.element)))
        .collect();
    let mut reader = Reader { source, is_cancelled, values: Vec::new(), bytes: Vec::new() };
    let mut sampled = Vec::new();
    for (place, kind) in shared(&candidates) {
        if let Some((hash, _)) = reader.hash(place, SAMPLED)? {
            sampled.push((place, (kind, hash)));
        }
    }
    let mut first = HashMap::new();
    for (place, (kind, _)) in shared(&sampled) {
        let count = tensors.get(place).map_or(0, Tensor::parameters);
        let Some((hash, true)) = reader.hash(place, count)? else { continue };
        let earlier = *first.entry((kind, hash)).or_insert(place);
        if let Some(tie) = ties.get_mut(place).filter(|_| earlier != place) {
            *tie = Some(earlier);
        }
    }
    Ok(ties)
}

/// What two tensors must have in common before their numbers are looked at.
type Kind<'a> = (&'a [usize], Element);

fn is_compared(tensor: &Tensor) -> bool {
    tensor.readable == Readable::Yes && tensor.tied_to.is_none() && tensor.parameters() >= LEAST_ELEMENTS
}

/// Those whose kind is that of another too, in their order.
fn shared<K: Copy + Eq + std::hash::Hash>(all: &[(usize, K)]) -> Vec<(usize, K)> {
    let mut counts = HashMap::new();
    all.iter().for_each(|(_, kind)| *counts.entry(*kind).or_insert(0) += 1);
    all.iter().filter(|(_, kind)| counts.get(kind).is_some_and(|count| *count > 1)).copied().collect()
}

struct Reader<'a> {
    source: &'a dyn Source,
    is_cancelled: &'a dyn Fn() -> bool,
    values: Vec<f32>,
    bytes: Vec<u8>,
}

impl Reader<'_> {
    /// The hash of the first `count` numbers of a tensor, and whether they differ from each other and are not all zero; `None` if they
    /// cannot be told apart.
    fn hash(&mut self, place: usize, count: usize) -> Result<Option<(blake3::Hash, bool)>, WeightsError> {
        let Some(tensor) = self.source.tensors().get(place) else { return Ok(None) };
        let width = if tensor.element.is_wider_than_f32() { tensor.element.size_bytes() } else { 4 };
        let mut hasher = blake3::Hasher::new();
        let (mut first, mut head, mut varies, mut has_value) = (0, Vec::new(), false, false);
        while first < count {
            if (self.is_cancelled)() {
                let path = self.source.stamps().first().map_or_else(PathBuf::new, |stamp| stamp.path.clone());
                return Err(WeightsError::Cancelled { path });
            }
            let length = PIECE.min(count - first);
            if tensor.element.is_wider_than_f32() {
                if !self.source.read_bytes(place, first, length, &mut self.bytes)? {
                    return Ok(None);
                }
                has_value |= self.bytes.iter().any(|byte| *byte != 0);
            } else {
                self.source.read(place, first, length, &mut self.values)?;
                self.bytes.clear();
                self.bytes.extend(self.values.iter().flat_map(|value| value.to_le_bytes()));
                has_value |= self.values.iter().any(|value| *value != 0.0);
            }
            hasher.update(&self.bytes);
            if first == 0 {
                head = self.bytes.get(..width).unwrap_or_default().to_vec();
            }
            varies = varies || self.bytes.chunks_exact(width).any(|number| number != head);
            first += length;
        }
        Ok(Some((hasher.finalize(), varies && has_value)))
    }
}
