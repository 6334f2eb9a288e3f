//! The window of Weightscope, and what it shares with the command line: figures and their files.
//!
//! Contract: it knows the frame, and the labs by the catalogue that it is handed.
//!
//! - `window`: the workbench, by the feature of this name
//! - [`views`]: from a record to a figure
//! - [`card`]: published figures beside ours
//! - [`figure`]: figures as data, and their files
//! - [`naming`]: what a run is called
//! - [`plan`]: sweeps as tables of tasks, and how these stand
//! - [`theme`]: the only place with colours

pub mod card;
pub mod exporting;
pub mod figure;
pub mod naming;
pub mod plan;
pub mod theme;
pub mod views;
#[cfg(feature = "window")]
pub mod window;
