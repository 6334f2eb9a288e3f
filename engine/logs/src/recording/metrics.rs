//! The lines of `metrics.jsonl` as they come.

use std::collections::HashSet;
use std::path::{Path, PathBuf};

use super::document::MOST_SESSIONS;
use super::error::RecordingError;
use super::file;
use super::line::{Line, Read, parse};
use super::reader::Recording;
use super::sessions::Session;
use super::write::METRICS;
use crate::text::{count, shown_path};

/// Bytes that one poll reads at most.
const MOST_AT_ONCE: usize = 4 << 20;
/// A longer line is skipped.
const LONGEST_LINE: usize = 1 << 20;
/// Metrics with a longer name, in bytes, are left out.
const LONGEST_NAME: usize = 400;
/// More names than this are left out.
pub const MOST_NAMES: usize = 1000;
/// Bytes before the place reached, by which a file that was swapped is noticed.
const REMEMBERED: usize = 256;

/// Follows `metrics.jsonl` of a recording from its beginning, each poll from where the last one ended.
#[derive(Debug)]
pub struct Metrics {
    path: PathBuf,
    /// Where the next line begins.
    at: u64,
    /// The bytes before it.
    before: Vec<u8>,
    /// Lines read, broken ones among them.
    lines: u64,
    /// True within a line that is too long.
    is_skipping: bool,
    names: Vec<String>,
    known: HashSet<String>,
    /// The smallest step of each session's lines and frames.
    begins: Vec<Option<u64>>,
    /// The largest step given so far, the last session, its last step and time.
    largest: Option<u64>,
    last: Option<(usize, u64, f64)>,
    /// What was left out.
    pub(super) left: Left,
}

/// How much was left out, and the first of it.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Left {
    broken: u64,
    first_broken: Option<u64>,
    superseded: u64,
    back: u64,
    values: u64,
    clock_back: u64,
}

/// What one poll found.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Batch {
    /// The new lines in the order of the file, without those that are superseded.
    pub lines: Vec<Line>,
    /// What of earlier batches no longer holds.
    pub superseded: Vec<Superseded>,
    /// True if more stands in the file than one poll reads: poll again.
    pub is_behind: bool,
}

/// A session began at a step that earlier ones had reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Superseded {
    /// The session that began.
    pub session: usize,
    /// Its first step.
    pub step: u64,
}

impl Batch {
    /// True if a line that an earlier batch gave still holds.
    pub fn keeps(&self, line: &Line) -> bool {
        !self.superseded.iter().any(|by| line.session < by.session && line.step >= by.step)
    }
}

impl Recording {
    /// A follower of its metrics, from the first line on.
    pub fn metrics(&self) -> Metrics {
        Metrics::new(self.path())
    }
}

impl Metrics {
    /// Follows the metrics in a recording's folder; the file need not be there yet.
    pub fn new(folder: &Path) -> Self {
        Self {
            path: folder.join(METRICS),
            at: 0,
            before: Vec::new(),
            lines: 0,
            is_skipping: false,
            names: Vec::new(),
            known: HashSet::new(),
            begins: Vec::new(),
            largest: None,
            last: None,
            left: Left::default(),
        }
    }

    /// Reads on, at most 4 MiB. `sessions` are those of the recording: lines that a later session superseded are left out, by its first
    /// frame or its first line, whichever is earlier. Those that earlier batches gave are taken back by [`Batch::superseded`].
    ///
    /// A line that is broken or longer than 1 MiB is skipped; a last line without its end waits. Steps within a session do not go back:
    /// a line whose step is smaller than the one before is left out. All that is counted ([`Metrics::said`]).
    ///
    /// # Errors
    /// If the file is gone, cut off or swapped, or cannot be read; what was given stays true of the file that was.
    pub fn poll(&mut self, sessions: &[Session]) -> Result<Batch, RecordingError> {
        let mut batch = Batch::default();
        for (number, session) in sessions.iter().enumerate() {
            if let Some(step) = session.first_step {
                self.begin(number, step, &mut batch);
            }
        }
        let bytes = self.read(&mut batch.is_behind)?;
        let mut rest = bytes.as_slice();
        while let Some(end) = rest.iter().position(|byte| *byte == b'\n') {
            let (line, after) = rest.split_at(end + 1);
            rest = after;
            self.lines += 1;
            if std::mem::take(&mut self.is_skipping) || line.len() > LONGEST_LINE {
                self.broken();
            } else {
                self.take(line.trim_ascii(), &mut batch);
            }
        }
        let mut used = bytes.len() - rest.len();
        if rest.len() > LONGEST_LINE || (self.is_skipping && !rest.is_empty()) {
            self.is_skipping = true;
            used = bytes.len();
        }
        self.at += used as u64;
        self.before.extend_from_slice(bytes.get(..used).unwrap_or_default());
        self.before.drain(..self.before.len().saturating_sub(REMEMBERED));
        let limits = limits(&self.begins);
        let given = batch.lines.len();
        batch.lines.retain(|line| limits.get(line.session).is_none_or(|limit| line.step < *limit));
        self.left.superseded += (given - batch.lines.len()) as u64;
        let largest = batch.lines.iter().map(|line| line.step).max();
        self.largest = self.largest.max(largest);
        Ok(batch)
    }

