//! One-sided Jacobi rotations (Hestenes 1958; Demmel and Veselić, SIAM J. Matrix Anal. Appl. 13, 1992): pairs of columns are turned
//! until all are at right angles; their lengths are the singular values. Slow and plain; checks and replaces the fast way.

use super::orthonormal::complete;
use super::{Matrix, Svd, dot};

/// Sweeps over all pairs at most; six to ten suffice.
const SWEEPS: usize = 60;

/// The thin decomposition of a finite matrix that is not empty; `None` if the rotations do not end.
pub(super) fn decompose(matrix: &Matrix) -> Option<Svd> {
    let tall = matrix.rows() >= matrix.columns();
    // The columns of a tall matrix, or the rows of a wide one, each in one piece.
    let source = if tall { matrix.transposed() } else { matrix.clone() };
    let mut columns: Vec<Vec<f64>> = source.each_row().map(<[f64]>::to_vec).collect();
    let count = columns.len();
    let mut turned: Vec<Vec<f64>> = Matrix::identity(count).each_row().map(<[f64]>::to_vec).collect();
    let length = source.columns();
    // A column shorter than this is the rounding error of the others.
    let nothing = f64::EPSILON * matrix.norm();
    orthogonalize(&mut columns, &mut turned, nothing)?;

    let mut order: Vec<(f64, usize)> =
        columns.iter().enumerate().map(|(index, column)| (dot(column, column).sqrt(), index)).collect();
    order.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)));
    let (mut units, mut values) = (Vec::new(), Vec::new());
    for (value, index) in &order {
        if *value > nothing {
            units.push(columns[*index].iter().map(|x| x / value).collect());
        }
        values.push(if *value > nothing { *value } else { 0.0 });
    }
    complete(&mut units, length, count);
    let units = Matrix::stack(length, &units);
    let turned = Matrix::new(
        count,
        count,
        order.iter().flat_map(|(_, index)| turned[*index].iter().copied()).collect(),
    );
    let turned = turned.ok()?;
    Some(if tall {
        Svd { left: units.transposed(), values, right: turned }
    } else {
        Svd { left: turned.transposed(), values, right: units }
    })
}

/// Rotates until no pair is off the right angle by more than rounding.
fn orthogonalize(columns: &mut [Vec<f64>], turned: &mut [Vec<f64>], nothing: f64) -> Option<()> {
    let length = columns.first().map_or(0, Vec::len);
    let tolerance = f64::EPSILON * (length as f64).sqrt();
    for _ in 0..SWEEPS {
        let mut still = true;
        for second in 1..columns.len() {
            for first in 0..second {
                let [x, y] = columns.get_disjoint_mut([first, second]).ok()?;
                let (alpha, beta, gamma) = (dot(x, x), dot(y, y), dot(x, y));
                let lengths = (alpha.sqrt(), beta.sqrt());
                if lengths.0.min(lengths.1) <= nothing || gamma.abs() <= tolerance * lengths.0 * lengths.1 {
                    continue;
                }
                still = false;
                let zeta = (beta - alpha) / (2.0 * gamma);
                let tangent = 1.0_f64.copysign(zeta) / (zeta.abs() + zeta.hypot(1.0));
                let cosine = 1.0 / tangent.hypot(1.0);
                rotate(x, y, cosine, cosine * tangent);
                let [x, y] = turned.get_disjoint_mut([first, second]).ok()?;
                rotate(x, y, cosine, cosine * tangent);
            }
        }
        if still {
            return Some(());
        }
    }
    None
}

fn rotate(x: &mut [f64], y: &mut [f64], cosine: f64, sine: f64) {
    for (x, y) in x.iter_mut().zip(y) {
        (*x, *y) = (cosine * *x - sine * *y, sine * *x + cosine * *y);
    }
}
