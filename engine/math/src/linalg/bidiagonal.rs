//! Singular values by bidiagonal form: Householder reflections from both sides (Golub and Van Loan, 5.4 and 8.6), then implicit QR
//! sweeps with a shift, or without one where a value is nearly zero (Demmel and Kahan, SIAM J. Sci. Stat. Comput. 11, 1990).
//!
//! Rows are read and written in one piece throughout: the bases are kept transposed while rotations turn them.

use super::orthonormal::{mirror, qr};
use super::{Matrix, Svd, add_scaled, dot};

/// A matrix with this many times more rows than columns is reduced to its triangular factor first.
const TALL: f64 = 5.0 / 3.0;

/// The thin decomposition of a finite matrix that is not empty; `None` if the sweeps do not end.
pub(super) fn decompose(matrix: &Matrix) -> Option<Svd> {
    if matrix.rows() < matrix.columns() {
        let Svd { left, values, right } = decompose(&matrix.transposed())?;
        return Some(Svd { left: right.transposed(), values, right: left.transposed() });
    }
    if matrix.rows() as f64 > TALL * matrix.columns() as f64 && matrix.columns() > 1 {
        let triangular = qr(matrix).ok()?;
        let Svd { left, values, right } = decompose(&triangular.r)?;
        return Some(Svd { left: triangular.q.times(&left).ok()?, values, right });
    }
    let mut reduced = Reduced::new(matrix.clone());
    let (mut left, mut right) = reduced.bases();
    reduced.sweep(&mut left, &mut right)?;
    Some(sorted(&reduced.diagonal, &left, &right))
}

/// Singular values alone, descending; `None` if the sweeps do not end.
pub(super) fn values(matrix: &Matrix) -> Option<Vec<f64>> {
    if matrix.rows() < matrix.columns() {
        return values(&matrix.transposed());
    }
    let mut reduced = Reduced::new(matrix.clone());
    reduced.sweep(&mut Matrix::default(), &mut Matrix::default())?;
    let mut values: Vec<f64> = reduced.diagonal.iter().map(|value| value.abs()).collect();
    values.sort_by(|a, b| b.total_cmp(a));
    Some(values)
}

/// Values made positive and put in order, with their vectors. `left` and `right` hold one vector a row.
fn sorted(diagonal: &[f64], left: &Matrix, right: &Matrix) -> Svd {
    let mut order: Vec<usize> = (0..diagonal.len()).collect();
    order.sort_by(|a, b| diagonal[*b].abs().total_cmp(&diagonal[*a].abs()));
    let (mut u, mut v) = (left.clone(), right.clone());
    for (place, index) in order.iter().enumerate() {
        u.row_mut(place).copy_from_slice(left.row(*index));
        v.row_mut(place).copy_from_slice(right.row(*index));
        if diagonal[*index] < 0.0 {
            v.row_mut(place).iter_mut().for_each(|value| *value = -*value);
        }
    }
    Svd { left: u.transposed(), values: order.iter().map(|index| diagonal[*index].abs()).collect(), right: v }
}

/// `A = U B Vᵀ` with B upper bidiagonal, U and V as products of reflections.
struct Reduced {
    shape: (usize, usize),
    diagonal: Vec<f64>,
    beside: Vec<f64>,
    /// Unit vectors of the reflections from the left; the k-th begins at row k.
    from_left: Vec<Option<Vec<f64>>>,
    /// The same from the right; the k-th begins at column k + 1.
    from_right: Vec<Option<Vec<f64>>>,
}

