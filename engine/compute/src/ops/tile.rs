//! Matrix products: the right side is packed into panels of sixteen columns, the left one is read where it lies, some rows at a time.

#![expect(
    clippy::inline_always,
    reason = "a function that is not inlined is compiled for the smallest instruction set"
)]

use crate::number::Number;

/// Columns of a panel.
pub const LANES: usize = 16;
/// Rows of a tall tile: as many as registers hold, and more than wait for each other.
const TALL: usize = 6;
/// Rows of a tile.
pub(super) const ROWS: usize = 4;

/// The left side: entry (r, k) lies at `r·stride + k`, or turned at `k·stride + r`.
#[derive(Clone, Copy)]
pub struct Left<'a, T> {
    /// The numbers.
    pub values: &'a [T],
    /// Distance of rows in memory.
    pub stride: usize,
    /// Whether rows and columns are exchanged.
    pub turned: bool,
}

/// Packs the right side, `inner × columns` numbers at `k·stride + c`, or turned at `c·stride + k`; columns beyond the last are zero.
pub fn pack<T: Number>(
    values: &[T],
    stride: usize,
    (inner, columns): (usize, usize),
    turned: bool,
    panels: &mut Vec<[T; LANES]>,
) {
    panels.clear();
    panels.resize(columns.div_ceil(LANES) * inner, [T::ZERO; LANES]);
    for (panel, lanes) in panels.chunks_exact_mut(inner.max(1)).enumerate() {
        let first = panel * LANES;
        let width = LANES.min(columns - first);
        if turned {
            for place in 0..width {
                let row = &values[(first + place) * stride..][..inner];
                for (lane, value) in lanes.iter_mut().zip(row) {
                    lane[place] = *value;
                }
            }
        } else {
            for (k, lane) in lanes.iter_mut().enumerate() {
                lane[..width].copy_from_slice(&values[k * stride + first..][..width]);
            }
        }
    }
}

/// `out = left·right` for `rows` rows and `(inner, columns)`, row by row at distance `out.1`; added to what is there if `adds`.
#[inline(always)]
pub fn product<T: Number, const FUSED: bool>(
    left: Left<'_, T>,
    rows: usize,
    right: &[[T; LANES]],
    (inner, columns): (usize, usize),
    out: (&mut [T], usize),
    adds: bool,
) {
    let (out, stride) = out;
    for (panel, lanes) in right.chunks_exact(inner.max(1)).enumerate() {
        let first = panel * LANES;
        let width = LANES.min(columns - first);
        let mut row = 0;
        // Two tiles of four are better than a tall one and two rows.
        while row + TALL <= rows && row + 2 * ROWS != rows {
            let sums = tile::<T, FUSED, TALL>(left, row, lanes);
            for (r, sums) in sums.iter().enumerate() {
                put(sums, &mut out[(row + r) * stride + first..][..width], adds);
            }
            row += TALL;
        }
        while row + ROWS <= rows {
            let sums = tile::<T, FUSED, ROWS>(left, row, lanes);
            for (r, sums) in sums.iter().enumerate() {
                put(sums, &mut out[(row + r) * stride + first..][..width], adds);
            }
            row += ROWS;
        }
        while row < rows {
            let [sums] = tile::<T, FUSED, 1>(left, row, lanes);
            put(&sums, &mut out[row * stride + first..][..width], adds);
            row += 1;
        }
    }
}

#[inline(always)]
fn put<T: Number>(sums: &[T; LANES], out: &mut [T], adds: bool) {
    if adds {
        out.iter_mut().zip(sums).for_each(|(out, sum)| *out += *sum);
    } else {
        out.copy_from_slice(&sums[..out.len()]);
    }
}

#[inline(always)]
fn tile<T: Number, const FUSED: bool, const R: usize>(
    left: Left<'_, T>,
    row: usize,
    lanes: &[[T; LANES]],
) -> [[T; LANES]; R] {
    let mut sums = [[T::ZERO; LANES]; R];
    if left.turned {
        for (k, lane) in lanes.iter().enumerate() {
            let values = &left.values[k * left.stride + row..][..R];
            for r in 0..R {
                add::<T, FUSED>(&mut sums[r], values[r], lane);
            }
        }
    } else {
        let rows: [&[T]; R] = std::array::from_fn(|r| &left.values[(row + r) * left.stride..][..lanes.len()]);
        for (k, lane) in lanes.iter().enumerate() {
            for r in 0..R {
                add::<T, FUSED>(&mut sums[r], rows[r][k], lane);
            }
        }
    }
    sums
}

/// `sums += factor·lane`.
#[inline(always)]
pub(super) fn add<T: Number, const FUSED: bool>(sums: &mut [T; LANES], factor: T, lane: &[T; LANES]) {
    for i in 0..LANES {
        sums[i] = if FUSED { factor.fused(lane[i], sums[i]) } else { factor * lane[i] + sums[i] };
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use weightscope_math::linalg::Dense;
    use weightscope_math::stream;

    fn random(rows: usize, columns: usize, name: &str) -> Dense<f64> {
        let mut random = stream(2, name);
        let values = (0..rows * columns).map(|_| f64::from(random.normal())).collect();
        Dense::new(rows, columns, values).unwrap()
    }

    #[test]
    fn products_of_all_shapes_and_sides_agree_with_the_plain_one() {
        for (rows, inner, columns) in [(1, 1, 1), (3, 5, 17), (4, 16, 16), (7, 33, 50), (64, 16, 64)] {
            let (a, b) = (random(rows, inner, "a"), random(inner, columns, "b"));
            let expected = a.times(&b).unwrap();
            let (at, bt) = (a.transposed(), b.transposed());
            for (left_turned, right_turned) in [(false, false), (true, false), (false, true), (true, true)] {
                let mut panels = Vec::new();
                let (right, stride) = if right_turned { (&bt, inner) } else { (&b, columns) };
                pack(right.values(), stride, (inner, columns), right_turned, &mut panels);
                let (left, stride) = if left_turned { (&at, rows) } else { (&a, inner) };
                let left = Left { values: left.values(), stride, turned: left_turned };
                let mut out = vec![0.0; rows * columns];
                for round in 1..=2 {
                    f64::product(left, rows, &panels, (inner, columns), (&mut out, columns), round == 2);
                    for (found, expected) in out.iter().zip(expected.values()) {
                        assert!((found - f64::from(round) * expected).abs() < 1e-11);
                    }
                }
            }
        }
    }
}
