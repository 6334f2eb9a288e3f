//! Matrix products: the right side is packed into panels of sixteen columns, the left one is read where it lies, some rows at a time.

#![expect(
    clippy::inline_always,
    reason = "a function that is not inlined is compiled for the smallest instruction set"
)]
#![expect(clippy::needless_range_loop, reason = "loops of constant length over several arrays at once")]

use crate::number::Number;

/// Columns of a panel.
pub const LANES: usize = 16;
/// Rows of a tile where registers are narrow: as many as they hold, and more than wait for each other.
pub const TALL: usize = 6;
/// Rows of a tile where a register holds a whole panel.
pub const TALLEST: usize = 12;
/// Rows of a tile of a correlation.
pub(super) const ROWS: usize = 4;
/// Steps of a sum between two looks at the ends of rows.
const STEPS: usize = 8;

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

/// The right side: panels that are read where they lie, entry (k, c) at `k·stride + c`, and behind them packed ones.
#[derive(Clone, Copy)]
pub struct Right<'a, T> {
    values: &'a [T],
    stride: usize,
    /// Panels that are not packed.
    plain: usize,
    packed: &'a [[T; LANES]],
}

impl<'a, T: Number> Right<'a, T> {
    /// A side whose panels are all packed, see [`pack`].
    pub fn packed(packed: &'a [[T; LANES]]) -> Self {
        Self { values: &[], stride: 0, plain: 0, packed }
    }

    /// A side that is read where it lies, `inner × columns` numbers at `k·stride + c`; only columns that fill no panel are packed.
    pub fn plain(
        values: &'a [T],
        stride: usize,
        (inner, columns): (usize, usize),
        panels: &'a mut Vec<[T; LANES]>,
    ) -> Self {
        let plain = columns / LANES;
        let rest = columns % LANES;
        let behind = values.get(plain * LANES..).unwrap_or_default();
        let packed = pack(behind, stride, (inner, rest), false, panels);
        Self { values, stride, plain, packed }
    }
}

/// Packs the right side, `inner × columns` numbers at `k·stride + c`, or turned at `c·stride + k`; columns beyond the last are zero. `panels`
/// is memory that grows as far as it is needed and is never cleared: what is handed on was written.
pub fn pack<'p, T: Number>(
    values: &[T],
    stride: usize,
    (inner, columns): (usize, usize),
    turned: bool,
    panels: &'p mut Vec<[T; LANES]>,
) -> &'p [[T; LANES]] {
    let count = columns.div_ceil(LANES) * inner;
    if panels.len() < count {
        panels.resize(count, [T::ZERO; LANES]);
    }
    let panels = &mut panels[..count];
    for (panel, lanes) in panels.chunks_exact_mut(inner.max(1)).enumerate() {
        let first = panel * LANES;
        let width = LANES.min(columns - first);
        if width < LANES {
            lanes.fill([T::ZERO; LANES]);
        }
        if turned {
            let mut place = 0;
            while place + FOUR <= width {
                let rows = std::array::from_fn(|r| &values[(first + place + r) * stride..][..inner]);
                turn(rows, lanes, place);
                place += FOUR;
            }
            for place in place..width {
                let row = &values[(first + place) * stride..][..inner];
                for (lane, value) in lanes.iter_mut().zip(row) {
                    lane[place] = *value;
                }
            }
        } else {
            for (k, lane) in lanes.iter_mut().enumerate() {
                let values = &values[k * stride + first..];
                match values.first_chunk() {
                    Some(chunk) if width == LANES => *lane = *chunk,
                    _ => lane[..width].copy_from_slice(&values[..width]),
                }
            }
        }
    }
    panels
}

/// Rows that are turned together.
const FOUR: usize = 4;

/// Four rows become four neighbouring entries of lanes, in blocks that compilers keep in registers.
fn turn<T: Number>(rows: [&[T]; FOUR], lanes: &mut [[T; LANES]], place: usize) {
    let blocks = rows.map(|row| row.as_chunks::<FOUR>());
    let (whole, rest) = lanes.as_chunks_mut::<FOUR>();
    let [first, second, third, fourth] = blocks;
    let rows = first.0.iter().zip(second.0).zip(third.0.iter().zip(fourth.0));
    for (lanes, ((a, b), (c, d))) in whole.iter_mut().zip(rows) {
        for (k, lane) in lanes.iter_mut().enumerate() {
            if let Some(lane) = lane[place..].first_chunk_mut() {
                *lane = [a[k], b[k], c[k], d[k]];
            }
        }
    }
    let rows = first.1.iter().zip(second.1).zip(third.1.iter().zip(fourth.1));
    for (lane, ((a, b), (c, d))) in rest.iter_mut().zip(rows) {
        lane[place..place + FOUR].copy_from_slice(&[*a, *b, *c, *d]);
    }
}