impl Reduced {
    /// Reduces a matrix with at least as many rows as columns.
    fn new(mut a: Matrix) -> Self {
        let (rows, columns) = (a.rows(), a.columns());
        let (mut from_left, mut from_right) = (Vec::with_capacity(columns), Vec::with_capacity(columns));
        let mut along = vec![0.0; columns];
        for k in 0..columns {
            let column: Vec<f64> = (k..rows).map(|row| a.row(row)[k]).collect();
            let reflection = mirror(&column);
            if let Some(v) = &reflection {
                reflect_columns(&mut a, k, k, v, &mut along);
            }
            from_left.push(reflection);
            let reflection = mirror(&a.row(k)[k + 1..]);
            if let Some(v) = &reflection {
                for row in k..rows {
                    let part = &mut a.row_mut(row)[k + 1..];
                    let factor = -2.0 * dot(part, v);
                    add_scaled(part, factor, v);
                }
            }
            from_right.push(reflection);
        }
        Self {
            shape: (rows, columns),
            diagonal: (0..columns).map(|k| a.row(k)[k]).collect(),
            beside: (1..columns).map(|k| a.row(k - 1)[k]).collect(),
            from_left,
            from_right,
        }
    }

    /// Uᵀ, `[columns, rows]`, and Vᵀ, `[columns, columns]`.
    fn bases(&self) -> (Matrix, Matrix) {
        let (rows, columns) = self.shape;
        let mut along = vec![0.0; columns];
        let mut left = Matrix::zeros(rows, columns);
        (0..columns).for_each(|k| left.row_mut(k)[k] = 1.0);
        for (k, v) in self.from_left.iter().enumerate().rev() {
            if let Some(v) = v {
                reflect_columns(&mut left, k, k, v, &mut along);
            }
        }
        let mut right = Matrix::identity(columns);
        for (k, v) in self.from_right.iter().enumerate().rev() {
            if let Some(v) = v {
                reflect_columns(&mut right, k + 1, k + 1, v, &mut along);
            }
        }
        (left.transposed(), right.transposed())
    }

    /// Turns B diagonal, and the bases with it; a basis without rows is left out.
    fn sweep(&mut self, left: &mut Matrix, right: &mut Matrix) -> Option<()> {
        let most = 100 + 40 * self.diagonal.len();
        let magnitudes = self.diagonal.iter().chain(&self.beside);
        let nothing = f64::EPSILON * magnitudes.fold(0.0, |largest: f64, value| largest.max(value.abs()));
        let mut high = self.diagonal.len().checked_sub(1)?;
        for _ in 0..most {
            for (index, value) in self.beside.iter_mut().enumerate() {
                let around = self.diagonal[index].abs() + self.diagonal[index + 1].abs();
                if value.abs() <= f64::EPSILON * around || value.abs() <= nothing {
                    *value = 0.0;
                }
            }
            while high > 0 && self.beside[high - 1] == 0.0 {
                high -= 1;
            }
            if high == 0 {
                return Some(());
            }
            let low = (0..high).rev().find(|index| self.beside[*index] == 0.0).map_or(0, |index| index + 1);
            let shift = self.shift(low, high, nothing);
            if shift == 0.0 {
                self.chase_without_shift(low, high, left, right);
            } else {
                self.chase(low, high, shift, left, right);
            }
        }
        None
    }

    /// The smaller singular value of the last two by two elements; 0 where it would vanish against the first, or where B is singular.
    fn shift(&self, low: usize, high: usize, nothing: f64) -> f64 {
        if self.diagonal[low..=high].iter().any(|value| value.abs() <= nothing) {
            return 0.0;
        }
        let shift = smaller_value(self.diagonal[high - 1], self.beside[high - 1], self.diagonal[high]);
        if (shift / self.diagonal[low]).powi(2) < f64::EPSILON { 0.0 } else { shift }
    }

