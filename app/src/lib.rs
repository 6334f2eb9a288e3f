//! Weightscope, the program: window and command line over the engine.
//!
//! - [`cli`]: the command line; without a command it opens the window
//! - [`window`]: the workbench
//! - [`views`]: from a record to a figure, for both
//! - [`card`]: published figures beside ours
//! - [`figure`]: figures as data, and their files
//! - [`theme`]: the only place with colours

pub mod card;
pub mod cli;
pub mod exporting;
pub mod figure;
pub mod theme;
pub mod views;
pub mod window;
