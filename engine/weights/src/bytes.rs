//! A file that is read by position: never mapped, never locked, never followed when it changes.

use std::fs::{File, Metadata};
use std::io;
use std::path::Path;
use std::time::UNIX_EPOCH;

use crate::error::WeightsError;
use crate::source::Stamp;

/// A plain file that stands open.
#[derive(Debug)]
pub(crate) struct WeightFile {
    file: File,
    stamp: Stamp,
}

impl WeightFile {
    /// Opens a plain file; pipes, devices and sockets are refused before they are opened, because opening one can wait for ever.
    pub(crate) fn open(path: &Path) -> Result<Self, WeightsError> {
        let found = std::fs::metadata(path).map_err(|error| WeightsError::io("opening", error, path))?;
        refuse_what_is_no_file(&found, path)?;
        let file = File::open(path).map_err(|error| WeightsError::io("opening", error, path))?;
        let metadata = file.metadata().map_err(|error| WeightsError::io("opening", error, path))?;
        refuse_what_is_no_file(&metadata, path)?;
        let stamp = Stamp { path: path.to_owned(), bytes: metadata.len(), modified: modified(&metadata) };
        Ok(Self { file, stamp })
    }

    pub(crate) fn path(&self) -> &Path {
        &self.stamp.path
    }

    /// Length of the file when it was opened.
    pub(crate) fn bytes(&self) -> u64 {
        self.stamp.bytes
    }

    pub(crate) fn stamp(&self) -> &Stamp {
        &self.stamp
    }

    /// Fills `buffer` from `offset` on.
    ///
    /// # Errors
    /// If the file ends before, or is no longer the one that was opened.
    pub(crate) fn read_at(&self, offset: u64, buffer: &mut [u8]) -> Result<(), WeightsError> {
        let read = read_exact_at(&self.file, buffer, offset);
        // A file that was written into meanwhile gives numbers of two states, so the time is looked at after each read.
        let metadata =
            self.file.metadata().map_err(|error| WeightsError::io("reading", error, self.path()))?;
        if metadata.len() != self.stamp.bytes || modified(&metadata) != self.stamp.modified {
            return Err(WeightsError::Changed { path: self.stamp.path.clone() });
        }
        read.map_err(|error| {
            if error.kind() == io::ErrorKind::UnexpectedEof {
                return WeightsError::unusable(
                    "the file ends before what was to be read; get it again",
                    self.path(),
                );
            }
            WeightsError::io("reading", error, self.path())
        })
    }

    /// Up to `count` bytes from `offset` on: fewer where the file ends.
    pub(crate) fn read_up_to(&self, offset: u64, count: usize) -> Result<Vec<u8>, WeightsError> {
        let left = self.bytes().saturating_sub(offset);
        let mut buffer = vec![0; usize::try_from(left).unwrap_or(usize::MAX).min(count)];
        self.read_at(offset, &mut buffer)?;
        Ok(buffer)
    }
}

fn refuse_what_is_no_file(metadata: &Metadata, path: &Path) -> Result<(), WeightsError> {
    if metadata.is_file() {
        return Ok(());
    }
    let what = if metadata.is_dir() { "a folder" } else { "a pipe, a device or a socket" };
    Err(WeightsError::unusable(format!("this is {what}, not a file; save the weights to a file first"), path))
}

/// When a file was last written, in nanoseconds since 1970; 0 where the file system does not tell.
pub(crate) fn modified(metadata: &Metadata) -> u128 {
    let time = metadata.modified().ok().and_then(|time| time.duration_since(UNIX_EPOCH).ok());
    time.map_or(0, |since| since.as_nanos())
}

#[cfg(unix)]
fn read_exact_at(file: &File, buffer: &mut [u8], offset: u64) -> io::Result<()> {
    std::os::unix::fs::FileExt::read_exact_at(file, buffer, offset)
}

#[cfg(windows)]
fn read_exact_at(file: &File, mut buffer: &mut [u8], mut offset: u64) -> io::Result<()> {
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

#[cfg(not(any(unix, windows)))]
fn read_exact_at(_file: &File, _buffer: &mut [u8], _offset: u64) -> io::Result<()> {
    Err(io::Error::new(io::ErrorKind::Unsupported, "this system reads no file by position"))
}
