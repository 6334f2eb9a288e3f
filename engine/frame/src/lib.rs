//! The frame of Weightscope: everything about a run that is the same for every lab.
//!
//! The story in one line: an [`experiment::Experiment`] goes into [`run::run`] with an [`run::Observer`] and a
//! [`run::Control`]; out comes a [`record::Record`], which the window shows, the exporter prints and [`store`] keeps.
//!
//! - [`experiment`]: what the user asks for
//! - [`run`]: how it is carried out
//! - [`record`]: what is measured
//! - [`store`]: what stays on disk
//! - [`lab`]: what a guest is; [`device`]: where tensors live
//!
//! Contract: the frame names no lab and knows no user interface.

pub mod device;
pub mod experiment;
pub mod lab;
pub mod record;
pub mod run;
pub mod store;

/// Data sets and tables, for those who know the frame only.
pub use weightscope_data as data;

/// Version of the program, part of what a run is a function of.
pub const VERSION: &str = env!("CARGO_PKG_VERSION");
