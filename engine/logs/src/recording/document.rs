//! `recording.json`: parsed and checked, so that no number of it is trusted later.

use std::collections::HashSet;
use std::ops::Range;
use std::path::Path;

use serde::{Deserialize, Serialize};

use super::error::RecordingError;
use super::frame::{HEADER, HEADER_NUMBERS};
use crate::text::shown;

/// What `format` says in files of ours.
pub(super) const FORMAT: &str = "weightscope recording";
/// The version that is written.
const VERSION: u64 = 1;
/// The newest that is read: in it a tensor all of whose weights are recorded may be without figures of its own.
const NEWEST: u64 = 2;
/// A longer `recording.json` is not read.
pub(super) const MOST_BYTES: u64 = 32 << 20;
/// A longer frame is not read.
pub(super) const MOST_FRAME_BYTES: usize = 64 << 20;
/// More parts are not read: each keeps a file open.
const MOST_PARTS: usize = 256;
/// More sessions are not read.
pub(super) const MOST_SESSIONS: usize = 100_000;

/// The whole file.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Document {
    format: String,
    version: u64,
    id: String,
    pub(super) parts: Vec<Part>,
    pub(super) sessions: Vec<Begun>,
}

/// One set of tensors and the file of its frames.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Part {
    pub(super) file: String,
    pub(super) frame_bytes: usize,
    pub(super) tensors: Vec<Placed>,
}

/// One tensor of a part, and where its numbers stand in a frame, in units of four bytes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Placed {
    pub(super) name: String,
    pub(super) shape: Vec<usize>,
    pub(super) dtype: String,
    pub(super) places: Vec<usize>,
    pub(super) rows: Vec<usize>,
    pub(super) values: usize,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) max: Option<usize>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) mean: Option<usize>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) norm: Option<usize>,
    pub(super) row_max: usize,
    pub(super) row_mean: usize,
}

/// One start of a training.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Begun {
    pub(super) part: usize,
    pub(super) frame: u64,
    pub(super) started: f64,
    #[serde(default)]
    pub(super) host: String,
    #[serde(default)]
    pub(super) pid: u64,
    #[serde(default)]
    pub(super) born: u64,
}

/// What is looked at before all else.
#[derive(Deserialize)]
struct Head {
    format: Option<serde_json::Value>,
    version: Option<serde_json::Value>,
}

impl Document {
    /// A new recording without parts or sessions.
    pub(super) fn new(id: u32) -> Self {
        let (format, id) = (FORMAT.to_owned(), format!("{id:08x}"));
        Self { format, version: VERSION, id, parts: Vec::new(), sessions: Vec::new() }
    }

    /// The document in `bytes`, which were read from `path`.
    ///
    /// # Errors
    /// If it is no JSON, of another format or version, or says what cannot be.
    pub(super) fn parse(bytes: &[u8], path: &Path) -> Result<Self, RecordingError> {
        let refused = |problem: String| RecordingError::unusable(problem, path);
        let broken = |error: serde_json::Error| {
            let error = shown(&error.to_string());
            refused(format!("it does not read as the description of a recording ({error}); record anew"))
        };
        let head: Head = serde_json::from_slice(bytes).map_err(broken)?;
        if head.format.as_ref().and_then(serde_json::Value::as_str) != Some(FORMAT) {
            return Err(refused(format!("it is no recording: its `format` is not \"{FORMAT}\"")));
        }
        let version = head.version.as_ref().and_then(serde_json::Value::as_u64);
        if !version.is_some_and(|version| (VERSION..=NEWEST).contains(&version)) {
            let version =
                head.version.map_or_else(|| "none".to_owned(), |version| shown(&version.to_string()));
            return Err(refused(format!(
                "it is a recording of version {version}, and this program reads versions {VERSION} to {NEWEST}; update the program, or record with its own recorder"
            )));
        }
        let document: Self = serde_json::from_slice(bytes).map_err(broken)?;
        document.check().map_err(|problem| {
            refused(format!("its description of the recording cannot be true: {problem}; record anew"))
        })?;
        Ok(document)
    }

    /// Its bytes as a file.
    pub(super) fn to_bytes(&self) -> Vec<u8> {
        // Maps with other keys than strings are what serialization can fail on, and there is none.
        serde_json::to_vec(self).unwrap_or_default()
    }

    /// The number that frames are checked with; 0 if `id` is none, which [`Document::parse`] refuses.
    pub(super) fn id(&self) -> u32 {
        u32::from_str_radix(&self.id, 16).unwrap_or_default()
    }

    pub(super) fn check(&self) -> Result<(), String> {
        if self.id.len() != 8 || !self.id.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return Err(format!("its `id` is not eight hexadecimal digits but \"{}\"", shown(&self.id)));
        }
        if self.parts.len() > MOST_PARTS {
            return Err(format!("it has {} parts, more than {MOST_PARTS}", self.parts.len()));
        }
        if self.sessions.len() > MOST_SESSIONS {
            return Err(format!("it has {} sessions, more than {MOST_SESSIONS}", self.sessions.len()));
        }
        let mut files = HashSet::new();
        for part in &self.parts {
            part.check(self.version)
                .map_err(|problem| format!("in the part {}: {problem}", shown(&part.file)))?;
            if !files.insert(part.file.to_lowercase()) {
                return Err(format!("two parts have the file {}", shown(&part.file)));
            }
        }
        let mut held = vec![0; self.parts.len()];
        for (number, session) in self.sessions.iter().enumerate() {
            let Some(held) = held.get_mut(session.part) else {
                return Err(format!("session {number} writes part {}, which is not there", session.part));
            };
            if session.frame < *held {
                return Err(format!("session {number} begins before an earlier one of its part"));
            }
            *held = session.frame;
        }
        Ok(())
    }
}

