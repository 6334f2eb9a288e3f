//! The mathematics of the lab, pure functions on slices: arXiv 2103.00083 (JMLR 24, 2023), with its published code where the paper is silent.
//!
//! Contract: rows lie one after the other. A prediction is `[levels]`, a stack of `p` base models is `[models, levels]`,
//! a table of weights is `[rows, columns]` as in [`aggregate::Shape`]. What is trained through is generic over f32 and f64.

pub mod aggregate;
pub mod batch;
pub mod blend;
pub mod calibration;
pub mod clusters;
pub mod compare;
pub mod conformal;
pub mod crossing;
pub mod cv_plus;
pub mod gaussian;
pub mod isotonize;
pub mod levels;
pub mod optimizer;
pub mod pinball;
pub mod score;
pub mod training;
