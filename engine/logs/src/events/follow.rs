//! One event file that is read on from where it stood.
//!
//! Contract: the file is opened anew for each look (network drives, files that are put in its place), never mapped, never locked. One
//! look reads at most [`MOST_BYTES`], or one record if that is longer. A frame is taken when all of it is there; until then it is as if
//! it were not. The bytes at the file's beginning and those read last are compared each time, so that another file of the same name is
//! noticed.

use std::fs::File;
use std::io::{Read as _, Seek as _, SeekFrom};
use std::path::{Path, PathBuf};

use super::decode::{self, Found, MOST_HELD};
use super::entry::Counts;
use super::error::EventsError;
use super::frame::{self, FOOTER, HEADER, LONGEST_RECORD, Mismatch};
use super::problem::{Problem, Problems};
use super::tags::Tags;

/// Bytes that one look reads, but for a longer record.
pub(crate) const MOST_BYTES: usize = 8 << 20;
/// Longer records are taken apart in a look of their own, because of what they may become in memory.
const LONG_RECORD: usize = 1 << 20;
/// Bytes that are compared to know the file again.
const KNOWN: usize = 64;

/// A file that is followed.
#[derive(Debug)]
pub(crate) struct Follower {
    path: PathBuf,
    /// Where the next frame begins; it can lie beyond the file's end if a record was skipped that is not there yet.
    at: u64,
    /// Length of the file at the last look.
    seen: u64,
    /// The file's first bytes that were read, and those before `at`.
    head: Vec<u8>,
    tail: Vec<u8>,
    /// The header at `at` whose checksum is wrong: nothing is read until those bytes change.
    stopped: Option<[u8; HEADER]>,
    has_more: bool,
    counts: Counts,
    problems: Problems,
}

/// What one step along the frames came to.
enum Step {
    /// A frame was taken or skipped; the next begins so many bytes later.
    On(u64),
    /// The frame is not all here; so many bytes would be needed.
    Needs(usize),
    /// Nothing more can be taken now, although more is here.
    Full,
    /// The length cannot be believed.
    Stop,
}

