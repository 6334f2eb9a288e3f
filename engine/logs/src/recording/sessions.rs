//! Which frames of a file belong to which start of the training, and which of them a later start has superseded.

use std::ops::Range;

use super::document::Begun;
use super::error::RecordingError;
use super::frame::{self, Header};
use super::traces::Traces;

/// Frames behind a damaged one that are tried in its place one by one; further ones at growing distances.
const TRIED: u64 = 16;

/// One start of the training.
#[derive(Clone, Debug, PartialEq)]
pub struct Session {
    /// Which set of tensors it writes, counted from 0.
    pub part: usize,
    /// The index of its first kept frame among those of the whole recording.
    pub first: usize,
    /// Number of its frames that are kept.
    pub frames: usize,
    /// Number of its frames that are left out because a later session began at their step or before.
    pub superseded: usize,
    /// The step of its first sound frame, kept or not; `None` before there is one.
    pub first_step: Option<u64>,
    /// The step of its last sound frame that is kept; `None` if none is.
    pub last_step: Option<u64>,
    /// When it began, in seconds since 1970 by the clock of the training's machine.
    pub started: f64,
    /// The machine that it ran on.
    pub host: String,
    /// The number of its process there.
    pub pid: u64,
    /// When that process began, in ticks of the machine's clock since its start; 0 where unknown.
    pub born: u64,
}

/// What one session left in the file of its part.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Stretch {
    /// Its first frame in the file.
    pub(super) begin: u64,
    /// Number of its frames, superseded ones among them.
    pub(super) held: u64,
    /// Number of those that are kept: the first ones.
    pub(super) kept: u64,
    first_step: Option<u64>,
    last_step: Option<u64>,
    /// The step of the last sound frame that is kept.
    kept_step: Option<u64>,
    /// The smallest first step of all later sessions, for which `kept` was found.
    limit: Option<u64>,
    /// What is odd about its first and last frames.
    pub(super) doubt: Option<Doubt>,
}

/// What is odd about the frames of a session.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Doubt {
    /// Those looked at fit the number of another recording.
    OfAnother(u32),
    /// None of those looked at is sound.
    NoneSound,
    /// Its last step is smaller than its first.
    GoesBack(u64, u64),
}

/// The frames of each session, and how many at the end of each file belong to sessions that are not named (yet).
pub(super) fn stretches(
    id: u32,
    begun: &[Begun],
    traces: &[Traces],
    before: &[Stretch],
) -> Result<(Vec<Stretch>, u64), RecordingError> {
    let mut unnamed = 0;
    let mut ends: Vec<u64> = Vec::with_capacity(traces.len());
    for (part, traces) in traces.iter().enumerate() {
        let end = named(id, traces, begun, part)?;
        unnamed += traces.frames - end;
        ends.push(end);
    }
    let mut found = vec![Stretch::default(); begun.len()];
    for (number, session) in begun.iter().enumerate().rev() {
        let (Some(end), Some(traces), Some(place)) =
            (ends.get_mut(session.part), traces.get(session.part), found.get_mut(number))
        else {
            continue;
        };
        let range = session.frame.min(*end)..*end;
        *end = range.start;
        *place = match before.get(number) {
            Some(known) if known.begin == range.start && known.held == range.end - range.start => {
                known.clone()
            }
            _ => examined(id, number, range, traces)?,
        };
    }
    supersede(id, begun, traces, &mut found)?;
    Ok((found, unnamed))
}

