//! What can be wrong with a weight file, in sentences for people.

use std::path::{Path, PathBuf};

use thiserror::Error;

/// Why a weight file, or a part of it, is refused.
#[derive(Debug, Error)]
pub enum WeightsError {
    /// Nothing lies there.
    #[error("no such file or folder; check the path: {}", path.display())]
    NotFound {
        /// Where it was looked for.
        path: PathBuf,
    },
}

impl WeightsError {
    /// Nothing lies at `path`.
    pub fn not_found(path: &Path) -> Self {
        Self::NotFound { path: path.to_owned() }
    }
}
