//! The data of a run: a table, encoded and standardised, in four parts.

mod encode;
mod material;
mod split;
mod truth;

pub use encode::{Encoder, Input, Scale};
pub(super) use material::Opened;
pub use material::{Material, Part};
pub use split::{Parts, seeded};
