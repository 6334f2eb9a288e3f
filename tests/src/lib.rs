//! What the tests share: short experiments with their runs, and the window in a harness.

#![expect(clippy::panic, clippy::unwrap_used, reason = "a test fails by panicking, in its helpers too")]

pub mod drawn;
pub mod runs;
pub mod window;
