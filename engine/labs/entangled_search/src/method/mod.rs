//! The mathematics of the lab: `TangleNAS`, weight superposition for gradient-based architecture search (arXiv 2312.10440, `AutoML` 2024).
//!
//! Marks of statements: *established*, read in the paper or the released code; *inferred*, our conclusion; *unconfirmed*, neither.
//! Contract: pure functions of numbers, generic over f32 and f64 where something is trained through; every sum in a fixed order.
//!
//! - [`tape`]: forward and backward; [`kernel`]: its inner loops; [`space`]: decisions, layers, supernets
//! - [`sampler`], [`anchor`], [`size_penalty`], [`second_order`], [`optimizer`], [`search`]: the two-level loop; [`methods`]: its variants
//! - [`score`], [`train`], [`black_box`], [`discretise`]: from a supernet to an architecture and what it is worth
//! - [`table`], [`import`], [`monitor`], [`alarm`], [`any_time`], [`plane`]: what is watched and compared
//! - [`batch_norm`], [`heads`]: rules of the released code that no space here needs

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
pub mod plane;
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
