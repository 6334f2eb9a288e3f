//! Records (`Event` messages) turned into entries.
//!
//! Contract: a record is taken whole or, if its bytes are no message, not at all. A value that cannot be taken is named, the others
//! are. What is no scalar and no histogram is counted.

use std::sync::Arc;

use super::bins;
use super::entry::{Counts, Entry, Other, Session, What};
use super::problem::{Problem, Problems};
use super::tags::{Plugin, Tags};
use super::tensor::{Fault, Tensor};
use super::wire::{Fields, Malformed, Value};
use crate::text::shown;

/// Bytes of entries that one record may become; it is far above what training programs write at once.
pub(crate) const MOST_HELD: usize = 24 << 20;
/// Longer tags are not taken: they are copied, and no program has such.
const LONGEST_TAG: usize = 64 << 10;
/// So much is kept of the text that names a file's version.
const LONGEST_VERSION: usize = 256;

/// What was read so far.
#[derive(Debug, Default)]
pub(crate) struct Found {
    pub(crate) entries: Vec<Entry>,
    /// Bytes that the entries take.
    pub(crate) held: usize,
}

/// One record while it is taken apart.
struct Record<'a> {
    offset: u64,
    wall_time: f64,
    step: i64,
    tags: &'a mut Tags,
    found: &'a mut Found,
    counts: Counts,
    problems: Problems,
    /// Bytes of entries that this record has become.
    held: usize,
    left_out: u64,
}

/// Appends the entries of the record whose frame begins at `offset`.
pub(crate) fn record(
    data: &[u8],
    offset: u64,
    tags: &mut Tags,
    found: &mut Found,
    counts: &mut Counts,
    problems: &mut Problems,
) {
    let before = (found.entries.len(), found.held);
    let mut record = Record {
        offset,
        wall_time: 0.0,
        step: 0,
        tags,
        found,
        counts: Counts::default(),
        problems: Problems::default(),
        held: 0,
        left_out: 0,
    };
    match record.event(data) {
        Ok(()) => {
            counts.merge(&record.counts);
            if record.left_out > 0 {
                record.problems.push(Problem::TooMany { offset, values: record.left_out });
            }
            problems.merge(record.problems);
        }
        Err(Malformed(reason)) => {
            found.entries.truncate(before.0);
            found.held = before.1;
            problems.push(Problem::NoEvent { offset, reason });
        }
    }
}

