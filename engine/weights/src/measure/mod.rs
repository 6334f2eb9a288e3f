//! Figures of one tensor or of two.
//!
//! - [`statistics`]: moments, extremes, zeros, the histogram over `w/σ`; [`maxima`]: rows and columns that stand out
//! - [`quantization`]: what 2 to 8 bits would do, for every grouping
//! - [`whole`]: moments of whole numbers, which are no weights
//! - [`spectrum`]: singular values, ranks, exponent
//! - [`change`]: how a tensor differs from another; [`blocks`]: updates that repeat; [`mod@guided`]: those through the old blocks;
//!   [`levels`]: weights that were rounded; [`verdict`]: the form in a sentence
//! - [`adapter`]: the factors of rank r that explain a change best; [`picture`]: a matrix as blocks
//!
//! Contract: values come in pieces in C order, pushed one after the other; the borders of the pieces do not count, so that a file can be
//! read in any portions. Sums run in double precision in the order of the elements: the same bits with any number of threads. A value
//! that is not finite is counted and left out of everything else. Nothing here but [`whole`] reads a file, and nothing knows a name.

pub mod adapter;
pub mod blocks;
pub mod change;
pub mod guided;
pub mod levels;
pub mod maxima;
mod pattern;
pub mod picture;
pub mod quantization;
mod rounding;
pub mod spectrum;
pub mod statistics;
pub mod verdict;
pub mod whole;

pub use adapter::{Direction, Factors, best_factors, directions};
pub use change::{Change, ChangePass, difference};
pub use guided::{Guided, guided};
pub use levels::Levels;
pub use maxima::Maxima;
pub use picture::Picture;
pub use quantization::{Cell, Grouping, Quantization, QuantizationPass, Scale};
pub use spectrum::TensorSpectrum;
pub use statistics::{FirstPass, SecondPass, Settings, Statistics};
pub use verdict::{Evidence, Form, Verdict};
pub use whole::WholeNumbers;

/// Sides of the matrix that a tensor of this shape is measured as: two dimensions as they are, more as first × rest, fewer as one row.
pub fn matrix_of(shape: &[usize]) -> (usize, usize) {
    match shape {
        [] => (1, 1),
        [length] => (1, *length),
        [rows, rest @ ..] => (*rows, rest.iter().product()),
    }
}
