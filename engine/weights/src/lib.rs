//! Weight files of one's own: what kind a file is, which tensors it holds, their rows on demand, and figures of each tensor.
//!
//! - [`source`]: the trait [`Source`] and what it says of a tensor; [`open()`] is the one way in
//! - [`kind`]: what a file is, told by its first bytes
//! - [`folder`]: the checkpoints of a folder in their order; [`hash`]: fingerprints of files and of their tensors
//! - [`adapter`]: low-rank adapters, and a base with one merged in; [`mod@write`]: adapters as files
//! - [`mod@tied`]: equal tensors of one source
//! - [`names`]: which tensors of two sources belong together
//! - [`element`]: types of elements and their values as `f32`
//! - [`measure`]: figures of one tensor or of two: statistics, quantization, outliers, spectra, the form of a change
//!
//! Contract: knows no lab and no window. Nothing in a file is ever executed, nothing is written but what [`mod@write`] is asked to,
//! nothing outside the named folder is followed. Files are read by position, never mapped. The kind is told by the first bytes, never
//! by the ending. What was taken, dropped or guessed is said ([`Source::said`]); what cannot be read is refused with a sentence, and
//! a tensor that cannot be read is named while the others stand.

pub mod adapter;
mod archive;
mod array;
mod bytes;
pub mod element;
pub mod error;
pub mod folder;
pub mod hash;
mod held;
pub mod kind;
#[cfg(any(test, feature = "kit"))]
pub mod kit;
pub mod measure;
pub mod names;
mod noted;
mod numpy;
mod open;
mod safe;
mod scaled;
mod shards;
pub mod source;
mod table;
pub mod text;
pub mod tied;
mod torch;
mod unpack;
pub mod write;

pub use element::Element;
pub use error::WeightsError;
pub use held::open_held;
pub use kind::{Kind, kind_of};
pub use open::open;
pub use source::{Readable, Source, Stamp, Tensor};
pub use tied::tied;

#[cfg(test)]
mod tests;
