//! One event file for those who read: [`Reader`].

use std::path::Path;

use super::decode::Found;
use super::entry::{Counts, Entry};
use super::error::EventsError;
use super::follow::{Follower, open};
use super::problem::Problems;
use super::tags::Tags;

/// An event file that is read on from where it stood, while a training still writes it.
///
/// The file is opened for each [`Reader::poll`] only, never mapped and never locked. A record that is not written to its end is not
/// there yet; the next poll tries it again. Records whose checksum is wrong are skipped and named; after a length whose checksum is
/// wrong nothing is read, unless those bytes change. Memory is bounded whatever the file's length: a poll reads at most eight
/// megabytes, or one record of at most 256.
#[derive(Debug)]
pub struct Reader {
    file: Follower,
    tags: Tags,
}

impl Reader {
    /// Opens the file at `path` and stands at its beginning; nothing of it is read yet. An empty file is no error.
    ///
    /// # Errors
    /// If there is no such file, it is no plain file, or the operating system refuses.
    pub fn open(path: &Path) -> Result<Self, EventsError> {
        open(path)?;
        Ok(Self { file: Follower::new(path), tags: Tags::default() })
    }

    /// The entries that have come since the last poll, in the file's order; all of them unless [`Reader::has_more`] is true afterwards.
    ///
    /// # Errors
    /// If the file is gone, the operating system refuses, or the file is shorter or another one than before
    /// ([`EventsError::Changed`]). No entry is lost by it: the next poll tries again from the same place.
    pub fn poll(&mut self) -> Result<Vec<Entry>, EventsError> {
        let mut found = Found::default();
        self.file.look(&mut self.tags, &mut found)?;
        Ok(found.entries)
    }

    /// Whether the last poll stopped because of its size, so that another one gives more at once; true before the first poll.
    pub fn has_more(&self) -> bool {
        self.file.has_more()
    }

    /// The file.
    pub fn path(&self) -> &Path {
        self.file.path()
    }

    /// The byte at which the next record begins.
    pub fn position(&self) -> u64 {
        self.file.position()
    }

    /// Whether reading has ended before the file's end, because a record's length cannot be believed; the last of
    /// [`Reader::problems`] says where.
    pub fn has_stopped(&self) -> bool {
        self.file.has_stopped()
    }

    /// What was wrong in the file so far.
    pub fn problems(&self) -> &Problems {
        self.file.problems()
    }

    /// What was read so far and is neither a scalar nor a histogram, by kind.
    pub fn not_taken(&self) -> &Counts {
        self.file.counts()
    }
}
