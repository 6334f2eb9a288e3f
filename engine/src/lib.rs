//! The engine of Weightscope: trains and inspects models, and knows no user interface.
//!
//! This crate is the catalogue: it names the labs, and hands on the crates that they stand on.
//! - [`experiment`], [`run`], [`record`], [`store`], [`lab`], [`device`]: the frame
//! - [`data`], [`nn`], [`math`], [`compute`], [`population`]: what labs share
//! - [`labs`]: one crate per published method, in `engine/labs`

pub use weightscope_compute as compute;
pub use weightscope_data as data;
pub use weightscope_frame::{VERSION, device, experiment, lab, record, run, store};
pub use weightscope_math as math;
pub use weightscope_nn as nn;
pub use weightscope_population as population;

use weightscope_frame::lab::{Catalogue, Entry};

/// The labs, each a crate of its own.
pub mod labs {
    pub use weightscope_block_affine as block_affine;
    pub use weightscope_compander as compander;
    pub use weightscope_entangled_search as entangled_search;
    pub use weightscope_inspect as inspect;
    pub use weightscope_oscillation as oscillation;
    pub use weightscope_phases as phases;
    pub use weightscope_quantiles as quantiles;
    pub use weightscope_weight_generation as weight_generation;
}

/// The labs of the program, in the order in which people see them: a lab is added by its line here.
pub const CATALOGUE: Catalogue = Catalogue::new(&[
    Entry::of::<labs::oscillation::Config>(),
    Entry::of::<labs::phases::Config>(),
    Entry::of::<labs::quantiles::Config>(),
    Entry::of::<labs::compander::Config>(),
    Entry::of::<labs::entangled_search::Config>(),
    Entry::of::<labs::weight_generation::Config>(),
    Entry::of::<labs::block_affine::Config>(),
    Entry::of::<labs::inspect::Config>(),
]);
