//! Eigenvalues and eigenvectors of large symmetric matrices, by faer on a thread of its own.
//!
//! One call of the library cannot be stopped from inside. So it runs on a named thread that owns the matrix; when the caller says stop,
//! that thread is abandoned, ends on its own and frees what it holds. Where the library finds no result, [`super::super::symmetric`]
//! is asked instead.

use std::sync::mpsc::{RecvTimeoutError, sync_channel};
use std::thread;
use std::time::Duration;

use faer::diag::Diag;
use faer::dyn_stack::{MemBuffer, MemStack};
use faer::linalg::evd::{ComputeEigenvectors, self_adjoint_evd, self_adjoint_evd_scratch};
use faer::{Mat, Par, Spec};

use super::super::symmetric;
use super::{GoOn, SpectrumError, ask};
use crate::error::MathError;

const WHAT: &str = "eigenvalues";

/// Columns that are checked between two questions.
const CHECKED: usize = 64;

/// How long a call runs before the caller is asked again.
const PATIENCE: Duration = Duration::from_millis(20);

/// Eigenvalues with their vectors.
#[derive(Clone, Debug)]
pub struct Pairs {
    /// Ascending.
    pub values: Vec<f64>,
    /// Column k has length one and belongs to `values[k]`.
    pub vectors: Mat<f64>,
}

/// Eigenvalues of a symmetric matrix, ascending; only its lower triangle is read.
///
/// # Errors
/// If the matrix is not square, a value is not finite, neither solver finds a result, or the caller stops: asked every 20 ms.
pub fn eigenvalues(matrix: Mat<f64>, go_on: GoOn<'_>) -> Result<Vec<f64>, SpectrumError> {
    check(&matrix, go_on)?;
    on_a_thread(go_on, move || values_of(&matrix))
}

/// Eigenvalues and eigenvectors of a symmetric matrix; only its lower triangle is read.
///
/// # Errors
/// As [`eigenvalues`].
pub fn eigenpairs(matrix: Mat<f64>, go_on: GoOn<'_>) -> Result<Pairs, SpectrumError> {
    check(&matrix, go_on)?;
    on_a_thread(go_on, move || pairs_of(&matrix))
}

fn check(matrix: &Mat<f64>, go_on: GoOn<'_>) -> Result<(), SpectrumError> {
    let size = matrix.nrows();
    if size != matrix.ncols() {
        let found = format!("{size} × {}", matrix.ncols());
        return Err(MathError::Shape { what: WHAT, needed: "as many rows as columns".into(), found }.into());
    }
    for column in 0..size {
        if column % CHECKED == 0 {
            ask(go_on)?;
        }
        if let Some(row) = (column..size).find(|row| !matrix[(*row, column)].is_finite()) {
            return Err(MathError::NotFinite { what: WHAT, index: row * size + column }.into());
        }
    }
    Ok(())
}

/// Gives back the room of something large on a thread of its own: a system takes memory back page by page, a quarter of a second or more
/// for each gigabyte, and who is told to stop does not wait for it.
pub fn leave<T: Send + 'static>(large: T) {
    // Without a thread it is given back here.
    drop(thread::Builder::new().name("giving back".to_owned()).spawn(move || drop(large)));
}

/// Runs work that cannot be stopped from inside, and leaves it behind when the caller stops.
pub(super) fn on_a_thread<T: Send + 'static>(
    go_on: GoOn<'_>,
    work: impl FnOnce() -> Option<T> + Send + 'static,
) -> Result<T, SpectrumError> {
    let failed = SpectrumError::Math(MathError::NoConvergence { what: WHAT });
    if !go_on() {
        return Err(SpectrumError::Stopped);
    }
    let (sender, receiver) = sync_channel(1);
    // The receiver is gone when the caller stopped: then nobody wants the result.
    let started = thread::Builder::new().name("spectrum".to_owned()).spawn(move || drop(sender.send(work())));
    if started.is_err() {
        return Err(failed);
    }
    loop {
        match receiver.recv_timeout(PATIENCE) {
            Ok(found) => return found.ok_or(failed),
            Err(RecvTimeoutError::Disconnected) => return Err(failed),
            Err(RecvTimeoutError::Timeout) if !go_on() => return Err(SpectrumError::Stopped),
            Err(RecvTimeoutError::Timeout) => {}
        }
    }
}

fn values_of(matrix: &Mat<f64>) -> Option<Vec<f64>> {
    let size = matrix.nrows();
    let mut values = Diag::<f64>::zeros(size);
    let scratch = self_adjoint_evd_scratch::<f64>(size, ComputeEigenvectors::No, Par::Seq, Spec::default());
    let mut room = MemBuffer::new(scratch);
    let stack = MemStack::new(&mut room);
    let done = self_adjoint_evd(matrix.as_ref(), values.as_mut(), None, Par::Seq, stack, Spec::default());
    let values: Vec<f64> = values.column_vector().iter().copied().collect();
    if done.is_ok() && values.iter().all(|value| value.is_finite()) {
        return Some(values);
    }
    symmetric::eigen(&row_major(matrix), size).map(|found| found.values)
}

fn pairs_of(matrix: &Mat<f64>) -> Option<Pairs> {
    let size = matrix.nrows();
    let (mut values, mut vectors) = (Diag::<f64>::zeros(size), Mat::<f64>::zeros(size, size));
    let scratch = self_adjoint_evd_scratch::<f64>(size, ComputeEigenvectors::Yes, Par::Seq, Spec::default());
    let mut room = MemBuffer::new(scratch);
    let stack = MemStack::new(&mut room);
    let target = Some(vectors.as_mut());
    let done = self_adjoint_evd(matrix.as_ref(), values.as_mut(), target, Par::Seq, stack, Spec::default());
    let values: Vec<f64> = values.column_vector().iter().copied().collect();
    if done.is_ok() && values.iter().all(|value| value.is_finite()) {
        return Some(Pairs { values, vectors });
    }
    let found = symmetric::eigen(&row_major(matrix), size)?;
    let vectors = Mat::from_fn(size, size, |row, column| found.vectors[column][row]);
    Some(Pairs { values: found.values, vectors })
}

fn row_major(matrix: &Mat<f64>) -> Vec<f64> {
    let size = matrix.nrows();
    (0..size * size).map(|index| matrix[(index / size, index % size)]).collect()
}
