//! Mathematics that the labs share: random streams, and nothing that knows a lab.

pub mod rng;

pub use rng::{Stream, stream};
