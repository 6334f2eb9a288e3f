//! Every change of the disk that the store makes, one function each: so that a test sees what is written, synced and renamed in which
//! order, keeps apart what a power cut would take, and lets any of it fail.
//!
//! Contract: the store writes what a run keeps through this module only; log, lock and owner, which no run goes on from, aside. Without a watch an operation is the system's own, and one load of
//! an atomic is all that it costs.

use std::fs::{self, OpenOptions};
use std::io::{self, Seek as _, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, PoisonError, RwLock};

/// A change of the disk, before it is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Operation<'a> {
    /// A folder is made in a folder that exists.
    MakeFolder(&'a Path),
    /// A file is made, or emptied.
    Create(&'a Path),
    /// A file is opened for writing; it is made if it is not there, and keeps what it holds.
    Open(&'a Path),
    /// Bytes are written into a file.
    Write {
        /// The file, by the name under which it was opened.
        path: &'a Path,
        /// Where they go.
        at: u64,
        /// What is written.
        bytes: &'a [u8],
    },
    /// A file is cut, or filled up with zeros.
    Length {
        /// The file, by the name under which it was opened.
        path: &'a Path,
        /// Its new length, bytes.
        length: u64,
    },
    /// What a file holds is made durable.
    Sync(&'a Path),
    /// The names in a folder are made durable.
    SyncFolder(&'a Path),
    /// A file takes the name, and the place, of another.
    Rename {
        /// Its name until now.
        from: &'a Path,
        /// Its new name.
        to: &'a Path,
    },
    /// A file is removed.
    Remove(&'a Path),
}

impl Operation<'_> {
    /// The place that is changed.
    pub fn path(&self) -> &Path {
        match *self {
            Self::MakeFolder(path)
            | Self::Create(path)
            | Self::Open(path)
            | Self::Write { path, .. }
            | Self::Length { path, .. }
            | Self::Sync(path)
            | Self::SyncFolder(path)
            | Self::Rename { to: path, .. }
            | Self::Remove(path) => path,
        }
    }
}

/// Looks at each change before it is made.
pub trait Watch: Send + Sync {
    /// An error keeps the change from being made and is what the store sees of it.
    fn before(&self, operation: &Operation<'_>) -> io::Result<()>;
}

/// Watches by the folder beneath which they look.
static WATCHES: RwLock<Vec<(PathBuf, Arc<dyn Watch>)>> = RwLock::new(Vec::new());
/// Their count.
static WATCHED: AtomicUsize = AtomicUsize::new(0);

/// A watch in force, until it is dropped.
#[must_use = "a watch ends when it is dropped"]
pub struct Watching(PathBuf);

/// Sets a watch on all changes in a folder and beneath it: for tests of what a crash leaves behind.
pub fn watch(folder: &Path, by: Arc<dyn Watch>) -> Watching {
    let mut watches = WATCHES.write().unwrap_or_else(PoisonError::into_inner);
    watches.push((folder.to_owned(), by));
    WATCHED.store(watches.len(), Ordering::Release);
    Watching(folder.to_owned())
}

impl Drop for Watching {
    fn drop(&mut self) {
        let mut watches = WATCHES.write().unwrap_or_else(PoisonError::into_inner);
        watches.retain(|(folder, _)| *folder != self.0);
        WATCHED.store(watches.len(), Ordering::Release);
    }
}

fn before(operation: &Operation<'_>) -> io::Result<()> {
    if WATCHED.load(Ordering::Acquire) == 0 {
        return Ok(());
    }
    let watches = WATCHES.read().unwrap_or_else(PoisonError::into_inner);
    let mut of_place = watches.iter().filter(|(folder, _)| operation.path().starts_with(folder));
    of_place.try_for_each(|(_, watch)| watch.before(operation))
}

/// A file that is written.
#[derive(Debug)]
pub(super) struct Written {
    file: fs::File,
    path: PathBuf,
    at: u64,
}

impl Written {
    /// A new or emptied file.
    pub(super) fn create(path: &Path) -> io::Result<Self> {
        before(&Operation::Create(path))?;
        Ok(Self { file: fs::File::create(path)?, path: path.to_owned(), at: 0 })
    }

    /// A file that keeps what it holds, at its beginning.
    pub(super) fn open(path: &Path) -> io::Result<Self> {
        before(&Operation::Open(path))?;
        let file = OpenOptions::new().create(true).truncate(false).read(true).write(true).open(path)?;
        Ok(Self { file, path: path.to_owned(), at: 0 })
    }

    /// Goes to a place.
    pub(super) fn go_to(&mut self, at: u64) -> io::Result<()> {
        self.at = self.file.seek(SeekFrom::Start(at))?;
        Ok(())
    }

    /// Cuts the file, or fills it up with zeros; the next bytes are written at its end.
    pub(super) fn cut(&mut self, length: u64) -> io::Result<()> {
        before(&Operation::Length { path: &self.path, length })?;
        self.file.set_len(length)?;
        self.go_to(length)
    }

    /// Makes durable what was written.
    pub(super) fn sync(&self) -> io::Result<()> {
        before(&Operation::Sync(&self.path))?;
        self.file.sync_all()
    }
}

impl Write for Written {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        before(&Operation::Write { path: &self.path, at: self.at, bytes })?;
        // The whole or an error: a watch has been told of the whole.
        self.file.write_all(bytes)?;
        self.at += bytes.len() as u64;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

/// Makes a folder with those above it that are missing, each durable in the one that holds it: a run folder whose name is not synced is
/// lost whole in a power cut.
///
/// # Errors
/// What the system says of the first that cannot be made.
pub fn make_folders(path: &Path) -> io::Result<()> {
    if path.as_os_str().is_empty() || path.is_dir() {
        return Ok(());
    }
    if let Some(above) = path.parent() {
        make_folders(above)?;
    }
    before(&Operation::MakeFolder(path))?;
    match fs::create_dir(path) {
        // Another program, or another thread, was faster.
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists && path.is_dir() => Ok(()),
        Err(error) => Err(error),
        Ok(()) => {
            sync_folder_of(path);
            Ok(())
        }
    }
}

/// Gives a file another name, durably.
pub(super) fn rename(from: &Path, to: &Path) -> io::Result<()> {
    before(&Operation::Rename { from, to })?;
    fs::rename(from, to)?;
    sync_folder_of(to);
    Ok(())
}

/// Removes a file.
pub(super) fn remove(path: &Path) -> io::Result<()> {
    before(&Operation::Remove(path))?;
    fs::remove_file(path)
}

/// A name must survive a power cut too; systems that cannot sync a folder lose nothing else by it.
fn sync_folder_of(path: &Path) {
    let folder = match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    };
    if before(&Operation::SyncFolder(folder)).is_ok()
        && let Ok(opened) = fs::File::open(folder)
    {
        let _ = opened.sync_all();
    }
}