impl Part {
    fn check(&self, version: u64) -> Result<(), String> {
        let is_plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_');
        let is_name = self.file.chars().all(is_plain) && self.file.len() <= 200;
        if !is_name || self.file.is_empty() || self.file.starts_with('.') {
            return Err(
                "its `file` is no plain name of a file of letters, digits, dots, dashes or underscores"
                    .to_owned(),
            );
        }
        let length = self.frame_bytes;
        if !(HEADER..=MOST_FRAME_BYTES).contains(&length) || !length.is_multiple_of(4) {
            return Err(format!(
                "frames of {length} bytes, where {HEADER} to {MOST_FRAME_BYTES} in steps of 4 are read"
            ));
        }
        let mut names = HashSet::new();
        let mut taken = Vec::new();
        for tensor in &self.tensors {
            let name = shown(&tensor.name);
            if !names.insert(tensor.name.as_str()) {
                return Err(format!("two tensors have the name {name}"));
            }
            tensor.check(version).map_err(|problem| format!("the tensor {name}: {problem}"))?;
            for range in tensor.ranges() {
                let range = range.filter(|range| range.start >= HEADER_NUMBERS && range.end <= length / 4);
                let range =
                    range.ok_or_else(|| format!("numbers of the tensor {name} lie outside the frame"))?;
                taken.push((range.start, range.end, &tensor.name));
            }
        }
        taken.retain(|(start, end, _)| start < end);
        taken.sort_unstable();
        for (before, after) in taken.iter().zip(taken.iter().skip(1)) {
            if after.0 < before.1 {
                let (a, b) = (shown(before.2), shown(after.2));
                return Err(format!("numbers of the tensors {a} and {b} stand in the same place"));
            }
        }
        Ok(())
    }
}

impl Placed {
    /// Where largest and mean magnitude and norm stand; `None` where they follow from the weights, which are all recorded.
    pub(super) fn figures(&self) -> Option<[usize; 3]> {
        Some([self.max?, self.mean?, self.norm?])
    }

    /// Where its numbers stand, empty lists as none; `None` where that overflows.
    fn ranges(&self) -> impl Iterator<Item = Option<Range<usize>>> {
        let (places, rows) = (self.places.len(), self.rows.len());
        let lists = [(self.values, places), (self.row_max, rows), (self.row_mean, rows)];
        let figures = self.figures().into_iter().flatten().map(|at| (at, 1));
        lists
            .into_iter()
            .chain(figures)
            .filter(|(_, count)| *count > 0)
            .map(|(start, count)| start.checked_add(count).map(|end| start..end))
    }

    fn check(&self, version: u64) -> Result<(), String> {
        let elements = self.shape.iter().try_fold(1_usize, |all, length| all.checked_mul(*length));
        let elements = elements.ok_or("its shape has more elements than can be counted")?;
        if self.places.iter().any(|place| *place >= elements) {
            return Err(format!("a place lies beyond its {elements} elements"));
        }
        let height = if self.shape.len() > 1 { self.shape.first().copied().unwrap_or(0) } else { 0 };
        if self.rows.iter().any(|row| *row >= height) {
            return Err(format!("a row lies beyond its {height} rows"));
        }
        if !are_different(&self.places) || !are_different(&self.rows) {
            return Err("a place or a row is named twice".to_owned());
        }
        let has_none = self.max.is_none() && self.mean.is_none() && self.norm.is_none();
        let may_have_none = version > VERSION && self.places.len() == elements;
        if self.figures().is_none() && !(has_none && may_have_none) {
            return Err("its `max`, `mean` and `norm` are not all there".to_owned());
        }
        Ok(())
    }
}

fn are_different(numbers: &[usize]) -> bool {
    if numbers.is_sorted_by(|a, b| a < b) {
        return true;
    }
    let mut sorted = numbers.to_vec();
    sorted.sort_unstable();
    sorted.is_sorted_by(|a, b| a < b)
}

/// True if these bytes begin, or read, as a description of ours: of any version, and where the rest is broken.
pub(super) fn is_ours(beginning: &[u8], whole: impl FnOnce() -> Option<Vec<u8>>) -> bool {
    let mut rest = beginning.strip_prefix(b"\xef\xbb\xbf").unwrap_or(beginning);
    let words: [&[u8]; 4] = [b"{", b"\"format\"", b":", b"\"weightscope recording\""];
    let begins = words.into_iter().all(|word| {
        let after = rest.trim_ascii_start().strip_prefix(word);
        after.is_some_and(|after| {
            rest = after;
            true
        })
    });
    // Other programs may write the keys in another order.
    begins
        || whole()
            .and_then(|bytes| serde_json::from_slice::<Head>(&bytes).ok())
            .is_some_and(|head| head.format.as_ref().and_then(serde_json::Value::as_str) == Some(FORMAT))
}
