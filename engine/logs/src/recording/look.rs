//! One look at a folder: what its description and its files say at one moment, checked against the look before.

use std::path::Path;
use std::sync::Arc;

use super::document::{Document, MOST_BYTES};
use super::error::RecordingError;
use super::file::{self, Opened, Stamp};
use super::sessions::{self, Session, Stretch};
use super::tensors::{self, Layout, Tensor};
use super::traces::Traces;
use crate::text::count;

/// The name of the description.
pub(super) const DESCRIPTION: &str = "recording.json";
/// Looks until description and files agree.
const LOOKS: usize = 4;

/// What a recording held at one look.
#[derive(Debug)]
pub(super) struct State {
    description: Stamp,
    pub(super) document: Arc<Document>,
    pub(super) tensors: Arc<Vec<Tensor>>,
    pub(super) layouts: Arc<Vec<Arc<Layout>>>,
    pub(super) traces: Vec<Traces>,
    pub(super) stretches: Vec<Stretch>,
    pub(super) sessions: Vec<Session>,
    /// Frames whose sessions the description does not name (yet).
    pub(super) unnamed: u64,
}

/// Length, time and identity of each file of a recording, as they stood at one look.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Looked(Vec<Option<Stamp>>);

/// The description, if it is another than before, and the files of frames.
struct Look {
    stamp: Stamp,
    document: Option<Document>,
    opened: Vec<Option<Opened>>,
}

impl State {
    /// Looks at a folder for the first time.
    pub(super) fn open(folder: &Path) -> Result<Self, RecordingError> {
        let look = look(folder, None)?;
        let path = folder.join(DESCRIPTION);
        let document = look.document.ok_or(RecordingError::NotFound { path })?;
        Self::new(folder, look.stamp, Arc::new(document), look.opened, None)
    }

    /// Looks again; `None` if nothing is other than before.
    ///
    /// # Errors
    /// If the folder or a file is gone, or they are not those of before.
    pub(super) fn again(&self, folder: &Path) -> Result<Option<Self>, RecordingError> {
        let look = look(folder, Some(self))?;
        let stamps = look.opened.iter().map(|opened| opened.as_ref().map(|opened| opened.stamp));
        if look.document.is_none() && stamps.eq(self.traces.iter().map(|traces| traces.stamp)) {
            return Ok(None);
        }
        let document = look.document.map_or_else(|| self.document.clone(), Arc::new);
        self.refuse_another(&document, &folder.join(DESCRIPTION))?;
        for (traces, opened) in self.traces.iter().zip(&look.opened) {
            refuse_shrunken(traces, opened.as_ref())?;
        }
        let state = Self::new(folder, look.stamp, document, look.opened, Some(self))?;
        for (before, now) in self.traces.iter().zip(&state.traces) {
            if before.stamp != now.stamp && !before.goes_on_in(now)? {
                return Err(RecordingError::replaced(
                    "the file holds other frames than it did; it was swapped",
                    now.held.path(),
                ));
            }
        }
        Ok(Some(state))
    }

    fn new(
        folder: &Path,
        description: Stamp,
        document: Arc<Document>,
        opened: Vec<Option<Opened>>,
        before: Option<&Self>,
    ) -> Result<Self, RecordingError> {
        let files = document.parts.iter().zip(opened);
        let traces: Vec<Traces> = files
            .map(|(part, opened)| Traces::new(folder.join(&part.file), part.frame_bytes, opened))
            .collect::<Result<_, _>>()?;
        let known = before.map_or(&[] as &[Stretch], |before| &before.stretches);
        let (stretches, unnamed) = sessions::stretches(document.id(), &document.sessions, &traces, known)?;
        let same = before.filter(|before| before.document.parts.len() == document.parts.len());
        let (tensors, layouts) = if let Some(same) = same {
            (same.tensors.clone(), same.layouts.clone())
        } else {
            let (tensors, layouts) = tensors::of_parts(&document.parts);
            (Arc::new(tensors), Arc::new(layouts))
        };
        let sessions = sessions::sessions(&document.sessions, &stretches);
        Ok(Self { description, document, tensors, layouts, traces, stretches, sessions, unnamed })
    }