    /// One sweep with a shift from `low` to `high` (LAPACK's `dbdsqr`).
    fn chase(&mut self, low: usize, high: usize, shift: f64, left: &mut Matrix, right: &mut Matrix) {
        let (d, e) = (&mut self.diagonal, &mut self.beside);
        let mut f = (d[low].abs() - shift) * (1.0_f64.copysign(d[low]) + shift / d[low]);
        let mut g = e[low];
        for i in low..high {
            let (turn, r) = Turn::new(f, g);
            if i > low {
                e[i - 1] = r;
            }
            f = turn.cosine * d[i] + turn.sine * e[i];
            e[i] = turn.cosine * e[i] - turn.sine * d[i];
            g = turn.sine * d[i + 1];
            d[i + 1] *= turn.cosine;
            turn.rows(right, i);
            let (turn, r) = Turn::new(f, g);
            d[i] = r;
            f = turn.cosine * e[i] + turn.sine * d[i + 1];
            d[i + 1] = turn.cosine * d[i + 1] - turn.sine * e[i];
            if i + 1 < high {
                g = turn.sine * e[i + 1];
                e[i + 1] *= turn.cosine;
            }
            turn.rows(left, i);
        }
        e[high - 1] = f;
    }

    /// One sweep without a shift, which keeps small values exact and splits off a zero.
    fn chase_without_shift(&mut self, low: usize, high: usize, left: &mut Matrix, right: &mut Matrix) {
        let (d, e) = (&mut self.diagonal, &mut self.beside);
        let (mut cosine, mut before) = (1.0, Turn { cosine: 1.0, sine: 0.0 });
        for i in low..high {
            let (turn, r) = Turn::new(d[i] * cosine, e[i]);
            if i > low {
                e[i - 1] = before.sine * r;
            }
            let value;
            (before, value) = Turn::new(before.cosine * r, d[i + 1] * turn.sine);
            d[i] = value;
            cosine = turn.cosine;
            turn.rows(right, i);
            before.rows(left, i);
        }
        let last = d[high] * cosine;
        e[high - 1] = last * before.sine;
        d[high] = last * before.cosine;
    }
}

/// Reflects the part of a matrix from this row and column on, from the left. `along` is scratch of at least as many columns.
fn reflect_columns(a: &mut Matrix, row: usize, column: usize, v: &[f64], along: &mut [f64]) {
    let along = &mut along[column..];
    along.fill(0.0);
    for (offset, value) in v.iter().enumerate() {
        add_scaled(along, *value, &a.row(row + offset)[column..]);
    }
    for (offset, value) in v.iter().enumerate() {
        add_scaled(&mut a.row_mut(row + offset)[column..], -2.0 * value, along);
    }
}

/// A rotation of two neighbours.
#[derive(Clone, Copy)]
struct Turn {
    cosine: f64,
    sine: f64,
}

impl Turn {
    /// The rotation that turns `(f, g)` to `(r, 0)`, and r.
    fn new(f: f64, g: f64) -> (Self, f64) {
        if g == 0.0 {
            return (Self { cosine: 1.0, sine: 0.0 }, f);
        }
        let r = f.hypot(g);
        (Self { cosine: f / r, sine: g / r }, r)
    }

    /// Turns row `i` and the next one; nothing without rows.
    fn rows(self, basis: &mut Matrix, i: usize) {
        let columns = basis.columns();
        let Some(pair) = basis.values_mut().get_mut(i * columns..(i + 2) * columns) else { return };
        let (upper, lower) = pair.split_at_mut(columns);
        for (x, y) in upper.iter_mut().zip(lower) {
            (*x, *y) = (self.cosine * *x + self.sine * *y, self.cosine * *y - self.sine * *x);
        }
    }
}

/// The smaller singular value of `[[f, g], [0, h]]` (LAPACK's `dlas2`).
fn smaller_value(f: f64, g: f64, h: f64) -> f64 {
    let (f, g, h) = (f.abs(), g.abs(), h.abs());
    let (least, most) = (f.min(h), f.max(h));
    if least == 0.0 {
        return 0.0;
    }
    let (sum, difference) = (1.0 + least / most, (most - least) / most);
    if g < most {
        let square = (g / most).powi(2);
        return 2.0 * least / ((sum * sum + square).sqrt() + (difference * difference + square).sqrt());
    }
    let ratio = most / g;
    if ratio == 0.0 {
        return least * most / g;
    }
    2.0 * least * ratio / ((sum * ratio).hypot(1.0) + (difference * ratio).hypot(1.0))
}
