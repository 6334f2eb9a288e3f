//! Products of large matrices that can be stopped, in pieces whose bits are those of one call.
//!
//! On processors of the x86 family the library sums along the inner side in blocks of 512, one after the other into the target, and gives
//! each tile of a few columns its own sums. So an inner side is cut between such blocks, and columns at multiples of sixteen: no sum runs
//! another way. A remainder joins the last piece, and what has one row or one column is not cut, because these take other ways through
//! the library. Of columns that are cut, the last rows of a number that is no multiple of eight may be rounded otherwise than in one
//! call; the pieces follow from the shape alone, so that each call gives the same bits in any case.

use faer::linalg::matmul::matmul;
use faer::{Accum, MatMut, MatRef, Par};

use super::{GoOn, SpectrumError, ask};

/// Multiplications and additions of one piece, the last up to twice as many: 30 ms at ten thousand million a second.
const PIECE: f64 = 3e8;
/// Length of the library's blocks of the inner side.
const BLOCK: usize = 512;
/// A multiple of the columns of its tiles, enough of them that it packs the left side as it does for more.
const TILE: usize = 16;

/// `target = left · right`, or that added to it, asking between pieces whether to go on.
pub(super) fn product(
    target: MatMut<'_, f64>,
    add: Accum,
    (left, right): (MatRef<'_, f64>, MatRef<'_, f64>),
    go_on: GoOn<'_>,
) -> Result<(), SpectrumError> {
    pieces_of(target, add, (left, right), PIECE, go_on)
}

fn pieces_of(
    mut target: MatMut<'_, f64>,
    add: Accum,
    (left, right): (MatRef<'_, f64>, MatRef<'_, f64>),
    operations: f64,
    go_on: GoOn<'_>,
) -> Result<(), SpectrumError> {
    let (rows, inner, columns) = (left.nrows(), left.ncols(), right.ncols());
    if rows < 2 || columns < 2 {
        ask(go_on)?;
        matmul(target, add, left, right, 1.0, Par::Seq);
        return Ok(());
    }
    if inner >= 2 * BLOCK {
        let mut add = add;
        for (start, length) in cut(inner, BLOCK, operations / (2.0 * rows as f64 * columns as f64)) {
            ask(go_on)?;
            let (left, right) = (left.subcols(start, length), right.subrows(start, length));
            matmul(target.as_mut(), add, left, right, 1.0, Par::Seq);
            add = Accum::Add;
        }
        return Ok(());
    }
    for (start, width) in cut(columns, TILE, operations / (2.0 * rows as f64 * inner as f64)) {
        ask(go_on)?;
        let (target, right) = (target.as_mut().subcols_mut(start, width), right.subcols(start, width));
        matmul(target, add, left, right, 1.0, Par::Seq);
    }
    Ok(())
}

/// Beginnings and lengths of pieces of up to `fitting`, a multiple of `unit` and one at least; what is left over joins the last.
fn cut(whole: usize, unit: usize, fitting: f64) -> impl Iterator<Item = (usize, usize)> {
    let step = (fitting as usize / unit).max(1).saturating_mul(unit);
    let count = (whole / step).max(1);
    (0..count).map(move |piece| {
        let start = piece * step;
        (start, if piece + 1 == count { whole - start } else { step })
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rng::stream;
    use faer::Mat;

    fn random(name: &str, rows: usize, columns: usize) -> Mat<f64> {
        let mut random = stream(3, name);
        Mat::from_fn(rows, columns, |_, _| f64::from(random.normal()))
    }

    #[test]
    #[cfg(target_arch = "x86_64")]
    fn pieces_have_the_bits_of_one_product() {
        // Without these the library sums by another rule.
        if !std::arch::is_x86_feature_detected!("avx2") || !std::arch::is_x86_feature_detected!("fma") {
            return;
        }
        let shapes = [(256, 2100, 272), (2104, 256, 275), (61, 1537, 8), (1200, 200, 35), (1, 3000, 5)];
        for (rows, inner, columns) in shapes {
            let (left, right) = (random("left", rows, inner), random("right", inner, columns));
            // Row after row, as the panels of a tall matrix lie.
            let turned = left.transpose().to_owned();
            for left in [left.as_ref(), turned.transpose()] {
                for add in [Accum::Replace, Accum::Add] {
                    let mut whole = random("target", rows, columns);
                    let mut pieces = whole.clone();
                    matmul(whole.as_mut(), add, left, right.as_ref(), 1.0, Par::Seq);
                    let operations = 2.0 * (rows * inner * columns) as f64 / 7.0;
                    let factors = (left, right.as_ref());
                    pieces_of(pieces.as_mut(), add, factors, operations, &mut || true).unwrap();
                    assert_eq!(pieces, whole, "{rows} × {inner} × {columns}");
                }
            }
        }
    }

    #[test]
    fn pieces_are_whole_blocks_and_a_remainder_is_no_piece_of_its_own() {
        let all = |whole, unit, fitting| cut(whole, unit, fitting).collect::<Vec<_>>();
        assert_eq!(all(1537, 512, 600.0), [(0, 512), (512, 512), (1024, 513)]);
        assert_eq!(all(17, 8, 0.5), [(0, 8), (8, 9)]);
        assert_eq!(all(5, 8, 0.5), [(0, 5)]);
        assert_eq!(all(272, 8, 1e30), [(0, 272)], "all at once");
    }

    #[test]
    fn a_product_stops_between_its_pieces() {
        let (left, right) = (random("left", 64, 2048), random("right", 2048, 16));
        let mut target = Mat::<f64>::zeros(64, 16);
        let mut asked = 0;
        let mut go_on = || {
            asked += 1;
            asked < 3
        };
        let factors = (left.as_ref(), right.as_ref());
        let stopped = pieces_of(target.as_mut(), Accum::Replace, factors, 1e6, &mut go_on);
        assert_eq!(stopped, Err(SpectrumError::Stopped));
        assert_eq!(asked, 3, "asked before each piece");
    }
}
