//! What can go wrong with run folders, in words a person can act on.

use std::io;
use std::path::{Path, PathBuf};

/// Errors of the store.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The folder of a new run, or of something made of a run, is already in use.
    #[error("the folder is not empty; name a new or an empty folder: {}", .0.display())]
    NotEmpty(PathBuf),
    /// Not a run folder at all.
    #[error("this is no run folder, it holds no manifest.json: {}", .0.display())]
    NoRun(PathBuf),
    /// Another program works in the folder.
    #[error("another weightscope is working on this run; wait for it or cancel it: {}", .0.display())]
    Busy(PathBuf),
    /// A program elsewhere works in the folder.
    #[error("this run is running there: {owner}; wait for it or end it there: {}", path.display())]
    RunningThere {
        /// Machine, process and beginning.
        owner: String,
        /// The run.
        path: PathBuf,
    },
    /// Another program has taken the run over.
    #[error("another program has taken this run over while this one stood still; nothing more is written, and the run goes on there: {}", .0.display())]
    TakenOver(PathBuf),
    /// A file of the run cannot be understood.
    #[error("{what} is damaged ({why}); {advice}: {}", path.display())]
    Damaged {
        /// The file's role.
        what: &'static str,
        /// What the reader stumbled over.
        why: String,
        /// What to do.
        advice: &'static str,
        /// The file.
        path: PathBuf,
    },
    /// Something cannot be made of a run as it stands.
    #[error("{what} cannot be made: {why}; {advice}: {}", path.display())]
    Lacking {
        /// What was asked for.
        what: &'static str,
        /// What the run lacks.
        why: &'static str,
        /// What to do.
        advice: &'static str,
        /// The run.
        path: PathBuf,
    },
    /// A run is kept from being thrown away or put back.
    #[error("{why}; {advice}: {}", path.display())]
    Kept {
        /// What is in the way.
        why: String,
        /// What to do.
        advice: &'static str,
        /// The run.
        path: PathBuf,
    },
    /// A file is no pack, or one that is not to be trusted.
    #[error("the pack cannot be opened: {why}; {advice}: {}", path.display())]
    Pack {
        /// What is wrong with it.
        why: String,
        /// What to do.
        advice: &'static str,
        /// The file.
        path: PathBuf,
    },
    /// The disk is full.
    #[error("the disk is full while writing {what}; free some space, then resume the run: {}", path.display())]
    Full {
        /// The file's role.
        what: &'static str,
        /// The file.
        path: PathBuf,
    },
    /// The place cannot be written.
    #[error("no permission to write {what} (or the disk is read-only); choose another folder with --out: {}", path.display())]
    Forbidden {
        /// The file's role.
        what: &'static str,
        /// The file.
        path: PathBuf,
    },
    /// Anything else the system said.
    #[error("cannot use {what} ({cause}); check the place or choose another: {}", path.display())]
    Io {
        /// The file's role.
        what: &'static str,
        /// What the system said.
        cause: io::Error,
        /// The file.
        path: PathBuf,
    },
}

impl StoreError {
    /// Sorts a system error by what the person can do about it.
    pub fn io(what: &'static str, path: &Path, source: io::Error) -> Self {
        let path = path.to_owned();
        match source.kind() {
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => Self::Full { what, path },
            io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => {
                Self::Forbidden { what, path }
            }
            _ => Self::Io { what, cause: source, path },
        }
    }
}
