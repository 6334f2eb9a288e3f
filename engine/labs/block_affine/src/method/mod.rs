//! The mathematics of the lab, pure: adapters of a frozen linear layer, and the models whose layers they adapt.
//!
//! A linear layer has weights `W [out, in]` and gives `y = x·Wᵀ + bias` for rows `x [n, in]`. An adapter says what is added to W:
//! - [`bone`]: weight-guided blocks; [`miss`]: a tiled slab; [`lora`]: a product of two thin matrices; [`dora`]: that with row lengths
//! - [`initial`]: PiSSA, OLoRA, LoRA-GA; [`linear`]: gradients of the layer; [`budget`]: equal numbers of parameters
//! - [`convert`]: one adapter as another; [`fit`]: the adapter nearest to a given update; [`diagnose`]: what an update looks like
//! - [`llama`], [`rwkv`], [`gpt`]: the base models on the host, [`network`]: what they share; [`toy`]: the published sine task; [`error`]: what is refused
//!
//! Contract: no file, no clock, no random number but from a given stream; everything runs in f32 and f64 and is compared in both.
//! Marks in the docs: "established" is read in released code or the paper, "inferred" is a conclusion of this program.

pub mod bone;
pub mod budget;
#[cfg(test)]
mod checks;
pub mod convert;
pub mod diagnose;
pub mod dora;
pub mod error;
pub mod fit;
pub mod gpt;
pub mod initial;
pub mod linear;
pub mod llama;
pub mod lora;
pub mod miss;
pub mod network;
pub mod rwkv;
pub mod toy;

pub use error::AdapterError;
