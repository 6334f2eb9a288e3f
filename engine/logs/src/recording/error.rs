//! What can be wrong with a recording, in sentences for people.

use std::io;
use std::path::{Path, PathBuf};

use thiserror::Error;

use crate::text::shown_path;

/// Why a recording, or a part of it, is refused.
#[derive(Debug, Error)]
pub enum RecordingError {
    /// Nothing lies there, or no longer.
    #[error(
        "no such file or folder; check the path, or whether it was moved or deleted: {}",
        shown_path(path)
    )]
    NotFound {
        /// Where it was looked for.
        path: PathBuf,
    },
    /// The operating system refuses.
    #[error("{action} failed: {source}; check the file's rights and its disk: {}", shown_path(path))]
    Io {
        /// What was tried, as a noun: `reading`, `opening`.
        action: &'static str,
        /// What the operating system said.
        source: io::Error,
        /// The file.
        path: PathBuf,
    },
    /// The file is not what can be read; the sentence says why and what to do.
    #[error("{problem}: {}", shown_path(path))]
    Unusable {
        /// What is wrong and what to do.
        problem: String,
        /// The file.
        path: PathBuf,
    },
    /// The files are no longer those that were opened: cut off, swapped, or those of another recording.
    #[error("{problem}; open the recording again: {}", shown_path(path))]
    Replaced {
        /// What is other than it was, as a clause.
        problem: String,
        /// The file.
        path: PathBuf,
    },
}

impl RecordingError {
    /// The file at `path` cannot be used, for the reason in the sentence `problem`, which also says what to do.
    pub(super) fn unusable(problem: impl Into<String>, path: &Path) -> Self {
        Self::Unusable { problem: problem.into(), path: path.to_owned() }
    }

    /// The file at `path` is no longer the one that was opened, for the reason in the clause `problem`.
    pub(super) fn replaced(problem: impl Into<String>, path: &Path) -> Self {
        Self::Replaced { problem: problem.into(), path: path.to_owned() }
    }

    /// The operating system refused `action` on `path`; a missing file is [`RecordingError::NotFound`].
    pub(super) fn io(action: &'static str, source: io::Error, path: &Path) -> Self {
        if source.kind() == io::ErrorKind::NotFound {
            return Self::NotFound { path: path.to_owned() };
        }
        Self::Io { action, source, path: path.to_owned() }
    }
}
