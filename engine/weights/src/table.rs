//! The tensors of one file whose elements are read by position: what readers of all formats of one file give.

use crate::array::{Array, ArrayReader, elements_of};
use crate::error::WeightsError;
use crate::source::{Readable, Source, Stamp, Tensor};
use crate::text::{count, shown};

/// Tensors that are named in sentences at most; the rest is counted.
const MOST_NAMED: usize = 8;

/// The sentences of a file, with like ones joined so that a hundred thousand broken tensors give a handful.
#[derive(Debug, Default)]
pub(crate) struct Said {
    sentences: Vec<String>,
    unreadable: Vec<String>,
    others: usize,
}

impl Said {
    /// Adds a sentence.
    pub(crate) fn say(&mut self, sentence: String) {
        self.sentences.push(sentence);
    }

    /// A tensor cannot be read, with the reason as a clause.
    pub(crate) fn unreadable(&mut self, name: &str, reason: &str) {
        if self.unreadable.len() < MOST_NAMED {
            self.unreadable.push(format!("The tensor {} cannot be read: {reason}.", shown(name)));
        } else {
            self.others += 1;
        }
    }

    /// Things were left out: `one` for one of them, `many` for more, with the names of the first.
    pub(crate) fn left_out(&mut self, one: &str, many: &str, names: &[String]) {
        if names.is_empty() {
            return;
        }
        let first = names.iter().take(MOST_NAMED).cloned().collect::<Vec<_>>().join(", ");
        let more = if names.len() > MOST_NAMED { ", …" } else { "" };
        let thing = if names.len() == 1 { one } else { many };
        self.say(format!("{} {thing}: {first}{more}.", names.len()));
    }

    /// All sentences.
    pub(crate) fn into_sentences(self) -> Vec<String> {
        let mut sentences = self.sentences;
        sentences.extend(self.unreadable);
        if self.others > 0 {
            sentences
                .push(format!("{} more cannot be read; the table says why.", count(self.others, "tensor")));
        }
        sentences
    }
}

/// A source of one file.
#[derive(Debug)]
pub(crate) struct Arrays {
    format: &'static str,
    tensors: Vec<Tensor>,
    places: Vec<Array>,
    said: Vec<String>,
    stamps: Vec<Stamp>,
    reader: ArrayReader,
}

impl Arrays {
    /// `places` are those of `tensors`; those without a place have a tensor that is not readable.
    pub(crate) fn new(
        format: &'static str,
        tensors: Vec<Tensor>,
        places: Vec<Array>,
        said: Said,
        reader: ArrayReader,
    ) -> Self {
        let stamps = vec![reader.file().stamp().clone()];
        Self { format, tensors, places, said: said.into_sentences(), stamps, reader }
    }
}

impl Source for Arrays {
    fn format(&self) -> &'static str {
        self.format
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
        let path = self.reader.file().path();
        let told = checked(&self.tensors, tensor, first, count, path)?;
        let Some(array) = self.places.get(tensor) else { return Err(no_such(tensor, path)) };
        self.reader.read(tensor, array, &told.shape, first as u64, count as u64, values)
    }

    fn read_bytes(
        &self,
        tensor: usize,
        first: usize,
        count: usize,
        bytes: &mut Vec<u8>,
    ) -> Result<bool, WeightsError> {
        bytes.clear();
        let path = self.reader.file().path();
        checked(&self.tensors, tensor, first, count, path)?;
        let Some(array) = self.places.get(tensor) else { return Err(no_such(tensor, path)) };
        self.reader.read_bytes(tensor, array, first as u64, count as u64, bytes)
    }

    fn said(&self) -> &[String] {
        &self.said
    }

    fn stamps(&self) -> &[Stamp] {
        &self.stamps
    }

    fn bytes_to_read(&self, tensor: usize) -> u64 {
        self.places
            .get(tensor)
            .zip(self.tensors.get(tensor))
            .map_or(0, |(array, told)| array.held(&told.shape))
    }
}

/// The tensor of a request whose range lies within it, if it is readable.
pub(crate) fn checked<'a>(
    tensors: &'a [Tensor],
    tensor: usize,
    first: usize,
    count: usize,
    path: &std::path::Path,
) -> Result<&'a Tensor, WeightsError> {
    let told = tensors.get(tensor).ok_or_else(|| no_such(tensor, path))?;
    if let Readable::No(reason) = &told.readable {
        return Err(WeightsError::tensor(&told.name, reason.clone(), path));
    }
    let elements = elements_of(&told.shape).unwrap_or(0);
    if first.checked_add(count).is_none_or(|end| end as u64 > elements) {
        let reason = format!("elements from {first}, {count} of them, lie outside its {elements}");
        return Err(WeightsError::tensor(&told.name, reason, path));
    }
    Ok(told)
}

fn no_such(tensor: usize, path: &std::path::Path) -> WeightsError {
    WeightsError::unusable(format!("the file has no tensor of number {tensor}"), path)
}
