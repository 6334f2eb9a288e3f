//! A recording that is open: which frames it holds, and looking again while it grows.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use super::document::{self, MOST_BYTES};
use super::error::RecordingError;
use super::file;
use super::look::{DESCRIPTION, Looked, State};
use super::sessions::{self, Session};
use super::tensors::Tensor;
use super::traces::Traces;

/// More damaged frames than this are not remembered one by one.
const MOST_REMEMBERED: usize = 1000;

/// True if a folder holds a recording of ours: of any version, and one whose description is broken behind its first key.
pub fn is_recording(path: &Path) -> bool {
    let path = path.join(DESCRIPTION);
    let Ok(Some(opened)) = file::open(&path) else { return false };
    let mut beginning = vec![0; opened.stamp.bytes.min(256) as usize];
    if file::read_exact_at(&opened.file, &mut beginning, 0).is_err() {
        return false;
    }
    document::is_ours(&beginning, || file::read_whole(&path, MOST_BYTES).ok().map(|(bytes, _)| bytes))
}

/// A recording that is open, and goes on to be written by others meanwhile.
///
/// It shows what was there at the last look: [`Recording::refresh`] looks again. Frames are counted over all sessions in the order of
/// their steps; those that a later session superseded, because the training went on from an earlier step, are left out. All reading
/// is by position and from any thread.
#[derive(Debug)]
pub struct Recording {
    folder: PathBuf,
    pub(super) state: State,
    /// Why the last look was refused.
    pub(super) trouble: Option<String>,
    pub(super) found: Mutex<Found>,
}

/// What reading found.
#[derive(Debug, Default)]
pub(super) struct Found {
    /// Damaged frames, as part and number in its file.
    pub(super) bad: BTreeSet<(usize, u64)>,
    /// A step and a smaller or equal one of the same session behind it.
    pub(super) back: Option<(u64, u64)>,
}

impl Recording {
    /// Opens the recording in a folder. The time does not depend on its length.
    ///
    /// # Errors
    /// If there is none, if its description is broken, of another version or cannot be true, or a file cannot be read. Damaged or
    /// missing frames are no error: [`Recording::said`] names them.
    pub fn open(path: &Path) -> Result<Self, RecordingError> {
        let state = State::open(path)?;
        Ok(Self { folder: path.to_owned(), state, trouble: None, found: Mutex::default() })
    }

    /// Looks again for new frames, sessions and parts, and says whether there is anything new. Where nothing was written it opens each
    /// file and reads none.
    ///
    /// # Errors
    /// If the folder is gone, or its files are cut off, swapped, or those of another recording. What was seen before then stays as it
    /// was and can still be read where the system lets it, and later looks may succeed.
    pub fn refresh(&mut self) -> Result<bool, RecordingError> {
        let looked = self.state.again(&self.folder);
        self.trouble = looked.as_ref().err().map(RecordingError::to_string);
        let Some(state) = looked? else { return Ok(false) };
        let is_new = self.state.looks_other_than(&state);
        self.state = state;
        Ok(is_new)
    }

    /// The folder.
    pub fn path(&self) -> &Path {
        &self.folder
    }

    /// The number that was drawn for it when it was begun; shown as eight hexadecimal digits.
    pub fn id(&self) -> u32 {
        self.state.document.id()
    }

    /// All tensors that it records, over all parts, in order of first appearance. While it grows, tensors are only added behind these,
    /// and places and rows only behind those of their tensor.
    pub fn tensors(&self) -> &[Tensor] {
        &self.state.tensors
    }

    /// Each start of the training, in order.
    pub fn sessions(&self) -> &[Session] {
        &self.state.sessions
    }

    /// Number of kept frames of all sessions.
    pub fn frames(&self) -> usize {
        self.state.frames()
    }

    /// Length of all its files of frames in bytes, at the last look.
    pub fn bytes(&self) -> u64 {
        self.state.traces.iter().filter_map(|traces| traces.stamp).map(|stamp| stamp.bytes).sum()
    }

    /// How its files stood at the last look. Two looks that give the same saw the same frames.
    pub fn looked(&self) -> Looked {
        self.state.looked()
    }

    /// The folder of its checkpoints, which may not be there.
    pub fn checkpoints(&self) -> PathBuf {
        self.folder.join("checkpoints")
    }

    /// The step of a kept frame. Frames of more than 256 KiB are not checked for this.
    ///
    /// # Errors
    /// If there is no such frame, it is damaged, or cannot be read.
    pub fn step(&self, frame: usize) -> Result<u64, RecordingError> {
        let (session, index, traces) = self.locate(frame).ok_or_else(|| {
            let problem = format!("it holds {} frames, so there is no frame {frame}", self.frames());
            RecordingError::unusable(problem, &self.folder)
        })?;
        let header = traces.header(self.id(), index)?;
        header.filter(|header| header.session as usize == session).map(|header| header.step).ok_or_else(
            || {
                let problem = format!("frame {index} is damaged; its step is not known");
                RecordingError::unusable(problem, traces.held.path())
            },
        )
    }

    /// The last kept frame at or before a step; 0 if all are later or there is none. Reads a number of frames that grows with the
    /// logarithm of the length. Damaged frames count with the sound ones before them.
    ///
    /// # Errors
    /// If a frame cannot be read.
    pub fn frame_at(&self, step: u64) -> Result<usize, RecordingError> {
        let begins_before =
            |session: &&Session| session.frames > 0 && session.first_step.is_some_and(|first| first <= step);
        let Some(session) = self.sessions().iter().rfind(begins_before) else { return Ok(0) };
        let number = self.sessions().iter().position(|other| std::ptr::eq(other, session)).unwrap_or(0);
        let found = self.state.stretches.get(number).zip(self.state.traces.get(session.part));
        let Some((stretch, traces)) = found else { return Ok(session.first) };
        let limit = step.saturating_add(1);
        let below = if session.last_step.is_some_and(|last| last < limit) {
            stretch.kept
        } else {
            sessions::below(self.id(), number, stretch, stretch.kept, limit, traces)?
        };
        Ok(session.first + (below.saturating_sub(1) as usize).min(session.frames.saturating_sub(1)))
    }

    /// The session, the number in its file and the file of a kept frame.
    pub(super) fn locate(&self, frame: usize) -> Option<(usize, u64, &Traces)> {
        let after = self.state.sessions.partition_point(|session| session.first <= frame);
        // Sessions without a kept frame begin where the next one does, so the last that begins here is the one that has it.
        let number = after.checked_sub(1)?;
        let session =
            self.state.sessions.get(number).filter(|session| frame - session.first < session.frames)?;
        let stretch = self.state.stretches.get(number)?;
        Some((number, stretch.begin + (frame - session.first) as u64, self.state.traces.get(session.part)?))
    }

    /// Remembers what reading found.
    pub(super) fn remember(&self, bad: impl Iterator<Item = (usize, u64)>, back: Option<(u64, u64)>) {
        let mut found = self.found.lock().unwrap_or_else(PoisonError::into_inner);
        let room = MOST_REMEMBERED.saturating_sub(found.bad.len());
        found.bad.extend(bad.take(room));
        found.back = found.back.or(back);
    }
}