/// `out = left·right` for `rows` rows and `(inner, columns)`, row by row at distance `out.1`; added to what is there if `adds`. Each sum runs
/// over the inner places in their order, whatever tiles it is made in.
#[inline(always)]
pub fn product<T: Number, const FUSED: bool, const HEIGHT: usize>(
    left: Left<'_, T>,
    rows: usize,
    right: Right<'_, T>,
    (inner, columns): (usize, usize),
    out: (&mut [T], usize),
    adds: bool,
) {
    let (out, stride) = out;
    for panel in 0..right.plain {
        let first = panel * LANES;
        let lanes = Plain { values: &right.values[first..], stride: right.stride, inner };
        let sink = Rows { out: &mut out[first..], stride, width: LANES, adds };
        over_rows::<T, FUSED, HEIGHT>(left, rows, lanes, sink);
    }
    for (panel, lanes) in right.packed.chunks_exact(inner.max(1)).enumerate() {
        let first = (right.plain + panel) * LANES;
        let sink = Rows { out: &mut out[first..], stride, width: LANES.min(columns - first), adds };
        over_rows::<T, FUSED, HEIGHT>(left, rows, lanes, sink);
    }
}

/// As [`product`], written with rows and columns exchanged: `out`, `[columns, rows]`. The cheaper way where the right side has few columns
/// and the left one many rows.
#[inline(always)]
pub fn product_across<T: Number, const FUSED: bool, const HEIGHT: usize>(
    left: Left<'_, T>,
    rows: usize,
    right: &[[T; LANES]],
    (inner, columns): (usize, usize),
    out: (&mut [T], usize),
    adds: bool,
) {
    let (out, stride) = out;
    for (panel, lanes) in right.chunks_exact(inner.max(1)).enumerate() {
        let out = out.get_mut(panel * LANES * stride..).unwrap_or_default();
        let width = LANES.min(columns - panel * LANES);
        over_rows::<T, FUSED, HEIGHT>(left, rows, lanes, Across { out, stride, width, adds });
    }
}

/// Where the sums of a row go. A trait, since closures are not told to be inlined.
trait Sink<T> {
    fn put(&mut self, row: usize, sums: &[T; LANES]);
}

/// Sums become a stretch of a row.
struct Rows<'a, T> {
    out: &'a mut [T],
    stride: usize,
    width: usize,
    adds: bool,
}

impl<T: Number> Sink<T> for Rows<'_, T> {
    #[inline(always)]
    fn put(&mut self, row: usize, sums: &[T; LANES]) {
        let out = &mut self.out[row * self.stride..];
        match out.first_chunk_mut::<LANES>() {
            Some(out) if self.width == LANES => {
                if self.adds {
                    for i in 0..LANES {
                        out[i] += sums[i];
                    }
                } else {
                    *out = *sums;
                }
            }
            _ => {
                for (out, sum) in out[..self.width].iter_mut().zip(sums) {
                    *out = if self.adds { *out + *sum } else { *sum };
                }
            }
        }
    }
}

/// Sums become a stretch of a column.
struct Across<'a, T> {
    out: &'a mut [T],
    stride: usize,
    width: usize,
    adds: bool,
}

impl<T: Number> Sink<T> for Across<'_, T> {
    #[inline(always)]
    fn put(&mut self, row: usize, sums: &[T; LANES]) {
        for (out, sum) in self.out[row..].iter_mut().step_by(self.stride).zip(&sums[..self.width]) {
            *out = if self.adds { *out + *sum } else { *sum };
        }
    }
}

/// Where the lanes of a panel lie.
trait Panel<T>: Copy {
    /// How many there are.
    fn inner(self) -> usize;

    /// The one at a place of the sum.
    fn lane(&self, k: usize) -> &[T; LANES];
}

impl<T: Number> Panel<T> for &[[T; LANES]] {
    #[inline(always)]
    fn inner(self) -> usize {
        self.len()
    }

    #[inline(always)]
    fn lane(&self, k: usize) -> &[T; LANES] {
        &self[k]
    }
}

/// A panel within a matrix.
#[derive(Clone, Copy)]
struct Plain<'a, T> {
    values: &'a [T],
    stride: usize,
    inner: usize,
}

impl<T: Number> Panel<T> for Plain<'_, T> {
    #[inline(always)]
    fn inner(self) -> usize {
        self.inner
    }

    #[inline(always)]
    fn lane(&self, k: usize) -> &[T; LANES] {
        &self.values[k * self.stride..].as_chunks().0[0]
    }
}

