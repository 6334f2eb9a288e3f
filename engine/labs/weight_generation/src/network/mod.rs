//! The networks that learn the zoo: the autoencoder of rows, the encoder of data sets with the denoiser, and what makes networks of both.
//!
//! They are graphs on the kernels of `weightscope-population`; the host's own in [`crate::method::recipe`] are what they are compared with.
//! A batch is always learned in two halves, on one worker or two, so that the number of workers changes no bit.

pub(crate) mod autoencoder;
pub(crate) mod denoiser;
pub(crate) mod encoder;
pub(crate) mod generator;
#[cfg(test)]
mod tests;
pub(crate) mod trainer;

use weightscope_population::graph::Panels;

/// The index of each row as a one-hot, `[rows, count]`.
pub(crate) fn one_hot(places: &[u32], count: usize) -> Panels {
    let mut values = vec![0.0; places.len() * count];
    for (row, place) in values.chunks_exact_mut(count.max(1)).zip(places) {
        if let Some(value) = row.get_mut(*place as usize) {
            *value = 1.0;
        }
    }
    Panels::from_rows(&values, count)
}

/// So many rows from the start, as panels.
pub(crate) fn panels(values: &[f32], columns: usize) -> Panels {
    Panels::from_rows(values, columns)
}
