//! A source with sentences before its own, for what was decided on the way to it.

use crate::error::WeightsError;
use crate::source::{Source, Stamp, Tensor};

/// A source of which more is said than it says itself.
pub(crate) struct Noted {
    source: Box<dyn Source>,
    format: &'static str,
    said: Vec<String>,
    stamps: Vec<Stamp>,
}

impl Noted {
    /// `source` with these sentences first.
    pub(crate) fn new(source: Box<dyn Source>, mut said: Vec<String>) -> Self {
        said.extend_from_slice(source.said());
        Self { format: source.format(), stamps: source.stamps().to_vec(), source, said }
    }

    /// The same under another name of its format, with one file more behind it.
    pub(crate) fn of(mut self, format: &'static str, stamp: Stamp) -> Self {
        self.format = format;
        self.stamps.push(stamp);
        self
    }
}

impl Source for Noted {
    fn format(&self) -> &'static str {
        self.format
    }

    fn tensors(&self) -> &[Tensor] {
        self.source.tensors()
    }

    fn read(
        &self,
        tensor: usize,
        first: usize,
        count: usize,
        values: &mut Vec<f32>,
    ) -> Result<(), WeightsError> {
        self.source.read(tensor, first, count, values)
    }

    fn read_bytes(
        &self,
        tensor: usize,
        first: usize,
        count: usize,
        bytes: &mut Vec<u8>,
    ) -> Result<bool, WeightsError> {
        self.source.read_bytes(tensor, first, count, bytes)
    }

    fn said(&self) -> &[String] {
        &self.said
    }

    fn stamps(&self) -> &[Stamp] {
        &self.stamps
    }

    fn bytes_to_read(&self, tensor: usize) -> u64 {
        self.source.bytes_to_read(tensor)
    }
}
