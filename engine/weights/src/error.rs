//! What can be wrong with a weight file, in sentences for people.

use std::io;
use std::path::{Path, PathBuf};

use thiserror::Error;

use crate::text::{shown, shown_path};

/// Why a weight file, or a part of it, is refused.
#[derive(Debug, Error)]
pub enum WeightsError {
    /// Nothing lies there.
    #[error("no such file or folder; check the path: {}", shown_path(path))]
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
    /// One tensor of the file cannot be read.
    #[error("the tensor {} cannot be read: {reason}: {}", shown(name), shown_path(path))]
    Tensor {
        /// Its name.
        name: String,
        /// Why, as a clause.
        reason: String,
        /// The file it lies in.
        path: PathBuf,
    },
    /// The file is no longer the one that was opened.
    #[error("the file has changed since it was opened; open it again: {}", shown_path(path))]
    Changed {
        /// The file.
        path: PathBuf,
    },
    /// The caller asked to stop.
    #[error("reading was cancelled: {}", shown_path(path))]
    Cancelled {
        /// The file that was being read.
        path: PathBuf,
    },
}

impl WeightsError {
    /// Nothing lies at `path`.
    pub fn not_found(path: &Path) -> Self {
        Self::NotFound { path: path.to_owned() }
    }

    /// The file at `path` cannot be used, for the reason in the sentence `problem`, which also says what to do.
    pub fn unusable(problem: impl Into<String>, path: &Path) -> Self {
        Self::Unusable { problem: problem.into(), path: path.to_owned() }
    }

    /// The tensor `name` of the file at `path` cannot be read, for the reason in the clause `reason`.
    pub fn tensor(name: &str, reason: impl Into<String>, path: &Path) -> Self {
        Self::Tensor { name: name.to_owned(), reason: reason.into(), path: path.to_owned() }
    }

    /// The operating system refused `action` on `path`; a missing file is [`WeightsError::NotFound`].
    pub(crate) fn io(action: &'static str, source: io::Error, path: &Path) -> Self {
        if source.kind() == io::ErrorKind::NotFound {
            return Self::not_found(path);
        }
        Self::Io { action, source, path: path.to_owned() }
    }
}