impl Follower {
    pub(crate) fn new(path: &Path) -> Self {
        Self {
            path: path.to_owned(),
            at: 0,
            seen: 0,
            head: Vec::new(),
            tail: Vec::new(),
            stopped: None,
            has_more: true,
            counts: Counts::default(),
            problems: Problems::default(),
        }
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    pub(crate) fn position(&self) -> u64 {
        self.at
    }

    pub(crate) fn has_more(&self) -> bool {
        self.has_more
    }

    pub(crate) fn has_stopped(&self) -> bool {
        self.stopped.is_some()
    }

    pub(crate) fn counts(&self) -> &Counts {
        &self.counts
    }

    pub(crate) fn problems(&self) -> &Problems {
        &self.problems
    }

    /// Takes the entries that have come; `found` may hold those of other files, and what they take counts.
    ///
    /// # Errors
    /// If the file is gone, cannot be read, or is no longer the one that was read so far. Nothing is taken then, and the next look tries
    /// again.
    pub(crate) fn look(&mut self, tags: &mut Tags, found: &mut Found) -> Result<(), EventsError> {
        self.has_more = false;
        let (mut file, length) = open(&self.path)?;
        if self.at > 0 && length < self.seen {
            return Err(self.changed(format!("it had {} bytes and has {length}", self.seen)));
        }
        if self.at > KNOWN as u64 {
            let head = self.read(&mut file, 0, self.head.len())?;
            if head != self.head {
                return Err(self.changed("its beginning differs".to_owned()));
            }
        }
        self.seen = length;
        let behind = self.tail.len();
        let begin = self.at - behind as u64;
        let mut bytes = self.read(&mut file, begin, behind + MOST_BYTES)?;
        let mut frames = self.known(&bytes)?;
        if self.has_same_stop(frames) {
            return Ok(());
        }
        let mut taken = 0;
        loop {
            let rest = frames.get(taken..).unwrap_or_default();
            match self.step(rest, tags, found) {
                Step::On(more) => {
                    let within = taken.saturating_add(usize::try_from(more).unwrap_or(usize::MAX));
                    self.at = self.at.saturating_add(more);
                    taken = within;
                    if within > frames.len() {
                        // The record that was skipped ends beyond what was read.
                        self.has_more = self.at < length;
                        break;
                    }
                }
                Step::Needs(count) => {
                    let is_there = self.at.saturating_add(count as u64) <= length;
                    let is_long = count > MOST_BYTES;
                    if is_there && is_long && taken == 0 && found.held == 0 {
                        bytes = self.read(&mut file, begin, behind + count)?;
                        frames = self.known(&bytes)?;
                        if frames.len() >= count {
                            continue;
                        }
                    }
                    self.has_more = is_there && (is_long || taken > 0);
                    break;
                }
                Step::Full => {
                    self.has_more = true;
                    break;
                }
                Step::Stop => break,
            }
        }
        self.remember(&bytes, begin, behind.saturating_add(taken));
        Ok(())
    }

    /// Takes or skips the frame that `rest` begins with.
    fn step(&mut self, rest: &[u8], tags: &mut Tags, found: &mut Found) -> Step {
        let Some((header, after)) = rest.split_first_chunk::<HEADER>() else { return Step::Needs(HEADER) };
        let offset = self.at;
        let stated = match frame::length(header) {
            Ok(length) => length,
            Err(Mismatch { stated, found }) => {
                self.stopped = Some(*header);
                self.problems.push(Problem::Length { offset, stated, found });
                return Step::Stop;
            }
        };
        if stated > LONGEST_RECORD {
            self.problems.push(Problem::TooLong { offset, bytes: stated });
            return Step::On(stated.saturating_add((HEADER + FOOTER) as u64));
        }
        let length = stated as usize;
        let whole = HEADER + length + FOOTER;
        let (Some(data), Some(footer)) = (after.get(..length), after.get(length..length + FOOTER)) else {
            return Step::Needs(whole);
        };
        if found.held >= MOST_HELD || (length > LONG_RECORD && found.held > 0) {
            return Step::Full;
        }
        match frame::check(data, footer) {
            Ok(()) => {
                decode::record(data, offset, tags, found, &mut self.counts, &mut self.problems);
            }
            Err(Mismatch { stated, found }) => {
                self.problems.push(Problem::Data { offset, bytes: length as u64, stated, found });
            }
        }
        Step::On(whole as u64)
    }

    /// Up to `count` bytes from `begin` on: fewer where the file ends.
    fn read(&self, file: &mut File, begin: u64, count: usize) -> Result<Vec<u8>, EventsError> {
        // After a record that was skipped, the place can lie so far beyond the file that no system takes it.
        let left = usize::try_from(self.seen.saturating_sub(begin)).unwrap_or(usize::MAX);
        if left == 0 {
            return Ok(Vec::new());
        }
        let mut bytes = Vec::with_capacity(count.min(left));
        file.seek(SeekFrom::Start(begin))
            .and_then(|_| file.take(count as u64).read_to_end(&mut bytes))
            .map_err(|error| EventsError::io("reading", error, &self.path))?;
        Ok(bytes)
    }

    /// The bytes from `at` on, if those before are still the ones that were read.
    fn known<'a>(&self, bytes: &'a [u8]) -> Result<&'a [u8], EventsError> {
        bytes.strip_prefix(self.tail.as_slice()).ok_or_else(|| {
            self.changed(format!("the bytes before byte {} are no longer those that were read", self.at))
        })
    }

    /// Whether the header that could not be believed still stands there; if it has changed, it is tried again.
    fn has_same_stop(&mut self, frames: &[u8]) -> bool {
        if self.stopped.is_some_and(|header| frames.starts_with(&header)) {
            return true;
        }
        self.stopped = None;
        false
    }

    /// Keeps what the file is known again by: `bytes` lie at `begin` in the file, and are taken up to `end`, which is beyond them if a
    /// record was skipped.
    fn remember(&mut self, bytes: &[u8], begin: u64, end: usize) {
        if begin == 0 {
            self.head = bytes.get(..end.min(bytes.len()).min(KNOWN)).unwrap_or_default().to_vec();
        }
        self.tail = bytes.get(end.saturating_sub(KNOWN)..end).unwrap_or_default().to_vec();
    }

    fn changed(&self, change: String) -> EventsError {
        EventsError::Changed { change, path: self.path.clone() }
    }
}

/// Opens a plain file and tells its length; pipes, devices and folders are refused before, because opening one can wait for ever.
pub(crate) fn open(path: &Path) -> Result<(File, u64), EventsError> {
    let metadata = std::fs::metadata(path).map_err(|error| EventsError::io("opening", error, path))?;
    if !metadata.is_file() {
        let what = if metadata.is_dir() { "a folder" } else { "a pipe, a device or a socket" };
        let problem = format!("this is {what}, not a file; name the event file itself");
        return Err(EventsError::unusable(problem, path));
    }
    let file = File::open(path).map_err(|error| EventsError::io("opening", error, path))?;
    let metadata = file.metadata().map_err(|error| EventsError::io("opening", error, path))?;
    Ok((file, metadata.len()))
}