/// Number of frames of a part whose sessions are named: where a network drive shows frames before the description that names their
/// session, those wait.
fn named(id: u32, traces: &Traces, begun: &[Begun], part: usize) -> Result<u64, RecordingError> {
    let is_named = |header: Header| (header.session as usize) < begun.len();
    let from = begun.iter().rfind(|session| session.part == part).map_or(traces.frames, |last| last.frame);
    let last = traces.frames.checked_sub(1);
    let is_whole = match last {
        Some(last) if last >= from => traces.header(id, last)?.is_none_or(is_named),
        _ => true,
    };
    if is_whole {
        return Ok(traces.frames);
    }
    let (mut low, mut high) = (from, traces.frames);
    while low < high {
        let middle = low + (high - low) / 2;
        if traces.header(id, middle)?.is_none_or(is_named) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    Ok(low)
}

/// Looks at the first and last frames of a session.
fn examined(id: u32, number: usize, range: Range<u64>, traces: &Traces) -> Result<Stretch, RecordingError> {
    let mut stretch = Stretch { begin: range.start, held: range.end - range.start, ..Stretch::default() };
    let Some(last) = range.end.checked_sub(1).filter(|last| *last >= range.start) else {
        return Ok(stretch);
    };
    let first = sound(id, number, range.clone(), traces)?;
    stretch.first_step = first.map(|(_, step)| step);
    for index in (range.start..range.end).rev().take(TRIED as usize) {
        if let Some(header) = header(id, number, index, traces)? {
            stretch.last_step = Some(header.step);
            break;
        }
    }
    stretch.doubt = match (stretch.first_step, stretch.last_step) {
        (Some(first), Some(last)) if last < first => Some(Doubt::GoesBack(first, last)),
        (None, None) => {
            let second = (range.start + 1).min(last);
            let ids = [range.start, second, last].map(|index| traces.frame(index));
            let mut ids = ids.into_iter().filter_map(|bytes| frame::id_that_fits(&bytes.ok()?));
            let other = ids.next().filter(|other| *other != id && ids.all(|id| id == *other));
            // With one frame alone any damage fits some number.
            Some(other.filter(|_| last > range.start).map_or(Doubt::NoneSound, Doubt::OfAnother))
        }
        _ => None,
    };
    Ok(stretch)
}

/// The header of a frame if it is sound and of this session.
fn header(id: u32, number: usize, index: u64, traces: &Traces) -> Result<Option<Header>, RecordingError> {
    Ok(traces.header(id, index)?.filter(|header| header.session as usize == number))
}

/// The first sound frame of this session in `range`, of those that are tried, and its step; damaged stretches of any length cost few
/// tries.
pub(super) fn sound(
    id: u32,
    number: usize,
    range: Range<u64>,
    traces: &Traces,
) -> Result<Option<(u64, u64)>, RecordingError> {
    let (mut index, mut distance) = (range.start, 1);
    while index < range.end {
        if let Some(header) = header(id, number, index, traces)? {
            return Ok(Some((index, header.step)));
        }
        if index - range.start >= TRIED {
            distance *= 2;
        }
        index = index.saturating_add(distance);
    }
    Ok(None)
}

/// Number of a session's first `count` frames whose steps are smaller than `limit`.
pub(super) fn below(
    id: u32,
    number: usize,
    stretch: &Stretch,
    count: u64,
    limit: u64,
    traces: &Traces,
) -> Result<u64, RecordingError> {
    let (mut low, mut high) = (0, count);
    while low < high {
        let middle = low + (high - low) / 2;
        let range = stretch.begin + middle..stretch.begin + high;
        match sound(id, number, range, traces)? {
            Some((index, step)) if step < limit => low = index - stretch.begin + 1,
            // Damaged frames before one that lies beyond the limit may be of either side; they go with it.
            _ => high = middle,
        }
    }
    Ok(low)
}

/// Finds how many frames of each session no later one has superseded.
fn supersede(
    id: u32,
    begun: &[Begun],
    traces: &[Traces],
    found: &mut [Stretch],
) -> Result<(), RecordingError> {
    let mut limit = u64::MAX;
    for (number, stretch) in found.iter_mut().enumerate().rev() {
        let first = stretch.first_step;
        let traces = begun.get(number).and_then(|session| traces.get(session.part));
        if let Some(traces) = traces.filter(|_| stretch.limit != Some(limit)) {
            stretch.limit = Some(limit);
            stretch.kept = if stretch.last_step.is_some_and(|last| last < limit) || limit == u64::MAX {
                stretch.held
            } else if first.is_some_and(|first| first >= limit) {
                0
            } else {
                below(id, number, stretch, stretch.held, limit, traces)?
            };
            stretch.kept_step = if stretch.kept == stretch.held {
                stretch.last_step
            } else {
                last_sound(id, number, stretch, traces)?
            };
        }
        limit = first.map_or(limit, |first| first.min(limit));
    }
    Ok(())
}

fn last_sound(
    id: u32,
    number: usize,
    stretch: &Stretch,
    traces: &Traces,
) -> Result<Option<u64>, RecordingError> {
    let kept = stretch.begin..stretch.begin + stretch.kept;
    for index in kept.rev().take(TRIED as usize) {
        if let Some(header) = header(id, number, index, traces)? {
            return Ok(Some(header.step));
        }
    }
    Ok(None)
}

/// The sessions for people and views.
pub(super) fn sessions(begun: &[Begun], stretches: &[Stretch]) -> Vec<Session> {
    let mut first = 0;
    let session = |(begun, stretch): (&Begun, &Stretch)| {
        let frames = usize::try_from(stretch.kept).unwrap_or(usize::MAX);
        let session = Session {
            part: begun.part,
            first,
            frames,
            superseded: usize::try_from(stretch.held - stretch.kept).unwrap_or(usize::MAX),
            first_step: stretch.first_step,
            last_step: stretch.kept_step,
            started: begun.started,
            host: begun.host.clone(),
            pid: begun.pid,
            born: begun.born,
        };
        first = first.saturating_add(frames);
        session
    };
    begun.iter().zip(stretches).map(session).collect()
}
