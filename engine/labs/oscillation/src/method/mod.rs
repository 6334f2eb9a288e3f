//! The mathematics of oscillation in quantization-aware training: quantizers, tracker, remedies.
//!
//! Contract: each file is one method and names its source. Host functions work on row-major slices, in f32 or f64;
//! tensor functions have exactly the gradients stated in their docs and take their values from the host functions where
//! the data lie on the host, so that the levels that are tracked are the levels that were used.

pub mod cga;
pub mod dampening;
pub mod distillation;
pub mod freezing;
pub mod lsq_tensor;
pub mod obr;
pub mod qkr;
pub mod schedules;
pub mod statsq;
pub mod toy;

pub use weightscope_math::oscillation::{attribution, tracker, window};
pub use weightscope_math::quantize::{bits, boundary, groups, lsq};
