//! The mathematics of the lab: TangleNAS, weight superposition for gradient-based architecture search (arXiv 2312.10440, AutoML 2024).
//!
//! Marks of statements: *established*, read in the paper or the released code; *inferred*, our conclusion; *unconfirmed*, neither.
//! Contract: pure functions of numbers, generic over f32 and f64 where something is trained through; every sum in a fixed order.

pub mod kernel;
pub mod tape;
pub mod batch_norm;
pub mod discretise;
pub mod optimizer;
pub mod sampler;
pub mod space;
pub mod step;
pub mod monitor;
pub mod second_order;
pub mod table;
pub mod anchor;
pub mod search;
pub mod size_penalty;
pub mod heads;
