//! `manifest.json`: where a run comes from, how it stands, what it found. The one file that a table of runs needs.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use weightscope_data::Read;

/// How a run stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// It goes (or its program died: see [`Status::Interrupted`]).
    #[default]
    Running,
    /// It came to its end.
    Done,
    /// A person ended it; what it had is kept.
    Cancelled,
    /// It ended with an error; what it had is kept.
    Failed,
    /// Its program ended in the middle; it can be resumed.
    Interrupted,
}

impl Status {
    /// The word in files.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Running => "running",
            Self::Done => "done",
            Self::Cancelled => "cancelled",
            Self::Failed => "failed",
            Self::Interrupted => "interrupted",
        }
    }
}

/// The run from which a run was forked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Parent {
    /// Its id.
    pub id: String,
    /// Step of the fork.
    pub step: u64,
}

/// Outcome of `verify`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Verification {
    /// True if the repeated metric stream was the same, bit for bit.
    pub identical: bool,
    /// Version that repeated it.
    pub version: String,
    /// When, RFC 3339.
    pub at: String,
}

/// What `manifest.json` holds: where a run comes from, how it stands, what it found.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Manifest {
    /// Identity: the name under which the run was made.
    pub id: String,
    /// How it stands.
    pub status: Status,
    /// Why it failed or was interrupted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// Lab.
    pub lab: String,
    /// Preset or file that it came from, in words.
    pub origin: String,
    /// Seed.
    pub seed: u64,
    /// Version of the program.
    pub version: String,
    /// Device that computed it, in words.
    pub device: String,
    /// Start, RFC 3339, UTC.
    pub started: String,
    /// End, RFC 3339, UTC.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ended: Option<String>,
    /// Seconds of work.
    pub seconds: f64,
    /// Step reached.
    pub step: u64,
    /// Steps planned.
    pub steps: u64,
    /// Name of the machine.
    pub host: String,
    /// Its cores.
    pub cores: usize,
    /// blake3 of the resolved experiment.
    pub config_hash: String,
    /// blake3 of the data set, when one was opened.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub dataset_hash: Option<String>,
    /// What was read from each source of data.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub data: Vec<Read>,
    /// True if the run went on although its data had changed, because a person said so.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub data_changed: bool,
    /// blake3 of the metric stream (figures of the machine aside).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stream_hash: Option<String>,
    /// blake3 of `files.b3`, the hashes of the run's files, once it is done.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub files_hash: Option<String>,
    /// Run and step of origin, for a fork.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub parent: Option<Parent>,
    /// Outcome of the last `verify`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub verified: Option<Verification>,
    /// Final figures of the run.
    pub results: BTreeMap<String, f64>,
    /// What some of them are of, in words that only the run knows: the method that came out best, its stage.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub results_of: BTreeMap<String, String>,
    /// The person's name for it; empty where it goes by what tells it from its preset.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub name: String,
    /// The person's note.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub note: String,
    /// The person's tags.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub tags: Vec<String>,
    /// The person's star.
    pub star: bool,
    /// The number of the series colour that the person chose for it; none where it has the one that it is given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub color: Option<usize>,
}

impl Manifest {
    /// Hashes of the data that the run read; empty for a run that has read none yet.
    pub fn data_hashes(&self) -> Vec<String> {
        // Runs of older programs keep one hash and nothing else.
        let old = self.dataset_hash.iter().filter(|_| self.data.is_empty()).cloned();
        self.data.iter().map(|read| read.hash.clone()).chain(old).collect()
    }

    /// Takes what a person or another command wrote into the file while a run held its own copy.
    pub fn keep_personal(&mut self, file: &Self) {
        self.name.clone_from(&file.name);
        self.note.clone_from(&file.note);
        self.tags.clone_from(&file.tags);
        self.star = file.star;
        self.color = file.color;
        self.verified.clone_from(&file.verified);
    }
}
