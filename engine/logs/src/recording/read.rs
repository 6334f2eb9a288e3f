//! Frames read from their files: neighbouring ones by large reads, distant ones one by one, each checked.

use super::error::RecordingError;
use super::frame::{self, HEADER};
use super::frames::{Frame, Frames};
use super::reader::Recording;
use super::text::count as counted;

/// Bytes that one read asks for at most, where a frame is not longer.
const READ_BYTES: usize = 4 << 20;
/// A gap between wanted frames up to this is read through rather than stepped over.
const GAP_BYTES: usize = 16 << 10;
/// Frames of more bytes than this are not read at once.
const MOST_AT_ONCE: usize = 256 << 20;

/// Frames `index`, `index + stride`, … of one session, as they stand in its file.
struct Piece {
    session: usize,
    index: u64,
    frames: usize,
}

impl Recording {
    /// Reads the kept frames `first`, `first + stride`, … whole: `count` of them, or fewer where the recording ends. A stride of 0 is
    /// taken as 1.
    ///
    /// The check of each is looked at: a damaged one, or one of another session or recording, is NaN everywhere and named in
    /// [`Frames::bad`].
    ///
    /// # Errors
    /// If these frames have more than 256 MiB, or a file cannot be read.
    pub fn read(&self, first: usize, stride: usize, count: usize) -> Result<Frames, RecordingError> {
        let stride = stride.max(1);
        let there = self.frames().saturating_sub(first).div_ceil(stride).min(count);
        let pieces = self.pieces(first, stride, there);
        let bytes = pieces.iter().try_fold(0_usize, |all, piece| {
            all.checked_add(piece.frames.checked_mul(self.frame_bytes(piece.session))?)
        });
        let bytes = bytes.filter(|bytes| *bytes <= MOST_AT_ONCE).ok_or_else(|| {
            let frames = counted(there, "frame");
            let problem = format!("{frames} of it are more than can be read at once; ask for fewer");
            RecordingError::unusable(problem, self.path())
        })?;
        let mut frames = Frames::default();
        frames.numbers.reserve_exact((bytes / 4).saturating_sub(there * HEADER / 4));
        frames.heads.reserve_exact(there);
        frames.steps.reserve_exact(there);
        let mut bad = Vec::new();
        for piece in pieces {
            self.read_piece(&piece, stride, &mut frames, &mut bad)?;
        }
        self.remember(bad.into_iter(), back(&frames));
        frames.fill_steps();
        Ok(frames)
    }

    /// The wanted frames session by session; all of them are there.
    fn pieces(&self, first: usize, stride: usize, count: usize) -> Vec<Piece> {
        let mut pieces = Vec::new();
        let mut done = 0;
        while done < count {
            let frame = first + done * stride;
            let Some((session, index, _)) = self.locate(frame) else { break };
            let Some(found) = self.sessions().get(session) else { break };
            let left = found.first + found.frames - frame;
            let frames = left.div_ceil(stride).min(count - done).max(1);
            pieces.push(Piece { session, index, frames });
            done += frames;
        }
        pieces
    }

    fn frame_bytes(&self, session: usize) -> usize {
        let part = self.sessions().get(session).and_then(|session| self.state.traces.get(session.part));
        part.map_or(0, |traces| traces.frame_bytes)
    }

    fn read_piece(
        &self,
        piece: &Piece,
        stride: usize,
        frames: &mut Frames,
        bad: &mut Vec<(usize, u64)>,
    ) -> Result<(), RecordingError> {
        let Some(part) = self.sessions().get(piece.session).map(|session| session.part) else {
            return Ok(());
        };
        let Some((traces, layout)) = self.state.traces.get(part).zip(self.state.layouts.get(part)) else {
            return Ok(());
        };
        let size = traces.frame_bytes;
        let step = stride.saturating_mul(size);
        let is_read_through = step.saturating_sub(size) <= GAP_BYTES;
        let at_once = if is_read_through { (READ_BYTES.saturating_sub(size) / step + 1).max(1) } else { 1 };
        let mut buffer = Vec::new();
        let mut done = 0;
        while done < piece.frames {
            let now = at_once.min(piece.frames - done);
            let index = piece.index + (done * stride) as u64;
            buffer.resize((now - 1) * step + size, 0);
            traces.held.read_at(traces.offset(index), &mut buffer)?;
            for (number, bytes) in buffer.chunks(step).enumerate() {
                let frame_bytes = bytes.get(..size).unwrap_or(bytes);
                let frame =
                    Frame { session: piece.session, layout: layout.clone(), at: frames.numbers.len() };
                if !self.take(frame_bytes, frame, frames) {
                    bad.push((part, index + (number * stride) as u64));
                }
            }
            done += now;
        }
        Ok(())
    }

    /// Adds one frame, as NaN if it is not sound, which is what the answer says.
    fn take(&self, bytes: &[u8], frame: Frame, frames: &mut Frames) -> bool {
        let sound = frame::sound(self.id(), bytes).filter(|header| header.session as usize == frame.session);
        let numbers = bytes.get(HEADER..).unwrap_or_default();
        let (numbers, _) = numbers.as_chunks::<4>();
        if let Some(header) = sound {
            frames.steps.push(header.step);
            frames.numbers.extend(numbers.iter().map(|bytes| f32::from_le_bytes(*bytes)));
        } else {
            frames.bad.push(frames.heads.len());
            frames.steps.push(0);
            frames.numbers.extend(numbers.iter().map(|_| f32::NAN));
        }
        frames.heads.push(frame);
        sound.is_some()
    }
}

/// The first two steps of one session that do not grow.
fn back(frames: &Frames) -> Option<(u64, u64)> {
    let mut before: Option<(usize, u64)> = None;
    for (at, (frame, step)) in frames.heads.iter().zip(&frames.steps).enumerate() {
        if frames.bad.binary_search(&at).is_ok() {
            continue;
        }
        if let Some((session, earlier)) = before
            && session == frame.session
            && *step <= earlier
        {
            return Some((earlier, *step));
        }
        before = Some((frame.session, *step));
    }
    None
}
