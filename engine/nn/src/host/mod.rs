//! The networks of this crate as passes by hand on the host: the same functions as their tensor forms, both ways, in single precision.
//!
//! Tensor frameworks spend most of a small network's step between its operations, and on one core; here a batch is cut into parts that
//! all workers of the run share, and their buffers are kept from step to step.
//! - [`transform`]: the seam at which a lab changes weights and activations, with its way back
//! - [`vit`], [`mlp`]: the networks; `attention`, `block`: a transformer's parts; [`parts`]: a batch in parts on all workers
//!
//! Contract: tensors of a pass are numbered as the entries of [`Parameters`]; parts and sums depend on the
//! sizes alone, so that one and many workers give the same bits. Tensor forms stay the definition: tests hold the two against each other.

mod attention;
mod block;
pub mod mlp;
pub mod parts;
pub mod transform;
pub mod vit;

use weightscope_compute::layout::{Layout, Place};

use crate::parameters::Parameters;

/// Where a pass finds the parameters: tensors numbered as their entries, vectors as matrices of one row.
pub fn layout(parameters: &Parameters) -> Layout {
    let places = parameters.entries().iter().map(|entry| {
        let rows = if entry.shape.len() > 1 { entry.shape.first().copied().unwrap_or(1) } else { 1 };
        let columns = entry.range.len() / rows.max(1);
        Place { name: entry.name.clone(), rows, columns, range: entry.range.clone() }
    });
    Layout(places.collect())
}
