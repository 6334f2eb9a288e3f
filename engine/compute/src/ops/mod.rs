//! The operations of a pass, written once for both precisions; [`Number`](super::number::Number) compiles them for several instruction
//! sets. Each is one loop that compilers vectorise.
//!
//! Contract: every sum has a fixed order; the `FUSED` forms round once where a machine has such an instruction.

pub mod correlate;
pub mod decay;
pub mod gates;
pub mod norms;
pub mod rows;
pub mod tile;