impl Record<'_> {
    fn event(&mut self, data: &[u8]) -> Result<(), Malformed> {
        // The time and the step may stand behind the values.
        for field in Fields::new(data) {
            match field? {
                (1, Value::Fixed64(bits)) => self.wall_time = f64::from_bits(bits),
                (2, Value::Varint(step)) => self.step = step as i64,
                _ => {}
            }
        }
        let mut is_empty = true;
        for field in Fields::new(data) {
            let (number, value) = field?;
            is_empty &= number <= 2;
            let Value::Bytes(bytes) = value else { continue };
            match number {
                3 => {
                    let text = bytes.get(..LONGEST_VERSION).unwrap_or(bytes);
                    self.give(What::Version(String::from_utf8_lossy(text).into_owned()), text.len());
                }
                4 | 9 => self.counts.add(Other::Graph),
                5 => self.summary(bytes)?,
                6 => self.counts.add(Other::Message),
                7 => self.session(bytes)?,
                8 => self.counts.add(Other::RunMetadata),
                _ => {}
            }
        }
        if is_empty {
            self.counts.add(Other::Empty);
        }
        Ok(())
    }

    fn give(&mut self, what: What, bytes: usize) {
        let bytes = bytes + size_of::<Entry>();
        self.held += bytes;
        self.found.held += bytes;
        self.found.entries.push(Entry { wall_time: self.wall_time, step: self.step, what });
    }

    fn session(&mut self, message: &[u8]) -> Result<(), Malformed> {
        let mut status = 0;
        for field in Fields::new(message) {
            if let (1, Value::Varint(number)) = field? {
                status = number;
            }
        }
        let session = match status {
            1 => Session::Start,
            2 => Session::Stop,
            3 => Session::Checkpoint,
            _ => Session::Other,
        };
        self.give(What::Session(session), 0);
        Ok(())
    }

    fn summary(&mut self, message: &[u8]) -> Result<(), Malformed> {
        for field in Fields::new(message) {
            let (1, Value::Bytes(value)) = field? else { continue };
            if self.held >= MOST_HELD {
                self.left_out += 1;
                continue;
            }
            self.value(value)?;
        }
        Ok(())
    }

    /// One value of a summary: of the fields that hold it, the last counts.
    fn value(&mut self, message: &[u8]) -> Result<(), Malformed> {
        let (mut tag, mut node, mut said) = (&[] as &[u8], &[] as &[u8], None);
        let mut content = None;
        for field in Fields::new(message) {
            match field? {
                (1, Value::Bytes(bytes)) => tag = bytes,
                (7, Value::Bytes(bytes)) => node = bytes,
                (9, Value::Bytes(bytes)) => said = plugin(bytes)?.or(said),
                (2, value @ Value::Fixed32(_)) => content = Some((2, value)),
                (number @ (3 | 4 | 5 | 6 | 8), value @ Value::Bytes(_)) => content = Some((number, value)),
                _ => {}
            }
        }
        let name = if tag.is_empty() { node } else { tag };
        if name.len() > LONGEST_TAG {
            let reason =
                format!("its tag has {} bytes, more than the {LONGEST_TAG} that are read", name.len());
            self.problems.push(Problem::Value { offset: self.offset, reason });
            return Ok(());
        }
        let name = String::from_utf8_lossy(name);
        let (tag, plugin) = self.tags.look(&name, said);
        let taken = match content {
            Some((2, Value::Fixed32(bits))) => {
                Ok(Some(What::Scalar { tag, value: f32::from_bits(bits).into() }))
            }
            Some((5, Value::Bytes(bytes))) => {
                bins::of_proto(bytes).map(|bins| Some(What::Histogram { tag, bins }))
            }
            Some((8, Value::Bytes(bytes))) => tensor(bytes, tag, plugin),
            _ => Ok(None),
        };
        match taken {
            Ok(Some(what)) => {
                let bytes = match &what {
                    What::Histogram { bins, .. } => 8 * (bins.edges.len() + bins.counts.len()),
                    _ => 0,
                };
                self.give(what, bytes);
            }
            Ok(None) => self.counts.add(match (content, plugin) {
                (Some((3, _)), _) => Other::OldHistogram,
                (Some((4, _)), _) => Other::Image,
                (Some((6, _)), _) => Other::Audio,
                (_, Some(Plugin::Counted(other))) => other,
                (Some(_), _) => Other::Tensor,
                (None, _) => Other::Empty,
            }),
            Err(Fault::Value(reason)) => {
                let reason = format!("{} of step {}: {reason}", shown(&name), self.step);
                self.problems.push(Problem::Value { offset: self.offset, reason });
            }
            Err(Fault::Malformed(malformed)) => return Err(malformed),
        }
        Ok(())
    }
}

/// What metadata (`SummaryMetadata`) say a value is for.
fn plugin(message: &[u8]) -> Result<Option<Plugin>, Malformed> {
    let mut said = None;
    for field in Fields::new(message) {
        let (1, Value::Bytes(data)) = field? else { continue };
        for field in Fields::new(data) {
            if let (1, Value::Bytes(name)) = field?
                && !name.is_empty()
            {
                said = Some(Plugin::named(name));
            }
        }
    }
    Ok(said)
}

/// What a tensor is, if it is a scalar or a histogram.
fn tensor(message: &[u8], tag: Arc<str>, plugin: Option<Plugin>) -> Result<Option<What>, Fault> {
    match plugin {
        Some(Plugin::Scalars) => {
            let tensor = Tensor::read(message)?;
            let [value] = *tensor.numbers else {
                let reason = format!("it is no single number, but {} of them", tensor.numbers.len());
                return Err(Fault::Value(reason));
            };
            Ok(Some(What::Scalar { tag, value }))
        }
        Some(Plugin::Histograms) => {
            let bins = bins::of_tensor(&Tensor::read(message)?)?;
            Ok(Some(What::Histogram { tag, bins }))
        }
        _ => Ok(None),
    }
}
