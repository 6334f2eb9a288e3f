//! What is wrong within an event file: where, what was expected and found, what became of it.

use std::path::Path;

use thiserror::Error;

use super::frame::LONGEST_RECORD;
use crate::text::shown_path;

/// Problems beyond this many are counted, but not kept.
const MOST_KEPT: usize = 100;

/// One thing that is wrong within an event file. The rest of the file is read, but for [`Problem::Length`].
///
/// Byte offsets are those at which the record's frame begins, from the beginning of the file.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum Problem {
    /// The checksum of a record's length is wrong, so nobody knows where the next record begins.
    #[error(
        "the record at byte {offset} states its length with the checksum {stated:08x}, but its bytes give {found:08x}; what lies before it is read, what follows cannot be: get the file again if it was copied"
    )]
    Length {
        /// Where the record begins.
        offset: u64,
        /// The masked CRC-32C that the file states.
        stated: u32,
        /// The masked CRC-32C of the bytes that are there.
        found: u32,
    },
    /// The checksum of a record's data is wrong; the record is skipped.
    #[error(
        "the record at byte {offset} has the checksum {stated:08x}, but its {bytes} bytes give {found:08x}; it is skipped: get the file again if it was copied"
    )]
    Data {
        /// Where the record begins.
        offset: u64,
        /// Length of its data.
        bytes: u64,
        /// The masked CRC-32C that the file states.
        stated: u32,
        /// The masked CRC-32C of the bytes that are there.
        found: u32,
    },
    /// The record is longer than records are read; it is skipped, and its data are not looked at.
    #[error(
        "the record at byte {offset} states a length of {bytes} bytes, more than the {LONGEST_RECORD} that are read; it is skipped: write less at once"
    )]
    TooLong {
        /// Where the record begins.
        offset: u64,
        /// The length that it states.
        bytes: u64,
    },
    /// The record's checksums are right, but its data are no event; it is skipped.
    #[error("the record at byte {offset} is no event ({reason}); it is skipped: see which program wrote it")]
    NoEvent {
        /// Where the record begins.
        offset: u64,
        /// Why, as a clause.
        reason: &'static str,
    },
    /// One value of a record cannot be taken; the record's other values are.
    #[error("a value of the record at byte {offset} is skipped: {reason}")]
    Value {
        /// Where the record begins.
        offset: u64,
        /// Which value, and why, as a clause.
        reason: String,
    },
    /// The record holds more than is held in memory at once; what is beyond that is skipped.
    #[error(
        "the record at byte {offset} holds so many values that {values} of them are skipped: write less at once"
    )]
    TooMany {
        /// Where the record begins.
        offset: u64,
        /// How many of its values are skipped.
        values: u64,
    },
}

impl Problem {
    /// Byte at which the record's frame begins, from the beginning of the file.
    pub fn offset(&self) -> u64 {
        match self {
            Self::Length { offset, .. }
            | Self::Data { offset, .. }
            | Self::TooLong { offset, .. }
            | Self::NoEvent { offset, .. }
            | Self::Value { offset, .. }
            | Self::TooMany { offset, .. } => *offset,
        }
    }

    /// The sentence for people, with the file's path at its end.
    pub fn said(&self, path: &Path) -> String {
        format!("{self}: {}", shown_path(path))
    }
}

/// The problems of one file in the order in which they were found: the first hundred, and how many there are.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Problems {
    kept: Vec<Problem>,
    total: u64,
    skipped: u64,
}

impl Problems {
    /// The first hundred.
    pub fn first(&self) -> &[Problem] {
        &self.kept
    }

    /// How many there are, kept or not.
    pub fn total(&self) -> u64 {
        self.total
    }

    /// How many whole records were skipped.
    pub fn skipped_records(&self) -> u64 {
        self.skipped
    }

    /// Sentences for people, each with the file's path at its end; the last one counts those that are not kept.
    pub fn sentences(&self, path: &Path) -> Vec<String> {
        let mut said: Vec<String> = self.kept.iter().map(|problem| problem.said(path)).collect();
        let more = self.total.saturating_sub(self.kept.len() as u64);
        if more > 0 {
            said.push(format!("{more} more problems are not told one by one: {}", shown_path(path)));
        }
        said
    }

    pub(crate) fn push(&mut self, problem: Problem) {
        self.total += 1;
        self.skipped += u64::from(matches!(
            problem,
            Problem::Data { .. } | Problem::TooLong { .. } | Problem::NoEvent { .. }
        ));
        if self.kept.len() < MOST_KEPT {
            self.kept.push(problem);
        }
    }

    /// Appends the problems of one record.
    pub(crate) fn merge(&mut self, more: Self) {
        self.total += more.total;
        self.skipped += more.skipped;
        let room = MOST_KEPT - self.kept.len().min(MOST_KEPT);
        self.kept.extend(more.kept.into_iter().take(room));
    }
}