    /// Names of all metrics in order of appearance, at most [`MOST_NAMES`].
    pub fn names(&self) -> &[String] {
        &self.names
    }

    /// Sentences on what was left out so far.
    pub fn said(&self) -> Vec<String> {
        let counted = |number: u64, thing| count(number as usize, thing);
        let (left, path) = (&self.left, shown_path(&self.path));
        let mut said = Vec::new();
        if let Some(first) = left.first_broken {
            let lines = counted(left.broken, "line");
            said.push(format!(
                "{lines} of the metrics cannot be read and are skipped; the first is line {first}: {path}"
            ));
        }
        if left.superseded > 0 {
            let lines = counted(left.superseded, "line");
            said.push(format!(
                "{lines} of the metrics left out, because the training went on from an earlier step."
            ));
        }
        if left.back > 0 {
            let lines = counted(left.back, "line");
            said.push(format!(
                "{lines} of the metrics left out, because their step is smaller than the one before: {path}"
            ));
        }
        if left.values > 0 {
            let values = counted(left.values, "value");
            said.push(format!(
                "{values} of the metrics left out, which are no numbers, or whose names are too many or too long: {path}"
            ));
        }
        if left.clock_back > 0 {
            let lines = counted(left.clock_back, "line");
            said.push(format!("The clock went back within a session, at {lines} of the metrics."));
        }
        said
    }

    /// The next bytes of the file; none where it is not there yet.
    fn read(&self, is_behind: &mut bool) -> Result<Vec<u8>, RecordingError> {
        let Some(opened) = file::open(&self.path)? else {
            if self.at == 0 {
                return Ok(Vec::new());
            }
            return Err(RecordingError::NotFound { path: self.path.clone() });
        };
        let Some(left) = opened.stamp.bytes.checked_sub(self.at) else {
            return Err(RecordingError::replaced("the file of metrics was cut off or swapped", &self.path));
        };
        let wanted = usize::try_from(left).unwrap_or(usize::MAX).min(MOST_AT_ONCE);
        *is_behind = wanted as u64 != left;
        let wrong = |error| RecordingError::io("reading", error, &self.path);
        let mut bytes = vec![0; self.before.len() + wanted];
        file::read_exact_at(&opened.file, &mut bytes, self.at - self.before.len() as u64).map_err(wrong)?;
        let new = bytes.split_off(self.before.len());
        if bytes != self.before {
            return Err(RecordingError::replaced("the file of metrics was swapped", &self.path));
        }
        Ok(new)
    }

    fn broken(&mut self) {
        self.left.broken += 1;
        self.left.first_broken.get_or_insert(self.lines);
    }

    fn take(&mut self, text: &[u8], batch: &mut Batch) {
        if text.is_empty() {
            return;
        }
        let Some(Read { mut line, left_out }) = parse(text).filter(|read| read.line.session < MOST_SESSIONS)
        else {
            self.broken();
            return;
        };
        self.left.values += left_out;
        if let Some((session, step, time)) = self.last
            && session == line.session
        {
            self.left.clock_back += u64::from(line.time < time);
            if line.step < step {
                self.left.back += 1;
                return;
            }
        }
        self.last = Some((line.session, line.step, line.time));
        line.values.retain(|(name, _)| self.knows(name));
        self.begin(line.session, line.step, batch);
        batch.lines.push(line);
    }

    /// True if a metric of this name is given; a new one is, unless there are too many.
    fn knows(&mut self, name: &str) -> bool {
        if self.known.contains(name) {
            return true;
        }
        if self.names.len() == MOST_NAMES || name.len() > LONGEST_NAME {
            self.left.values += 1;
            return false;
        }
        self.names.push(name.to_owned());
        self.known.insert(name.to_owned())
    }

    /// Takes note that a session has recorded this step.
    fn begin(&mut self, session: usize, step: u64, batch: &mut Batch) {
        if self.begins.len() <= session {
            self.begins.resize(session + 1, None);
        }
        let Some(begin) = self.begins.get_mut(session) else { return };
        if begin.is_some_and(|begin| begin <= step) {
            return;
        }
        *begin = Some(step);
        if session > 0 && self.largest.is_some_and(|largest| largest >= step) {
            batch.superseded.push(Superseded { session, step });
        }
    }
}

/// For each session, the smallest step at which a later one began.
fn limits(begins: &[Option<u64>]) -> Vec<u64> {
    let mut smallest = u64::MAX;
    let mut limits = vec![u64::MAX; begins.len()];
    for (limit, begin) in limits.iter_mut().zip(begins).rev() {
        *limit = smallest;
        smallest = begin.map_or(smallest, |begin| begin.min(smallest));
    }
    limits
}
