//! The mathematics of the lab: `TangleNAS`, weight superposition for gradient-based architecture search (arXiv 2312.10440, `AutoML` 2024).
//!
//! Marks of statements: *established*, read in the paper or the released code; *inferred*, our conclusion; *unconfirmed*, neither.
//! Contract: pure functions of numbers, generic over f32 and f64 where something is trained through; every sum in a fixed order.

pub mod alarm;
pub mod anchor;
pub mod any_time;
pub mod batch_norm;
pub mod black_box;
pub mod discretise;
pub mod heads;
pub mod import;
pub mod kernel;
pub mod methods;
pub mod monitor;
pub mod optimizer;
pub mod sampler;
pub mod score;
pub mod search;
pub mod second_order;
pub mod size_penalty;
pub mod space;
pub mod step;
pub mod table;
pub mod tape;
pub mod train;
