//! The largest singular values and vectors of a matrix by subspace iteration from a seeded Gaussian sketch (Halko, Martinsson and
//! Tropp, SIAM Review 53, 2011, algorithm 4.4), with Rayleigh and Ritz's step on the smaller side.
//!
//! Each round multiplies a block of the smaller side by `WᵀW`, panel by panel, and makes it orthonormal; nothing of the longer side is
//! kept but the vectors that are asked for.

use faer::dyn_stack::{MemBuffer, MemStack};
use faer::linalg::householder::{
    apply_block_householder_sequence_on_the_left_in_place_scratch as apply_scratch,
    apply_block_householder_sequence_on_the_left_in_place_with_conj as apply,
};
use faer::linalg::qr::no_pivoting::factor::{qr_in_place, qr_in_place_scratch, recommended_block_size};
use faer::{Accum, Conj, Mat, MatRef, Par, Spec};

use super::super::lanczos::lanczos;
use super::eigen::on_a_thread;
use super::gram::add_squares;
use super::panels::Panels;
use super::product::product;
use super::{GoOn, Gram, SpectrumError, add_checked_squares, ask, check_shape, eigenpairs};
use crate::rng::stream;

/// The purpose of the stream that sketches are drawn from.
const PURPOSE: &str = "spectrum/sketch";

/// Smaller side up to which [`leading_triplets`] decomposes the Gram matrix itself.
const EXACT: usize = 1024;

/// Lanczos steps that make the largest singular value exact.
const REFINING_STEPS: usize = 32;

/// How leading singular values are found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Leading {
    /// How many; fewer come back from a smaller matrix.
    pub count: usize,
    /// Vectors of the sketch beyond that.
    pub oversampling: usize,
    /// Rounds after the first.
    pub power_iterations: usize,
    /// Seed of the sketch.
    pub seed: u64,
}

impl Leading {
    /// 256 values, 16 more vectors, 2 power iterations.
    pub fn new(seed: u64) -> Self {
        Self { count: 256, oversampling: 16, power_iterations: 2, seed }
    }
}

/// Leading singular values with their vectors.
#[derive(Clone, Debug, PartialEq)]
pub struct Triplets {
    /// Descending.
    pub values: Vec<f64>,
    /// `left[k]` has as many entries as there are rows, and length one; zeros where the singular value is 0.
    pub left: Vec<Vec<f64>>,
    /// `right[k]` has as many entries as there are columns, and length one; zeros where the singular value is 0.
    pub right: Vec<Vec<f64>>,
}

/// The leading singular values of a matrix, row-major `[rows, columns]`, descending. They are lower bounds: exact where the matrix has
/// no higher rank than the sketch; of a random square matrix of 4,096 rows the first is right to 10⁻⁴, the others are 2 to 9 per cent
/// too small. So they show a spectrum that falls, and say little about a flat one.
///
/// # Errors
/// If the shape does not fit, a value is not finite, or the caller stops.
pub fn leading_singular_values(
    values: &[f32],
    (rows, columns): (usize, usize),
    method: Leading,
    go_on: GoOn<'_>,
) -> Result<Vec<f64>, SpectrumError> {
    let (squares, basis) = right_side(values, (rows, columns), method, go_on)?;
    let panels = Panels::new(values, rows, columns);
    let mut found: Vec<f64> = squares.into_iter().map(f64::sqrt).collect();
    if let Some(first) = found.first_mut().filter(|_| panels.small > method.count) {
        let start: Vec<f64> = basis.col(0).iter().copied().collect();
        *first = first.max(refined(&panels, &start, go_on)?);
    }
    Ok(found)
}

/// The largest singular value by Lanczos steps from a vector that is near to its own: norms and stable ranks hang on it, and in a flat
/// spectrum the block alone leaves it some per cent too small.
fn refined(panels: &Panels<'_>, start: &[f64], go_on: GoOn<'_>) -> Result<f64, SpectrumError> {
    let mut times = |x: &[f64], image: &mut [f64]| -> Result<(), SpectrumError> {
        let column = MatRef::from_column_major_slice(x, x.len(), 1);
        let found = squared_times(panels, column, go_on)?;
        image.iter_mut().zip(found.col(0).iter()).for_each(|(target, value)| *target = *value);
        Ok(())
    };
    let found = lanczos(&mut times, start, REFINING_STEPS, || vec![0.0; start.len()])?;
    Ok(found.ritz.last().map_or(0.0, |value| value.max(0.0).sqrt()))
}

