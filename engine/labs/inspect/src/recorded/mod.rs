//! A recording on the scope: sampled weights over the steps of a training, quantized afterwards.
//!
//! - `taken`: what is held of a recording, thinned where it is long; `placed`: those weights on the axis of a quantizer
//! - `figures`: level changes by their cause, oscillations, path ratio; `pictures`: what the record keeps
//!
//! Contract: figures follow from the frames and the settings alone. A long recording is thinned by a power of two that depends on its
//! length alone, and that is said; frames between are read again where a view looks closer.

pub(crate) mod figures;
pub(crate) mod pictures;
pub(crate) mod placed;
pub(crate) mod taken;
#[cfg(test)]
mod tests;

pub(crate) use figures::{Figures, figures};
pub(crate) use placed::{Placed, place};
pub(crate) use taken::{Taken, Track};
