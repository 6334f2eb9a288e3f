//! What a record of an event file gives: entries, and counts of what is not taken.

use std::sync::Arc;

/// One thing that a training wrote down: a number, a histogram, or a mark of the log itself.
#[derive(Clone, Debug, PartialEq)]
pub struct Entry {
    /// When it was written, in seconds since 1970, as the file says it; 0 where the file says nothing.
    pub wall_time: f64,
    /// The training's step, as the file says it; 0 where the file says nothing, and steps may fall (see [`Steps`](super::Steps)).
    pub step: i64,
    /// What was written.
    pub what: What,
}

/// What an [`Entry`] holds.
#[derive(Clone, Debug, PartialEq)]
pub enum What {
    /// The mark that files begin with, such as `brain.Event:2`.
    Version(String),
    /// A mark of the session: the training began, stopped or saved itself.
    Session(Session),
    /// One number.
    Scalar {
        /// Its name, as `loss/train`; all entries of a reader with the same name share one allocation.
        tag: Arc<str>,
        /// The number; NaN and infinities are passed on as they stand.
        value: f64,
    },
    /// How many values fall between edges.
    Histogram {
        /// Its name, as `layer.0/weight`; all entries of a reader with the same name share one allocation.
        tag: Arc<str>,
        /// The bins.
        bins: Bins,
    },
}

/// What a program that trains says about its session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Session {
    /// It begins, or begins again: what was written before with a greater step is out of date.
    Start,
    /// It stops.
    Stop,
    /// It saved a checkpoint.
    Checkpoint,
    /// Something that the file's format has no name for.
    Other,
}

/// A histogram: bin `i` holds `counts[i]` values between `edges[i]` and `edges[i + 1]`.
///
/// `edges` has one element more than `counts`, or both are empty. Edges are finite and never fall, but a bin may have no width (all
/// values were the same). Counts are finite, not negative, and may be fractions.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Bins {
    /// Where bins begin and end, rising.
    pub edges: Vec<f64>,
    /// Values in each bin.
    pub counts: Vec<f64>,
}

/// What an event file may hold that is counted, but not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Other {
    /// A picture.
    Image,
    /// A sound.
    Audio,
    /// A text.
    Text,
    /// A tensor of a program's own, or one whose kind the file never says.
    Tensor,
    /// Settings of a training (hyper-parameters) and their outcome.
    Hparams,
    /// A curve of precision over recall.
    PrCurve,
    /// A mesh of points in space.
    Mesh,
    /// How a page of curves is laid out.
    Layout,
    /// The graph of a network.
    Graph,
    /// How long the operations of one step took.
    RunMetadata,
    /// A line of a text log.
    Message,
    /// A histogram in a form that was given up in 2015.
    OldHistogram,
    /// A record or a value that holds nothing.
    Empty,
}

impl Other {
    /// All of them, in the order in which they are counted and named.
    pub const ALL: [Self; 13] = [
        Self::Image,
        Self::Audio,
        Self::Text,
        Self::Tensor,
        Self::Hparams,
        Self::PrCurve,
        Self::Mesh,
        Self::Layout,
        Self::Graph,
        Self::RunMetadata,
        Self::Message,
        Self::OldHistogram,
        Self::Empty,
    ];

    /// What it is called, for one and for several.
    fn names(self) -> (&'static str, &'static str) {
        match self {
            Self::Image => ("image", "images"),
            Self::Audio => ("sound", "sounds"),
            Self::Text => ("text", "texts"),
            Self::Tensor => ("tensor", "tensors"),
            Self::Hparams => ("record of hyper-parameters", "records of hyper-parameters"),
            Self::PrCurve => ("precision-recall curve", "precision-recall curves"),
            Self::Mesh => ("mesh", "meshes"),
            Self::Layout => ("layout of curves", "layouts of curves"),
            Self::Graph => ("graph", "graphs"),
            Self::RunMetadata => ("record of operations' times", "records of operations' times"),
            Self::Message => ("log message", "log messages"),
            Self::OldHistogram => ("histogram in an old form", "histograms in an old form"),
            Self::Empty => ("empty record", "empty records"),
        }
    }
}

/// How many things of each kind were read and not taken.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    numbers: [u64; Other::ALL.len()],
}

impl Counts {
    /// How many of this kind there were.
    pub fn of(&self, kind: Other) -> u64 {
        self.numbers.get(kind as usize).copied().unwrap_or(0)
    }

    /// How many there were of all kinds.
    pub fn total(&self) -> u64 {
        self.numbers.iter().sum()
    }

    /// A sentence for people, as `2 images and 1 text are not shown`; `None` if there was nothing.
    pub fn said(&self) -> Option<String> {
        let mut parts: Vec<String> = Other::ALL
            .into_iter()
            .filter(|kind| self.of(*kind) > 0)
            .map(|kind| {
                let (one, several) = kind.names();
                let count = self.of(kind);
                format!("{count} {}", if count == 1 { one } else { several })
            })
            .collect();
        let last = parts.pop()?;
        let verb = if self.total() == 1 { "is" } else { "are" };
        if parts.is_empty() {
            return Some(format!("{last} {verb} not shown"));
        }
        Some(format!("{} and {last} {verb} not shown", parts.join(", ")))
    }

    pub(crate) fn add(&mut self, kind: Other) {
        if let Some(number) = self.numbers.get_mut(kind as usize) {
            *number += 1;
        }
    }

    /// Adds the counts of `other` to these.
    pub fn merge(&mut self, other: &Self) {
        for (number, more) in self.numbers.iter_mut().zip(other.numbers) {
            *number += more;
        }
    }
}