/// The leading `count` singular values with both vectors: from the Gram matrix for a smaller side up to 1,024, else by subspace
/// iteration with four power iterations.
///
/// # Errors
/// As [`leading_singular_values`].
pub fn leading_triplets(
    values: &[f32],
    (rows, columns): (usize, usize),
    count: usize,
    seed: u64,
    go_on: GoOn<'_>,
) -> Result<Triplets, SpectrumError> {
    check_shape(values, rows, columns)?;
    let (squares, basis) = if rows.min(columns) <= EXACT {
        let mut gram = Gram::new(rows, columns)?;
        gram.push(values, go_on)?;
        let pairs = eigenpairs(gram.finish(go_on)?, go_on)?;
        largest(&pairs.values, pairs.vectors.as_ref(), count)
    } else {
        let method = Leading { count, oversampling: 16, power_iterations: 4, seed };
        right_side(values, (rows, columns), method, go_on)?
    };
    let panels = Panels::new(values, rows, columns);
    let mut long = Mat::<f64>::zeros(panels.large, basis.ncols());
    let mut room = Vec::new();
    for start in panels.starts() {
        let panel = panels.at(start, &mut room);
        let target = long.as_mut().subrows_mut(start, panel.nrows());
        product(target, Accum::Replace, (panel, basis.as_ref()), go_on)?;
    }
    let singular: Vec<f64> = squares.iter().map(|square| square.sqrt()).collect();
    let noise = f64::EPSILON.sqrt() * singular.first().copied().unwrap_or(0.0);
    let scaled = |matrix: &Mat<f64>, column: usize, along: bool| -> Vec<f64> {
        let value = singular.get(column).copied().unwrap_or(0.0);
        let factor = match (value > noise, along) {
            (false, _) => 0.0,
            (true, true) => 1.0 / value,
            (true, false) => 1.0,
        };
        matrix.col(column).iter().map(|entry| entry * factor).collect()
    };
    let short: Vec<Vec<f64>> = (0..basis.ncols()).map(|column| scaled(&basis, column, false)).collect();
    let long: Vec<Vec<f64>> = (0..basis.ncols()).map(|column| scaled(&long, column, true)).collect();
    let (left, right) = if panels.tall { (long, short) } else { (short, long) };
    let values = singular.iter().map(|value| if *value > noise { *value } else { 0.0 }).collect();
    Ok(Triplets { values, left, right })
}

/// The largest squared singular values, descending, and their vectors on the smaller side as columns.
fn right_side(
    values: &[f32],
    (rows, columns): (usize, usize),
    method: Leading,
    go_on: GoOn<'_>,
) -> Result<(Vec<f64>, Mat<f64>), SpectrumError> {
    check_shape(values, rows, columns)?;
    add_checked_squares(0.0, values, 0, go_on)?;
    let panels = Panels::new(values, rows, columns);
    let width = method.count.saturating_add(method.oversampling).min(panels.small).max(1);
    let mut random = stream(method.seed, PURPOSE);
    let mut block = Mat::<f64>::zeros(panels.small, width);
    for row in 0..panels.small {
        (0..width).for_each(|column| block[(row, column)] = f64::from(random.normal()));
        if row % 64 == 0 {
            ask(go_on)?;
        }
    }
    for _ in 0..=method.power_iterations {
        let squared = squared_times(&panels, block.as_ref(), go_on)?;
        block = on_a_thread(go_on, move || Some(orthonormal(squared)))?;
    }
    let mut inner = Mat::<f64>::zeros(width, width);
    let (mut room, mut image) = (Vec::new(), Mat::<f64>::zeros(super::panels::PANEL, width));
    for start in panels.starts() {
        let panel = panels.at(start, &mut room);
        let mut image = image.as_mut().subrows_mut(0, panel.nrows());
        product(image.as_mut(), Accum::Replace, (panel, block.as_ref()), go_on)?;
        add_squares(&mut inner, image.as_ref(), go_on)?;
    }
    let pairs = eigenpairs(inner, go_on)?;
    let (squares, turn) = largest(&pairs.values, pairs.vectors.as_ref(), method.count);
    let mut basis = Mat::<f64>::zeros(panels.small, turn.ncols());
    product(basis.as_mut(), Accum::Replace, (block.as_ref(), turn.as_ref()), go_on)?;
    Ok((squares, basis))
}

/// `WᵀW·X` for a block X of the smaller side.
fn squared_times(
    panels: &Panels<'_>,
    block: MatRef<'_, f64>,
    go_on: GoOn<'_>,
) -> Result<Mat<f64>, SpectrumError> {
    let mut squared = Mat::<f64>::zeros(block.nrows(), block.ncols());
    let (mut room, mut image) = (Vec::new(), Mat::<f64>::zeros(super::panels::PANEL, block.ncols()));
    for start in panels.starts() {
        let panel = panels.at(start, &mut room);
        let mut image = image.as_mut().subrows_mut(0, panel.nrows());
        product(image.as_mut(), Accum::Replace, (panel, block), go_on)?;
        product(squared.as_mut(), Accum::Add, (panel.transpose(), image.as_ref()), go_on)?;
    }
    Ok(squared)
}

/// An orthonormal basis of the columns, by Householder reflections.
fn orthonormal(mut block: Mat<f64>) -> Mat<f64> {
    let (rows, columns) = (block.nrows(), block.ncols());
    let size = recommended_block_size::<f64>(rows, columns);
    let mut coefficients = Mat::<f64>::zeros(size, rows.min(columns));
    let scratch = qr_in_place_scratch::<f64>(rows, columns, size, Par::Seq, Spec::default());
    let (factor, stack) = (block.as_mut(), &mut MemBuffer::new(scratch));
    qr_in_place(factor, coefficients.as_mut(), Par::Seq, MemStack::new(stack), Spec::default());
    let mut basis = Mat::<f64>::identity(rows, columns);
    let scratch = apply_scratch::<f64>(rows, size, columns);
    let stack = &mut MemBuffer::new(scratch);
    apply(block.as_ref(), coefficients.as_ref(), Conj::No, basis.as_mut(), Par::Seq, MemStack::new(stack));
    basis
}

/// The largest `count` of ascending eigenvalues, descending and none negative, with their columns.
fn largest(ascending: &[f64], vectors: MatRef<'_, f64>, count: usize) -> (Vec<f64>, Mat<f64>) {
    let (last, count) = (ascending.len(), count.min(ascending.len()));
    let squares = ascending.iter().rev().take(count).map(|value| value.max(0.0)).collect();
    (squares, Mat::from_fn(vectors.nrows(), count, |row, column| vectors[(row, last - 1 - column)]))
}
