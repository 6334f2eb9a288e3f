//! Networks that are no plain perceptron, as graphs of layers on the kernels of the population: an autoencoder, a denoiser with residual
//! blocks, a set transformer over few rows, convolutions over small images.
//!
//! - [`Plan`]: which tensors a network has and where they lie in its packed vector; [`Panels`]: a batch of rows in lanes
//! - [`Tape`]: a forward pass that remembers what the way back needs; [`Slopes`]: what the way back leaves
//! - [`Window`]: which places of an image a kernel reads; [`Grouped`]: what a group norm takes together
//! - [`adam`]: the optimizer's step from such slopes, with a moving average
//!
//! Why not a tensor framework: at these sizes (batches of 64, widths of 256) its element-wise passes and copies cost as much as the
//! products. Contract: results depend on the arguments and on the instruction set, never on threads; each tensor is used once in a pass.

pub mod adam;
mod attention;
mod elementwise;
mod images;
mod panels;
mod plan;
mod slopes;
mod tape;
#[cfg(test)]
mod tests;

pub use attention::Groups;
pub use images::{ENTRIES, Grouped, Window};
pub use panels::Panels;
pub use plan::{Dense, Kind, Named, Norm, Plan, Rows};
pub use slopes::Slopes;
pub use tape::{Id, Tape};
