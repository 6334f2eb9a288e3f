//! `state/K.json`: what the manifest of a run cannot say of a task: out of time, preempted, queued again and how often.
//!
//! Contract: written whole or not at all. A file that is torn or gone counts as none: the run's manifest says the rest.

use std::fs;
use std::path::Path;

use serde::{Deserialize, Serialize};
use weightscope_frame::store::{StoreError, write_atomically};

/// How a task stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Standing {
    /// Nobody has begun it, or it is queued again.
    #[default]
    Waiting,
    /// It is in work.
    Running,
    /// Its process is stopped, and goes on when it is told to.
    Paused,
    /// It came to its end.
    Done,
    /// It ended with an error.
    Failed,
    /// A person ended it.
    Cancelled,
    /// Its process was ended by the machine, with or without a word; what it had saved is kept.
    Preempted,
    /// Its time was up, and nobody asks for more.
    OutOfTime,
}

impl Standing {
    /// All of them, in the order of the counts.
    pub const ALL: [Self; 8] = [
        Self::Waiting,
        Self::Running,
        Self::Paused,
        Self::Done,
        Self::Failed,
        Self::Cancelled,
        Self::Preempted,
        Self::OutOfTime,
    ];

    /// The words for people.
    pub const fn words(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Running => "running",
            Self::Paused => "paused",
            Self::Done => "done",
            Self::Failed => "failed",
            Self::Cancelled => "cancelled",
            Self::Preempted => "preempted",
            Self::OutOfTime => "out of time",
        }
    }

    /// True if only `sweep retry` lets it be tried again.
    pub const fn is_closed(self) -> bool {
        matches!(self, Self::Failed | Self::OutOfTime)
    }
}

/// What `state/K.json` holds.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct State {
    /// How the task stands.
    pub status: Standing,
    /// Why, in words.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// Where it was last in work.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub host: String,
    /// Since when it stands so, RFC 3339, by the clock of that machine.
    pub since: String,
    /// How often it was queued again.
    pub requeues: u32,
    /// The job that is queued again for it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub queued: Option<String>,
}

impl State {
    /// Reads a state; `None` if there is none that can be read.
    pub fn read(path: &Path) -> Option<Self> {
        serde_json::from_slice(&fs::read(path).ok()?).ok()
    }

    /// True if it was written by somebody who had the task in work.
    pub fn is_in_work(&self) -> bool {
        matches!(self.status, Standing::Running | Standing::Paused)
    }

    /// Replaces a state.
    ///
    /// # Errors
    /// If the drive refuses.
    pub fn write(&self, path: &Path) -> Result<(), StoreError> {
        write_atomically(path, "the state of a task", |out| {
            serde_json::to_writer_pretty(&mut *out, self).map_err(std::io::Error::from)?;
            out.write_all(b"\n")
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_torn_state_is_none() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("3.json");
        assert_eq!(State::read(&path), None);
        let state = State { status: Standing::OutOfTime, requeues: 3, ..State::default() };
        state.write(&path).unwrap();
        assert_eq!(State::read(&path).as_ref(), Some(&state));
        let text = fs::read_to_string(&path).unwrap();
        assert!(text.contains("\"out_of_time\""), "{text}");
        for length in 0..text.trim_end().len() {
            fs::write(&path, &text[..length]).unwrap();
            assert_eq!(State::read(&path), None, "{length} bytes of it");
        }
    }
}
