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
    /// Those looked at are sound and of another session.
    OfAnotherSession,
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
    let step = |from| -> Result<Option<u64>, RecordingError> {
        Ok(sound(id, number, range.clone(), from, traces)?.map(|(_, step)| step))
    };
    stretch.first_step = step(From::First)?;
    // Where no frame is sound, the other end says nothing more.
    stretch.last_step = if stretch.first_step.is_some() { step(From::Last)? } else { None };
    stretch.doubt = match (stretch.first_step, stretch.last_step) {
        (Some(first), Some(last)) if last < first => Some(Doubt::GoesBack(first, last)),
        (None, None) => {
            let second = (range.start + 1).min(last);
            let frames = [range.start, second, last].map(|index| traces.frame(index));
            Some(match of_another(frames.into_iter().flatten()) {
                Some(other) if other == id => Doubt::OfAnotherSession,
                other => other.map_or(Doubt::NoneSound, Doubt::OfAnother),
            })
        }
        _ => None,
    };
    Ok(stretch)
}

/// The number of the recording that these frames are of, if all fit one. One frame alone fits some number whatever it is, and so do
/// several with the same bytes; so their steps must differ.
fn of_another(frames: impl Iterator<Item = Vec<u8>>) -> Option<u32> {
    let said: Vec<(u64, u32)> =
        frames.filter_map(|frame| Some((Header::of(&frame)?.step, frame::id_that_fits(&frame)?))).collect();
    let (first, last) = said.first().zip(said.last())?;
    (first.0 < last.0 && said.iter().all(|(_, id)| *id == first.1)).then_some(first.1)
}

/// The header of a frame if it is sound and of this session.
fn header(id: u32, number: usize, index: u64, traces: &Traces) -> Result<Option<Header>, RecordingError> {
    Ok(traces.header(id, index)?.filter(|header| header.session as usize == number))
}

/// From which end of a range frames are looked at.
#[derive(Clone, Copy)]
enum From {
    First,
    Last,
}

/// The first or last sound frame of this session in `range`, and its step. Where damaged frames stand side by side, few of them are
/// looked at.
fn sound(
    id: u32,
    number: usize,
    range: Range<u64>,
    from: From,
    traces: &Traces,
) -> Result<Option<(u64, u64)>, RecordingError> {
    let length = range.end.saturating_sub(range.start);
    let look = |at: u64| -> Result<Option<(u64, u64)>, RecordingError> {
        let index = match from {
            From::First => range.start + at,
            From::Last => range.end - 1 - at,
        };
        Ok(header(id, number, index, traces)?.map(|header| (index, header.step)))
    };
    let (mut at, mut distance, mut damaged) = (0, 1, 0);
    let mut found = None;
    while at < length {
        found = look(at)?;
        if found.is_some() {
            break;
        }
        damaged = at;
        if at >= TRIED {
            distance *= 2;
        }
        // The far end is looked at before giving up.
        at = if at + 1 < length { (at + distance).min(length - 1) } else { length };
    }
    while found.is_some() && at > damaged + 1 {
        let middle = damaged + (at - damaged) / 2;
        match look(middle)? {
            None => damaged = middle,
            nearer => (at, found) = (middle, nearer),
        }
    }
    Ok(found)
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
        match sound(id, number, range, From::First, traces)? {
            Some((index, step)) if step < limit => low = index - stretch.begin + 1,
            // Damaged frames before one that lies beyond the limit may be of either side; they go with it where they are all in between.
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
                let kept = stretch.begin..stretch.begin + stretch.kept;
                sound(id, number, kept, From::Last, traces)?.map(|(_, step)| step)
            };
        }
        limit = first.map_or(limit, |first| first.min(limit));
    }
    Ok(())
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
