//! Recordings: folders that a training writes step by step with the recorder `weightscope_recorder.py`, read while they grow, and
//! written for tests and exports. Their format is described beside the recorder, in `FORMAT.md`.
//!
//! - [`Recording`]: a folder that is open; [`Recording::refresh`] looks again; [`Frames`]: what was read of it
//! - [`Metrics`]: the lines of `metrics.jsonl` as they come
//! - [`Writer`]: writes a recording as the recorder does; [`sampled`] draws which weights
//!
//! Contract: nothing is locked, mapped or changed by reading. Memory does not grow with the length of a recording: there is no index,
//! frames of one size are found by their number. Each frame is checked before a number of it is given; a damaged one is NaN and named.
//! No number of a file is trusted before it is checked. The clock is never read.

mod document;
mod error;
mod file;
mod frame;
mod frames;
mod hash;
mod line;
mod look;
mod metrics;
mod read;
mod reader;
mod said;
mod sample;
mod sessions;
mod tensors;
mod traces;
mod write;

/// The recorder: one file of Python that a person copies into a project.
pub const RECORDER: &str = include_str!("../../../../assets/recorder/weightscope_recorder.py");

pub use error::RecordingError;
pub use frames::{Frames, Statistics};
pub use line::Line;
pub use look::Looked;
pub use metrics::{Batch, MOST_NAMES, Metrics, Superseded};
pub use reader::{Recording, is_recording};
pub use sample::{Measured, sampled};
pub use sessions::Session;
pub use tensors::Tensor;
pub use write::{Start, Writer};

#[cfg(test)]
mod tests;
