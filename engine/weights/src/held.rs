//! A safetensors file that is part of the program: for examples that come with it.

use safetensors::{Dtype, SafeTensors};

use crate::element::{ByteOrder, Element, decode};
use crate::error::WeightsError;
use crate::source::{Readable, Source, Stamp, Tensor};

/// The tensors of a held file whose names begin with a prefix.
struct Held {
    name: &'static str,
    bytes: &'static [u8],
    tensors: Vec<Tensor>,
    /// Where each tensor's bytes lie.
    places: Vec<(usize, usize)>,
}

/// Opens a safetensors file that is held in memory; only tensors whose names begin with `prefix`, without it.
///
/// # Errors
/// If the bytes are no such file, or no name begins with the prefix.
pub fn open_held(
    name: &'static str,
    bytes: &'static [u8],
    prefix: &str,
) -> Result<Box<dyn Source>, WeightsError> {
    let refused = |problem: String| WeightsError::unusable(problem, name.as_ref());
    let file = SafeTensors::deserialize(bytes)
        .map_err(|error| refused(format!("the example does not open ({error}); report it")))?;
    let mut listed: Vec<(Tensor, (usize, usize))> = Vec::new();
    for (full, view) in file.iter() {
        let Some(short) = full.strip_prefix(prefix) else { continue };
        let element = match view.dtype() {
            Dtype::F32 => Element::F32,
            Dtype::F16 => Element::F16,
            Dtype::BF16 => Element::Bf16,
            other => {
                return Err(refused(format!("the example holds numbers of the type {other:?}; report it")));
            }
        };
        let data = view.data();
        let first = data.as_ptr() as usize - bytes.as_ptr() as usize;
        let tensor = Tensor {
            name: short.to_owned(),
            shape: view.shape().to_vec(),
            element,
            readable: Readable::Yes,
            tied_to: None,
        };
        listed.push((tensor, (first, first + data.len())));
    }
    if listed.is_empty() {
        return Err(refused(format!("the example holds nothing under {prefix}; report it")));
    }
    listed.sort_by_key(|(_, place)| place.0);
    let (tensors, places) = listed.into_iter().unzip();
    Ok(Box::new(Held { name, bytes, tensors, places }))
}

impl Source for Held {
    fn format(&self) -> &'static str {
        "safetensors of the program"
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
        let found = self.tensors.get(tensor).zip(self.places.get(tensor));
        let Some((tensor, (begin, end))) = found else {
            return Err(WeightsError::unusable("it holds no such tensor", self.name.as_ref()));
        };
        let size = tensor.element.size_bytes();
        let place = |elements: usize| elements.checked_mul(size).and_then(|bytes| bytes.checked_add(*begin));
        let range = place(first).zip(first.checked_add(count).and_then(place));
        let bytes =
            range.filter(|(_, last)| last <= end).and_then(|(first, last)| self.bytes.get(first..last));
        let Some(bytes) = bytes else {
            return Err(WeightsError::unusable(
                "the tensor ends before what was asked of it",
                self.name.as_ref(),
            ));
        };
        decode(tensor.element, ByteOrder::Little, bytes, values);
        Ok(())
    }

    fn said(&self) -> &[String] {
        &[]
    }

    fn stamps(&self) -> &[Stamp] {
        &[]
    }

    fn bytes_to_read(&self, _tensor: usize) -> u64 {
        0
    }
}
