//! Where the steps of a run fall, because a training was stopped and began again from an earlier state.

use std::collections::HashMap;
use std::sync::Arc;

use super::entry::{Entry, Session, What};

/// Follows the entries of one run, in the order in which they were read, and says where steps fall.
///
/// Each tag is followed by itself, because a program may write some tags behind others. When a training begins again, every one of its
/// tags falls; these belong to one seam, and [`Fall::is_new`] is true for the first of them only.
#[derive(Clone, Debug, Default)]
pub struct Steps {
    /// The last step of each tag, and the seam after which it was written.
    tags: HashMap<Arc<str>, (i64, u64)>,
    greatest: Option<i64>,
    seams: u64,
}

/// A step that is less than one before it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fall {
    /// Whose steps fall; `None` if the file itself says that the training began again ([`Session::Start`]).
    pub tag: Option<Arc<str>>,
    /// The last step of the tag before; with no tag, the greatest of all.
    pub before: i64,
    /// The step that it falls to.
    pub after: i64,
    /// Whether this is the first fall of a seam; others of the same seam follow, one for each tag.
    pub is_new: bool,
}

impl Steps {
    /// Nothing seen yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Looks at the next entry of the run; gives the fall if its step is less than the last one of its tag, or if it says that the
    /// training began again at a step that had been passed.
    pub fn look(&mut self, entry: &Entry) -> Option<Fall> {
        match &entry.what {
            What::Scalar { tag, .. } | What::Histogram { tag, .. } => self.of_tag(tag, entry.step),
            What::Session(Session::Start) => {
                let before = self.greatest.filter(|greatest| *greatest > entry.step)?;
                self.seams += 1;
                self.greatest = Some(entry.step);
                Some(Fall { tag: None, before, after: entry.step, is_new: true })
            }
            What::Version(_) | What::Session(_) => None,
        }
    }

    /// How many seams there were.
    pub fn seams(&self) -> u64 {
        self.seams
    }

    fn of_tag(&mut self, tag: &Arc<str>, step: i64) -> Option<Fall> {
        let Some((last, seam)) = self.tags.get_mut(tag) else {
            self.tags.insert(Arc::clone(tag), (step, self.seams));
            self.greatest = self.greatest.max(Some(step));
            return None;
        };
        let before = std::mem::replace(last, step);
        if step >= before {
            *seam = self.seams;
            self.greatest = self.greatest.max(Some(step));
            return None;
        }
        let is_new = *seam == self.seams;
        if is_new {
            self.seams += 1;
            self.greatest = Some(step);
        }
        *seam = self.seams;
        self.greatest = self.greatest.max(Some(step));
        Some(Fall { tag: Some(Arc::clone(tag)), before, after: step, is_new })
    }
}
