//! What other programs write while they train: read while it grows, never locked, never mapped, and written for tests and exports.

pub mod events;
pub mod recording;
mod text;
