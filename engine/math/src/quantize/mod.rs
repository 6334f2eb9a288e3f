//! Quantizers of weights on host slices: whole levels of one step per group, and what lies at their boundaries.
//!
//! - [`bits`]: bit widths and the integer ranges that follow from them; [`groups`]: which elements share a step
//! - [`max`]: the step from the largest magnitude; [`lsq`]: learned steps and their starting value; [`statsq`]: steps from the mean
//!   magnitude
//! - [`boundary`]: distances from decision boundaries
//!
//! Contract: slices are row-major, in single or double precision; one arithmetic for labs that train and labs that only look, so that
//! their levels agree bit for bit.

pub mod bits;
pub mod boundary;
pub mod groups;
pub mod lsq;
pub mod max;
pub mod statsq;

pub use bits::{Bits, LevelRange, Sign};
pub use groups::Groups;
