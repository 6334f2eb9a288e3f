//! A file that is read by position while others append to it: never mapped, never locked, opened anew at each look.

use std::fs::{File, Metadata};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::UNIX_EPOCH;

use super::error::RecordingError;

/// How a file stood when it was looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Stamp {
    /// Its length.
    pub(super) bytes: u64,
    /// When it was last written, in nanoseconds since 1970; 0 where the file system does not tell.
    modified: u128,
    /// Device and number of the file where the system has them: another one after a rename onto its name.
    identity: (u64, u64),
}

/// A plain file that was opened just now, and how it stood.
#[derive(Debug)]
pub(super) struct Opened {
    pub(super) file: Arc<File>,
    pub(super) stamp: Stamp,
}

/// Opens a plain file, `None` if there is none.
///
/// Opening anew, rather than asking for the length, is what makes the client of a network drive look again. Pipes, devices and sockets
/// are refused before they are opened, because opening one can wait for ever.
pub(super) fn open(path: &Path) -> Result<Option<Opened>, RecordingError> {
    let opened = std::fs::metadata(path)
        .and_then(|found| refuse_what_is_no_file(&found))
        .and_then(|()| File::open(path))
        .and_then(|file| file.metadata().map(|metadata| (file, metadata)));
    match opened {
        Ok((file, metadata)) => Ok(Some(Opened { file: Arc::new(file), stamp: stamp_of(&metadata) })),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(RecordingError::io("opening", error, path)),
    }
}

/// Reads a whole file of at most `most` bytes, and how it stood.
pub(super) fn read_whole(path: &Path, most: u64) -> Result<(Vec<u8>, Stamp), RecordingError> {
    let opened = open(path)?.ok_or_else(|| RecordingError::NotFound { path: path.to_owned() })?;
    let length = usize::try_from(opened.stamp.bytes).ok().filter(|_| opened.stamp.bytes <= most);
    let length = length.ok_or_else(|| {
        let problem = format!(
            "it is {} bytes long, more than the {most} that are read; record fewer places of each tensor",
            opened.stamp.bytes
        );
        RecordingError::unusable(problem, path)
    })?;
    let mut bytes = vec![0; length];
    read_exact_at(&opened.file, &mut bytes, 0).map_err(|error| RecordingError::io("reading", error, path))?;
    Ok((bytes, opened.stamp))
}

/// A file that stays open between reads, so that what was seen can be read after its name is gone.
#[derive(Debug)]
pub(super) struct Held {
    path: PathBuf,
    file: Mutex<Option<Arc<File>>>,
}

impl Held {
    /// The file at `path`, open already or not there yet.
    pub(super) fn new(path: PathBuf, file: Option<Arc<File>>) -> Self {
        Self { path, file: Mutex::new(file) }
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Fills `buffer` from `offset` on; a handle that went stale on a network drive is opened once more.
    ///
    /// # Errors
    /// If the file ends before, is gone, or the system refuses.
    pub(super) fn read_at(&self, offset: u64, buffer: &mut [u8]) -> Result<(), RecordingError> {
        let held = self.file.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let missing = || RecordingError::NotFound { path: self.path.clone() };
        let mut read = match &held {
            Some(file) => read_exact_at(file, buffer, offset),
            None => Err(io::ErrorKind::StaleNetworkFileHandle.into()),
        };
        if read.as_ref().is_err_and(|error| error.kind() == io::ErrorKind::StaleNetworkFileHandle) {
            let opened = open(&self.path)?.ok_or_else(missing)?;
            read = read_exact_at(&opened.file, buffer, offset);
            *self.file.lock().unwrap_or_else(PoisonError::into_inner) = Some(opened.file);
        }
        read.map_err(|error| match error.kind() {
            io::ErrorKind::UnexpectedEof => {
                RecordingError::replaced("the file ends before what it held; it was cut off", &self.path)
            }
            _ => RecordingError::io("reading", error, &self.path),
        })
    }
}

fn refuse_what_is_no_file(metadata: &Metadata) -> io::Result<()> {
    if metadata.is_file() {
        return Ok(());
    }
    let what = if metadata.is_dir() { "a folder" } else { "a pipe, a device or a socket" };
    Err(io::Error::new(io::ErrorKind::InvalidInput, format!("this is {what}, not a file")))
}

fn stamp_of(metadata: &Metadata) -> Stamp {
    let time = metadata.modified().ok().and_then(|time| time.duration_since(UNIX_EPOCH).ok());
    Stamp {
        bytes: metadata.len(),
        modified: time.map_or(0, |since| since.as_nanos()),
        identity: identity(metadata),
    }
}

#[cfg(unix)]
fn identity(metadata: &Metadata) -> (u64, u64) {
    use std::os::unix::fs::MetadataExt as _;
    (metadata.dev(), metadata.ino())
}

#[cfg(not(unix))]
fn identity(metadata: &Metadata) -> (u64, u64) {
    let time = metadata.created().ok().and_then(|time| time.duration_since(UNIX_EPOCH).ok());
    (0, time.map_or(0, |since| since.as_nanos() as u64))
}

/// Fills `buffer` from `offset` on.
#[cfg(unix)]
pub(super) fn read_exact_at(file: &File, buffer: &mut [u8], offset: u64) -> io::Result<()> {
    std::os::unix::fs::FileExt::read_exact_at(file, buffer, offset)
}

/// Fills `buffer` from `offset` on.
#[cfg(windows)]
pub(super) fn read_exact_at(file: &File, mut buffer: &mut [u8], mut offset: u64) -> io::Result<()> {
    use std::os::windows::fs::FileExt as _;
    while !buffer.is_empty() {
        match file.seek_read(buffer, offset) {
            Ok(0) => return Err(io::ErrorKind::UnexpectedEof.into()),
            Ok(read) => {
                buffer = buffer.get_mut(read..).unwrap_or_default();
                offset += read as u64;
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

/// Fills `buffer` from `offset` on.
#[cfg(not(any(unix, windows)))]
pub(super) fn read_exact_at(_file: &File, _buffer: &mut [u8], _offset: u64) -> io::Result<()> {
    Err(io::Error::new(io::ErrorKind::Unsupported, "this system reads no file by position"))
}
