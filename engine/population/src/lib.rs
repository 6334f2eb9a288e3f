//! Populations of small networks: a fused, allocation-free, vectorised kernel for multi-layer perceptrons in single precision.
//!
//! Hundreds of networks of some hundred to some ten thousand parameters are bound by dispatch in any tensor framework;
//! here a step of a 64-8-8-10 network takes about as long as one framework operation. One network is one job for one thread.
//! - [`shape`]: sizes and the flat parameter vector; [`lane`]: the layout; `kernel`: the matrix products
//! - [`machine`]: forward, gradient, step, judging; [`curvature`]: exact Hessian products
//! - [`learner`]: a network that learns with AdamW, label smoothing, dropout, batch normalisation and weights that are a function of what
//!   is optimised
//! - [`graph`]: networks of other shapes (residual blocks, layer norms, attention among few rows) from the same kernels
//! - [`train`]: initial weights, epochs, label noise; [`schedule`]: courses of the rates
//!
//! Contract: results depend on the arguments and on the instruction set of the machine, never on threads or time.

mod activation;
pub mod adaptive;
pub mod curvature;
pub mod dropout;
pub mod graph;
mod kernel;
pub mod lane;
pub mod learner;
pub mod machine;
pub mod normalization;
mod objective;
pub mod samples;
pub mod schedule;
pub mod shape;
#[cfg(test)]
mod tests;
pub mod train;

pub use curvature::Curvature;
pub use kernel::Rates;
pub use lane::Lane;
pub use learner::{Advance, DecayOn, Elementwise, Learner, Plain, Regularizers, Rule};
pub use machine::{Judgement, Machine};
pub use normalization::Normalization;
pub use samples::{Samples, Targets};
pub use schedule::Schedule;
pub use shape::{Activation, Objective, Shape, ShapeError};
pub use train::{Epoch, Protocol};
