//! What can be wrong with an event file, in sentences for people.

use std::io;
use std::path::{Path, PathBuf};

use thiserror::Error;

use crate::text::shown_path;

/// Why an event file, or a folder of them, cannot be read or written at all. What is wrong within a file is a [`Problem`] instead.
///
/// [`Problem`]: super::Problem
#[derive(Debug, Error)]
pub enum EventsError {
    /// Nothing lies there, or no longer.
    #[error(
        "no such file or folder; check the path, or open it again where it lies now: {}",
        shown_path(path)
    )]
    NotFound {
        /// Where it was looked for.
        path: PathBuf,
    },
    /// The operating system refuses.
    #[error("{action} failed: {source}; check the rights and the disk: {}", shown_path(path))]
    Io {
        /// What was tried, as a noun: `reading`, `opening`, `listing`, `writing`.
        action: &'static str,
        /// What the operating system said.
        source: io::Error,
        /// The file or folder.
        path: PathBuf,
    },
    /// It is not what can be read or written; the sentence says why and what to do.
    #[error("{problem}: {}", shown_path(path))]
    Unusable {
        /// What is wrong and what to do.
        problem: String,
        /// The file or folder.
        path: PathBuf,
    },
    /// The file is no longer the one that was read so far: it is shorter, or its beginning or the part read last differs.
    #[error(
        "the event file was replaced or cut while it was read ({change}), so what was read may be of another training; open it again: {}",
        shown_path(path)
    )]
    Changed {
        /// What was noticed, as a clause.
        change: String,
        /// The file.
        path: PathBuf,
    },
}

impl EventsError {
    /// The file or folder at `path` cannot be used, for the reason in the sentence `problem`, which also says what to do.
    pub(crate) fn unusable(problem: impl Into<String>, path: &Path) -> Self {
        Self::Unusable { problem: problem.into(), path: path.to_owned() }
    }

    /// The operating system refused `action` on `path`; a missing file is [`EventsError::NotFound`].
    pub(crate) fn io(action: &'static str, source: io::Error, path: &Path) -> Self {
        if source.kind() == io::ErrorKind::NotFound {
            return Self::NotFound { path: path.to_owned() };
        }
        Self::Io { action, source, path: path.to_owned() }
    }
}
