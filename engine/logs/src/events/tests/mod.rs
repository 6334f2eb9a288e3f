//! Tests of whole event files: written here byte by byte, by [`Writer`], or by PyTorch, and read back.

mod arbitrary;
mod damage;
mod folders;
mod forms;
mod live;
mod round;
mod steps;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::frame::framed;
use super::wire::Message;
use super::{Bins, Entry, Reader, What};

/// Made by `torch.utils.tensorboard.SummaryWriter` of PyTorch 2.15 with TensorBoard 2.21, after `torch.manual_seed(7)`: five steps of
/// `loss/train` (2 / (step + 1)) and, in the new style, of `accuracy` (0.1 step); `precise` (1/3 in double precision), `broken` (NaN,
/// then -inf), `layer/weight` (`torch.randn(1000)` in 8 bins), `layer/bias` ([0.5, 0.5, 0.55, 0.7] in TensorFlow's bins), and a text.
pub(super) const REAL: &[u8] = include_bytes!("../fixtures/summary_writer.tfevents");

/// A folder that is gone after the test, and the path of an event file in it.
pub(super) fn place() -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(super::file_name(1_700_000_000, "here", 0));
    (folder, path)
}

/// All entries of a file, and the reader at its end.
pub(super) fn read(path: &Path) -> (Vec<Entry>, Reader) {
    let mut reader = Reader::open(path).unwrap();
    let mut entries = Vec::new();
    while reader.has_more() {
        entries.extend(reader.poll().unwrap());
    }
    (entries, reader)
}

/// All entries of a file that holds these records, and the reader at its end.
pub(super) fn read_records(records: &[Vec<u8>]) -> (Vec<Entry>, Reader) {
    let (_folder, path) = place();
    std::fs::write(&path, frames(records)).unwrap();
    read(&path)
}

pub(super) fn frames(records: &[Vec<u8>]) -> Vec<u8> {
    records.iter().flat_map(|record| framed(record)).collect()
}

pub(super) fn version() -> Vec<u8> {
    Message::default().double(1, 1.5).bytes(3, b"brain.Event:2").into_bytes()
}

/// An event that holds these values of a summary.
pub(super) fn summary(step: i64, values: &[Message]) -> Vec<u8> {
    let mut summary = Message::default();
    for value in values {
        summary = summary.bytes(1, &value.clone().into_bytes());
    }
    Message::default().double(1, 2.5).varint(2, step as u64).bytes(5, &summary.into_bytes()).into_bytes()
}

pub(super) fn simple(tag: &str, value: f32) -> Message {
    Message::default().bytes(1, tag.as_bytes()).float(2, value)
}

/// An event that marks the session.
pub(super) fn session(step: i64, status: u64) -> Vec<u8> {
    let log = Message::default().varint(1, status).into_bytes();
    Message::default().double(1, 3.5).varint(2, step as u64).bytes(7, &log).into_bytes()
}

/// A value of the new style: a tensor, and for which plugin it is, unless that is left out.
pub(super) fn tensor(tag: &str, plugin: Option<&str>, tensor: Message) -> Message {
    let mut value = Message::default().bytes(1, tag.as_bytes()).bytes(8, &tensor.into_bytes());
    if let Some(plugin) = plugin {
        let data = Message::default().bytes(1, plugin.as_bytes()).into_bytes();
        value = value.bytes(9, &Message::default().bytes(1, &data).into_bytes());
    }
    value
}

/// A `TensorProto` with type and shape, still without numbers.
pub(super) fn shaped(kind: u64, shape: &[i64]) -> Message {
    let mut sizes = Message::default();
    for size in shape {
        sizes = sizes.bytes(2, &Message::default().varint(1, *size as u64).into_bytes());
    }
    Message::default().varint(1, kind).bytes(2, &sizes.into_bytes())
}

pub(super) fn scalars(entries: &[Entry]) -> Vec<(String, i64, f64)> {
    let of = |entry: &Entry| match &entry.what {
        What::Scalar { tag, value } => Some((tag.to_string(), entry.step, *value)),
        _ => None,
    };
    entries.iter().filter_map(of).collect()
}

pub(super) fn histograms(entries: &[Entry]) -> Vec<(String, i64, Bins)> {
    let of = |entry: &Entry| match &entry.what {
        What::Histogram { tag, bins } => Some((tag.to_string(), entry.step, bins.clone())),
        _ => None,
    };
    entries.iter().filter_map(of).collect()
}

pub(super) fn scalar(wall_time: f64, step: i64, tag: &str, value: f64) -> Entry {
    Entry { wall_time, step, what: What::Scalar { tag: Arc::from(tag), value } }
}

/// What is said of a file, each sentence with the path at its end.
pub(super) fn said(reader: &Reader) -> Vec<String> {
    reader.problems().sentences(reader.path())
}