    /// Number of kept frames.
    pub(super) fn frames(&self) -> usize {
        self.sessions.last().map_or(0, |last| last.first.saturating_add(last.frames))
    }

    /// The stamps of all files.
    pub(super) fn looked(&self) -> Looked {
        let traces = self.traces.iter().map(|traces| traces.stamp);
        Looked(std::iter::once(Some(self.description)).chain(traces).collect())
    }

    /// True if people see something else in `other`.
    pub(super) fn looks_other_than(&self, other: &Self) -> bool {
        self.sessions != other.sessions
            || self.document != other.document
            || self.unnamed != other.unnamed
            || self.traces.iter().map(Traces::torn).ne(other.traces.iter().map(Traces::torn))
    }

    /// Refuses the description of another recording, or one that denies what was there.
    fn refuse_another(&self, document: &Document, path: &Path) -> Result<(), RecordingError> {
        if document.id() != self.document.id() {
            let problem = format!(
                "another recording lies here now, {:08x} where {:08x} was",
                document.id(),
                self.document.id()
            );
            return Err(RecordingError::replaced(problem, path));
        }
        let are_parts_same = document.parts.starts_with(&self.document.parts);
        let begun = |document: &Document| -> Vec<(usize, u64)> {
            document.sessions.iter().map(|session| (session.part, session.frame)).collect()
        };
        if !are_parts_same || !begun(document).starts_with(&begun(&self.document)) {
            let problem = "the description names other tensors or sessions than it did";
            return Err(RecordingError::replaced(problem, path));
        }
        Ok(())
    }
}

/// Looks at the files between two looks at the description that agree, so that no frame is seen whose session is not.
fn look(folder: &Path, before: Option<&State>) -> Result<Look, RecordingError> {
    let path = folder.join(DESCRIPTION);
    let missing = || RecordingError::NotFound { path: path.clone() };
    let mut document: Option<(Stamp, Document)> = None;
    let mut looks = 0;
    loop {
        let stamp = file::open(&path)?.ok_or_else(missing)?.stamp;
        let is_known = before.is_some_and(|before| before.description == stamp);
        let is_read = document.as_ref().is_some_and(|(read, _)| *read == stamp);
        if is_known {
            document = None;
        } else if !is_read {
            let (bytes, stamp) = file::read_whole(&path, MOST_BYTES)?;
            document = Some((stamp, Document::parse(&bytes, &path)?));
        }
        let known = before.map(|before| before.document.as_ref());
        let parts = document.as_ref().map(|(_, document)| document).or(known).map(|known| &known.parts);
        let opened = parts.into_iter().flatten().map(|part| file::open(&folder.join(&part.file)));
        let opened = opened.collect::<Result<Vec<_>, _>>()?;
        looks += 1;
        let now = file::open(&path)?.ok_or_else(missing)?.stamp;
        if now == document.as_ref().map_or(stamp, |(read, _)| *read) || looks == LOOKS {
            let (stamp, document) = document.map_or((stamp, None), |(stamp, read)| (stamp, Some(read)));
            return Ok(Look { stamp, document, opened });
        }
    }
}

/// Refuses a file that holds fewer whole frames than it did; a torn end may be cut off.
fn refuse_shrunken(traces: &Traces, opened: Option<&Opened>) -> Result<(), RecordingError> {
    let path = traces.held.path();
    let Some(opened) = opened else {
        if traces.frames == 0 {
            return Ok(());
        }
        return Err(RecordingError::NotFound { path: path.to_owned() });
    };
    let now = opened.stamp.bytes / traces.frame_bytes.max(1) as u64;
    if now < traces.frames {
        let (before, now) = (count(traces.frames as usize, "frame"), count(now as usize, "frame"));
        let problem = format!("the file held {before} and now holds {now}; it was cut off or swapped");
        return Err(RecordingError::replaced(problem, path));
    }
    Ok(())
}