/// The sums of each row, in tiles of nearly one height: a last tile of few rows would wait for its own sums.
#[inline(always)]
fn over_rows<T: Number, const FUSED: bool, const HEIGHT: usize>(
    left: Left<'_, T>,
    rows: usize,
    lanes: impl Panel<T>,
    mut sink: impl Sink<T>,
) {
    let tiles = rows.div_ceil(HEIGHT).max(1);
    let (height, higher) = (rows / tiles, rows % tiles);
    let mut row = 0;
    for (height, count) in [(height + 1, higher), (height, tiles - higher)] {
        macro_rules! tiles {
            ($($rows:literal)+) => {
                match height {
                    $($rows if $rows <= HEIGHT => {
                        for _ in 0..count {
                            let sums = tile::<T, FUSED, $rows>(left, row, lanes);
                            for r in 0..$rows {
                                sink.put(row + r, &sums[r]);
                            }
                            row += $rows;
                        }
                    })+
                    _ => {}
                }
            };
        }
        tiles!(1 2 3 4 5 6 7 8 9 10 11 12);
    }
}

#[inline(always)]
fn tile<T: Number, const FUSED: bool, const R: usize>(
    left: Left<'_, T>,
    row: usize,
    lanes: impl Panel<T>,
) -> [[T; LANES]; R] {
    let mut sums = [[T::ZERO; LANES]; R];
    let inner = lanes.inner();
    if left.turned {
        for k in 0..inner {
            let lane = lanes.lane(k);
            let values = &left.values[k * left.stride + row..][..R];
            for r in 0..R {
                add::<T, FUSED>(&mut sums[r], values[r], lane);
            }
        }
        return sums;
    }
    let mut rows = [&[][..]; R];
    let mut blocks = [&[][..]; R];
    for r in 0..R {
        rows[r] = &left.values[(row + r) * left.stride..][..inner];
        blocks[r] = rows[r].as_chunks::<STEPS>().0;
    }
    let none = [T::ZERO; STEPS];
    for block in 0..inner / STEPS {
        let mut values = [&none; R];
        for r in 0..R {
            values[r] = &blocks[r][block];
        }
        for step in 0..STEPS {
            let lane = lanes.lane(block * STEPS + step);
            for r in 0..R {
                add::<T, FUSED>(&mut sums[r], values[r][step], lane);
            }
        }
    }
    for k in inner / STEPS * STEPS..inner {
        let lane = lanes.lane(k);
        for r in 0..R {
            add::<T, FUSED>(&mut sums[r], rows[r][k], lane);
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
        for (rows, inner, columns) in [
            (1, 1, 1),
            (3, 5, 17),
            (4, 16, 16),
            (7, 33, 50),
            (64, 16, 64),
            (17, 8, 32),
            (13, 24, 33),
            (25, 9, 5),
        ] {
            let (a, b) = (random(rows, inner, "a"), random(inner, columns, "b"));
            let expected = a.times(&b).unwrap();
            let (at, bt) = (a.transposed(), b.transposed());
            for (left_turned, right_turned) in [(false, false), (true, false), (false, true), (true, true)] {
                let (mut panels, mut rest) = (Vec::new(), Vec::new());
                let (right, stride) = if right_turned { (&bt, inner) } else { (&b, columns) };
                let panels = pack(right.values(), stride, (inner, columns), right_turned, &mut panels);
                let mut sides = vec![Right::packed(panels)];
                if !right_turned {
                    sides.push(Right::plain(b.values(), columns, (inner, columns), &mut rest));
                }
                let (left, stride) = if left_turned { (&at, rows) } else { (&a, inner) };
                let left = Left { values: left.values(), stride, turned: left_turned };
                let (mut across, mut transposed) = (vec![0.0; rows * columns], vec![0.0; rows * columns]);
                for round in 1..=2 {
                    let out = (&mut across[..], rows);
                    f64::product_across(left, rows, panels, (inner, columns), out, round == 2);
                }
                for (place, value) in across.iter().enumerate() {
                    transposed[place % rows * columns + place / rows] = *value;
                }
                for side in sides {
                    let mut out = vec![0.0; rows * columns];
                    for round in 1..=2 {
                        f64::product(left, rows, side, (inner, columns), (&mut out, columns), round == 2);
                        for (found, expected) in out.iter().zip(expected.values()) {
                            assert!((found - f64::from(round) * expected).abs() < 1e-11);
                        }
                    }
                    assert_eq!(out, transposed, "each sum runs in one order");
                }
            }
        }
    }

    #[test]
    fn lanes_that_were_filled_before_are_empty_behind_the_last_column() {
        let mut panels = Vec::new();
        pack(&[7.0_f32; 128], 16, (8, 16), false, &mut panels);
        let found = pack(&[1.0_f32; 20], 5, (4, 5), false, &mut panels);
        assert_eq!(found.len(), 4);
        assert!(found.iter().all(|lane| lane[..5] == [1.0; 5] && lane[5..] == [0.0; 11]));
        pack(&[7.0_f32; 128], 16, (8, 16), false, &mut panels);
        let found = pack(&[2.0_f32; 20], 4, (4, 5), true, &mut panels);
        assert!(found.iter().all(|lane| lane[..5] == [2.0; 5] && lane[5..] == [0.0; 11]));
    }
}
