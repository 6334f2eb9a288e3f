//! Data sets: opening, checking, splitting, standardizing and batching them, and downloading the known ones.
//!
//! Contract: what comes out of here is a [`Dataset`] that kept its checks (finite, rectangular, each label a
//! class) or a [`DataError`] that says what to do. Everything is deterministic: rows keep the order of the file,
//! and what is random takes a seed. Nothing here touches the network but [`catalogue::get`].

pub mod batches;
pub mod catalogue;
mod cifar;
mod csv;
pub mod dataset;
mod download;
mod element;
pub mod error;
mod idx;
mod labels;
#[cfg(test)]
mod loopback;
mod npy;
mod npz;
pub mod open;
pub mod read;
mod source;
pub mod split;
pub mod standardize;
pub mod table;

pub use batches::{EpochBatches, LastBatch};
pub use dataset::{Contents, Dataset, ImageShape, Target};
pub use download::Progress;
pub use error::{DataError, Problem};
pub use open::{OpenOptions, Part, TargetKind, open};
pub use read::{ColumnRead, Doubt, Read, ReadAs};
pub use split::Split;
pub use standardize::{Scope, Standardizer};
