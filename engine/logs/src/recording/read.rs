//! Frames read from their files: neighbouring ones by large reads, distant ones each by its own and several at a time, all checked.

use std::thread;

use super::error::RecordingError;
use super::frame::{self, HEADER};
use super::frames::{Frame, Frames};
use super::reader::Recording;
use crate::text::count as counted;

/// Bytes that one read asks for at most, where a frame is not longer.
const READ_BYTES: usize = 4 << 20;
/// A gap between wanted frames up to this is read through rather than stepped over.
const GAP_BYTES: usize = 16 << 10;
/// Frames of more bytes than this are not read at once.
const MOST_AT_ONCE: usize = 256 << 20;

/// Distant frames are read by as many threads, so that a disk or a network drive is asked for the next while it looks for the last.
const THREADS: usize = 8;
/// A thread for fewer frames than this is not worth its start.
const FEWEST_EACH: usize = 64;

/// Frames `index`, `index + stride`, … of one session, as they stand in its file.
struct Piece {
    session: usize,
    index: u64,
    frames: usize,
}

/// Frames of one share as they are read, and which of them are damaged as parts and numbers in their files.
struct Taken {
    heads: Vec<Frame>,
    steps: Vec<u64>,
    numbers: Vec<f32>,
    bad: Vec<(usize, u64)>,
    /// The same as indices of this share.
    bad_heads: Vec<usize>,
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
        if bytes.is_none_or(|bytes| bytes > MOST_AT_ONCE) {
            let frames = counted(there, "frame");
            let problem = format!("{frames} of it are more than can be read at once; ask for fewer");
            return Err(RecordingError::unusable(problem, self.path()));
        }
        let step = |piece: &Piece| self.frame_bytes(piece.session).saturating_mul(stride - 1);
        let is_scattered = pieces.iter().any(|piece| step(piece) > GAP_BYTES);
        let each = if is_scattered { there.div_ceil(THREADS).max(FEWEST_EACH) } else { there };
        let shares = if each < there {
            self.read_by_threads(first, stride, there, each)?
        } else {
            vec![self.read_pieces(&pieces, stride)?]
        };
        let mut frames = Frames::default();
        for (piece, taken) in shares.into_iter().enumerate() {
            let before = frames.heads.len();
            frames.heads.extend(taken.heads.into_iter().map(|head| Frame { piece, ..head }));
            frames.steps.extend(taken.steps);
            frames.numbers.push(taken.numbers);
            frames.bad.extend(taken.bad_heads.into_iter().map(|frame| before + frame));
            self.remember(taken.bad.into_iter(), None);
        }
        self.remember(std::iter::empty(), back(&frames));
        frames.fill_steps();
        Ok(frames)
    }

    /// Reads `there` frames in shares of `each`, one for a thread.
    fn read_by_threads(
        &self,
        first: usize,
        stride: usize,
        there: usize,
        each: usize,
    ) -> Result<Vec<Taken>, RecordingError> {
        let refused = |error| RecordingError::io("reading", error, self.path());
        let failed = |_| RecordingError::unusable("a thread that read it broke off; try again", self.path());
        thread::scope(|scope| {
            let share = |begin: usize| {
                let pieces = self.pieces(first + begin * stride, stride, each.min(there - begin));
                let read = move || self.read_pieces(&pieces, stride);
                let name = "recording frames".to_owned();
                thread::Builder::new().name(name).spawn_scoped(scope, read).map_err(refused)
            };
            let shares: Vec<_> = (0..there).step_by(each).map(share).collect();
            shares.into_iter().map(|share| share?.join().map_err(failed)?).collect()
        })
    }

    fn read_pieces(&self, pieces: &[Piece], stride: usize) -> Result<Taken, RecordingError> {
        let frames = pieces.iter().map(|piece| piece.frames).sum();
        let numbers =
            |piece: &Piece| piece.frames * (self.frame_bytes(piece.session).saturating_sub(HEADER) / 4);
        let mut taken = Taken {
            heads: Vec::with_capacity(frames),
            steps: Vec::with_capacity(frames),
            numbers: Vec::with_capacity(pieces.iter().map(numbers).sum()),
            bad: Vec::new(),
            bad_heads: Vec::new(),
        };
        for piece in pieces {
            self.read_piece(piece, stride, &mut taken)?;
        }
        Ok(taken)
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

    fn read_piece(&self, piece: &Piece, stride: usize, taken: &mut Taken) -> Result<(), RecordingError> {
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
                let frame = Frame {
                    session: piece.session,
                    layout: layout.clone(),
                    piece: 0,
                    at: taken.numbers.len(),
                };
                if !self.take(frame_bytes, frame, taken) {
                    taken.bad.push((part, index + (number * stride) as u64));
                }
            }
            done += now;
        }
        Ok(())
    }

    /// Adds one frame, as NaN if it is not sound, which is what the answer says.
    fn take(&self, bytes: &[u8], frame: Frame, taken: &mut Taken) -> bool {
        let sound = frame::sound(self.id(), bytes).filter(|header| header.session as usize == frame.session);
        let numbers = bytes.get(HEADER..).unwrap_or_default();
        let (numbers, _) = numbers.as_chunks::<4>();
        if let Some(header) = sound {
            taken.steps.push(header.step);
            taken.numbers.extend(numbers.iter().map(|bytes| f32::from_le_bytes(*bytes)));
        } else {
            taken.bad_heads.push(taken.heads.len());
            taken.steps.push(0);
            taken.numbers.extend(numbers.iter().map(|_| f32::NAN));
        }
        taken.heads.push(frame);
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
