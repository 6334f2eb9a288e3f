//! The engine of Weightscope: trains and inspects models, and knows no user interface.
//!
//! The story in one line: an [`experiment::Experiment`] goes into [`run::run`] with an [`run::Observer`] and a
//! [`run::Control`]; out comes a [`record::Record`], which the window shows, the exporter prints and [`store`] keeps.
//!
//! - [`experiment`]: what the user asks for
//! - [`run`]: how it is carried out
//! - [`record`]: what is measured
//! - [`store`]: what stays on disk
//! - [`labs`]: one folder per published method
//! - [`data`], [`nn`], [`math`], [`device`]: what the labs share
//! - [`population`]: the kernel for hundreds of small networks

pub mod data;
pub mod device;
pub mod experiment;
pub mod labs;
pub mod nn;
pub mod population;
pub mod presets;
pub mod record;
pub mod run;
pub mod store;

pub use weightscope_math as math;

/// Version of the program, part of what a run is a function of.
pub const VERSION: &str = env!("CARGO_PKG_VERSION");
