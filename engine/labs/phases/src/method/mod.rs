//! The mathematics of the lab, pure: metrics of one network, of pairs of networks, and the rule that makes phases of them.
//!
//! Contract: no file, no clock, no random number of its own; what cannot be computed is `None` or NaN, never a made-up number.

pub mod connectivity;
pub mod curve;
pub mod density;
pub mod directions;
pub mod hessian;
pub mod matching;
pub mod pairs;
pub mod phase;
pub mod spectral;
pub mod thresholds;
pub mod trajectory;
