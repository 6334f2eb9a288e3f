//! Phases of neural-network training.

pub mod method;
