//! TensorBoard event files (`events.out.tfevents.*`): scalars and histograms, read while a training still writes them, and written.
//!
//! Contract: [`Reader`] and [`Folder`] read on from where they stood, in bounded steps, and never lock or map a file. All checksums are
//! compared; what is damaged is skipped and named with its place ([`Problem`]), the sound rest is given. No bytes make them panic, and no
//! length is believed that the file does not have. The classical forms of values and those of TensorFlow 2 give the same [`Entry`].
//! [`Writer`] writes the classical forms, which every reader knows.
//!
//! Reading a folder live:
//! ```
//! use weightscope_logs::events::{EventsError, Folder, What};
//!
//! fn losses(folder: &mut Folder) -> Result<Vec<(i64, f64)>, EventsError> {
//!     let mut points = Vec::new();
//!     for batch in folder.poll()? {
//!         for entry in batch.entries {
//!             if let What::Scalar { tag, value } = entry.what
//!                 && &*tag == "loss"
//!             {
//!                 points.push((entry.step, value));
//!             }
//!         }
//!     }
//!     Ok(points)
//! }
//! ```

mod bins;
mod decode;
mod entry;
mod error;
mod folder;
mod follow;
mod frame;
mod kind;
mod list;
mod problem;
mod read;
mod steps;
mod tags;
mod tensor;
#[cfg(test)]
mod tests;
mod wire;
mod write;

pub use entry::{Bins, Counts, Entry, Other, Session, What};
pub use error::EventsError;
pub use folder::{Batch, Folder, FollowedRun};
pub use kind::{has_events_name, is_events_file};
pub use list::{Run, runs};
pub use problem::{Problem, Problems};
pub use read::Reader;
pub use steps::{Fall, Steps};
pub use write::{Writer, file_name};
