//! The networks that learn the zoo: the autoencoder of rows, the encoder of data sets with the denoiser, and what makes networks of both.
//!
//! They are graphs on the kernels of `weightscope-population`; the host's own in [`crate::method::recipe`] are what they are compared with.
//! A batch is always learned in two halves, on one worker or two, so that the number of workers changes no bit.

pub(crate) mod autoencoder;
pub(crate) mod convolution;
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

/// Rows that one worker takes at once where nothing is learned.
const PIECE: usize = 64;

/// What a network gives for so many rows, in pieces of so many on all workers: a row's numbers do not depend on the others, so neither does
/// the result on the number of workers.
pub(crate) fn in_pieces(
    (rows, piece): (usize, usize),
    work: impl Fn(std::ops::Range<usize>) -> Vec<f32> + Sync,
) -> Vec<f32> {
    use rayon::prelude::*;
    let pieces: Vec<Vec<f32>> = (0..rows.div_ceil(piece))
        .into_par_iter()
        .map(|number| work(number * piece..((number + 1) * piece).min(rows)))
        .collect();
    pieces.concat()
}

/// Some of the rows of a width.
pub(crate) fn part<'a, T>(all: &'a [T], rows: &std::ops::Range<usize>, width: usize) -> &'a [T] {
    all.get(rows.start * width..rows.end * width).unwrap_or_default()
}

/// So many rows from the start, as panels.
pub(crate) fn panels(values: &[f32], columns: usize) -> Panels {
    Panels::from_rows(values, columns)
}
