//! The file of one part's frames: how many are whole, and single frames of it.

use std::path::PathBuf;

use super::error::RecordingError;
use super::file::{Held, Opened, Stamp};
use super::frame::{self, HEADER, Header};

/// Frames up to this length are read whole and checked where only their step is asked for; of longer ones the header is believed.
const CHECKED_WHOLE: usize = 256 << 10;

/// The file of one part's frames as it stood at the last look.
#[derive(Debug)]
pub(super) struct Traces {
    pub(super) held: Held,
    pub(super) frame_bytes: usize,
    /// Whole frames in it.
    pub(super) frames: u64,
    /// How it stood; `None` if it was not there.
    pub(super) stamp: Option<Stamp>,
    /// Headers of its first and its last whole frame, by which a file that was swapped is noticed.
    pub(super) marks: Vec<(u64, [u8; HEADER])>,
}

impl Traces {
    /// The file at `path` as it was just opened; `None` if it is not there yet.
    ///
    /// # Errors
    /// If the first or last frame cannot be read.
    pub(super) fn new(
        path: PathBuf,
        frame_bytes: usize,
        opened: Option<Opened>,
    ) -> Result<Self, RecordingError> {
        let stamp = opened.as_ref().map(|opened| opened.stamp);
        let frames = stamp.map_or(0, |stamp| stamp.bytes) / frame_bytes.max(1) as u64;
        let held = Held::new(path, opened.map(|opened| opened.file));
        let mut traces = Self { held, frame_bytes, frames, stamp, marks: Vec::new() };
        for index in [0, frames.saturating_sub(1)] {
            if index < frames && traces.marks.iter().all(|(mark, _)| *mark != index) {
                let mut header = [0; HEADER];
                traces.held.read_at(traces.offset(index), &mut header)?;
                traces.marks.push((index, header));
            }
        }
        Ok(traces)
    }

    /// Bytes behind the last whole frame: one that is being written, or was never finished.
    pub(super) fn torn(&self) -> u64 {
        self.stamp.map_or(0, |stamp| stamp.bytes) - self.frames * self.frame_bytes as u64
    }

    /// Where a frame begins.
    pub(super) fn offset(&self, index: u64) -> u64 {
        index.saturating_mul(self.frame_bytes as u64)
    }

    /// True if the file that `other` sees begins and goes on as this one did.
    pub(super) fn goes_on_in(&self, other: &Self) -> Result<bool, RecordingError> {
        for (index, known) in &self.marks {
            let mut header = [0; HEADER];
            other.held.read_at(other.offset(*index), &mut header)?;
            if header != *known {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// The bytes of one frame.
    pub(super) fn frame(&self, index: u64) -> Result<Vec<u8>, RecordingError> {
        if index >= self.frames {
            return Err(RecordingError::unusable("it holds no such frame", self.held.path()));
        }
        let mut bytes = vec![0; self.frame_bytes];
        self.held.read_at(self.offset(index), &mut bytes)?;
        Ok(bytes)
    }

    /// The header of a frame; `None` if its check is wrong.
    pub(super) fn header(&self, id: u32, index: u64) -> Result<Option<Header>, RecordingError> {
        if self.frame_bytes <= CHECKED_WHOLE {
            return Ok(frame::sound(id, &self.frame(index)?));
        }
        let mut header = [0; HEADER];
        self.held.read_at(self.offset(index), &mut header)?;
        Ok(Header::of(&header))
    }
}
