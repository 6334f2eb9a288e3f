//! Base models: what they are made of, which of their layers may be adapted, how they start, and where they come from.
//!
//! - [`architecture`]: kind and sizes; [`shipped`]: the bases that are part of the program, and those that this lab has made;
//!   [`folder`]: LLaMA-type folders

mod architecture;
mod folder;
mod shipped;

pub(crate) use architecture::{Architecture, Target};
pub(crate) use shipped::{Opened, open, saved};

/// Tokens of a row that the shipped bases were trained on.
pub(crate) const SHIPPED_CONTEXT: usize = 64;
/// Most parameters of a base that is opened.
pub(crate) const MOST_PARAMETERS: usize = 50_000_000;
