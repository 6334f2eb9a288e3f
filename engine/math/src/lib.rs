//! Mathematics that the labs share, and nothing that knows a lab.
//!
//! - [`rng`]: seeded random streams, one for each purpose
//! - [`linalg`]: matrices, decompositions, components, least squares
//! - [`stats`]: moments, quantiles, distances of samples, correlations, intervals, tails
//! - [`special`]: the normal, Student's t, F and gamma distributions
//! - [`layers`]: forward passes of layers on the host; [`matching`]: hidden units of one network in the order of another's
//! - [`quantize`]: quantizers of weights, shared by training and by looking
//! - [`oscillation`]: level changes of quantized weights
//! - [`real`]: what code needs that runs in single and in double precision
//!
//! Contract: numbers in, numbers out; no file, no clock, and no thread but the one that [`linalg::spectrum`] leaves behind when it is
//! stopped. Sums are in double precision and in a fixed order, so that one machine gives the same bits each time. What has no answer
//! (no values, not-a-number, no convergence) is `None`, not-a-number where stated, or a [`MathError`] with a sentence; nothing panics
//! on a value. Positions outside a slice's length are the caller's fault.

pub mod error;
pub mod layers;
pub mod linalg;
pub mod matching;
pub mod oscillation;
pub mod quantize;
pub mod real;
pub mod rng;
pub mod special;
pub mod stats;

pub use error::MathError;
pub use linalg::Matrix;
pub use rng::{Stream, stream};
