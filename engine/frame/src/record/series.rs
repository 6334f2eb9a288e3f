//! A scalar over steps, with a min–max pyramid so that a million points draw as fast as a thousand.
//!
//! Level j of the pyramid (j ≥ 2) keeps, for each block of 4^j points, its first, last, smallest and largest point, as four
//! points in the order of x.
//! Contract: steps never decrease; a non-finite value is kept, never merged with its neighbours, and breaks the line.

use serde::{Deserialize, Serialize};

use super::packed;
use super::points::Points;

/// Points of the finest block; level 2 of the pyramid.
const BLOCK: usize = 16;
/// Blocks of one level that make one of the next.
const FAN: usize = 4;
/// Points that stand for a block.
const CORNERS: usize = 4;

/// One point of a series.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Point {
    /// Step (or whatever the x axis counts).
    pub x: f64,
    /// Value.
    pub y: f64,
}

/// Extremes of a block of points.
#[derive(Clone, Copy, Debug)]
struct Block {
    first: Point,
    last: Point,
    min: Point,
    max: Point,
    /// Holds a non-finite value: must be drawn from finer data.
    broken: bool,
}

impl Block {
    fn of(point: Point) -> Self {
        Self { first: point, last: point, min: point, max: point, broken: !point.y.is_finite() }
    }

    fn join(self, later: Self) -> Self {
        Self {
            first: self.first,
            last: later.last,
            min: if later.min.y < self.min.y { later.min } else { self.min },
            max: if later.max.y > self.max.y { later.max } else { self.max },
            broken: self.broken || later.broken,
        }
    }

    /// First, extremes, last, in x order. A broken block has no extremes: NaN stands in their place.
    fn corners(&self) -> [Point; CORNERS] {
        if self.broken {
            let gap = |x| Point { x, y: f64::NAN };
            return [self.first.x, self.first.x, self.last.x, self.last.x].map(gap);
        }
        let (early, late) =
            if self.min.x <= self.max.x { (self.min, self.max) } else { (self.max, self.min) };
        [self.first, early, late, self.last]
    }

    /// The block that [`Block::corners`] came from.
    fn from_corners([first, early, late, last]: &[Point; CORNERS]) -> Self {
        let (min, max) = if early.y <= late.y { (early, late) } else { (late, early) };
        Self { first: *first, last: *last, min: *min, max: *max, broken: early.y.is_nan() }
    }

    /// The points that draw the block, in x order, without repeats.
    fn emit(&self, detail: Detail, out: &mut Vec<Point>) {
        let all = self.corners();
        let chosen = match detail {
            Detail::Full => &all[..],
            Detail::Extremes => &all[1..3],
        };
        let start = out.len();
        for point in chosen {
            if out.len() == start || out.last() != Some(point) {
                out.push(*point);
            }
        }
    }
}

/// How many points a column of pixels gets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Detail {
    /// First, smallest, largest, last: the drawing equals that of all points.
    Full,
    /// Smallest and largest: for tiles with many series.
    Extremes,
}

/// What part of a series is drawn, and how finely.
#[derive(Clone, Copy)]
pub struct Query<'a> {
    /// Left end in x.
    pub from: f64,
    /// Right end in x.
    pub to: f64,
    /// Pixel columns between them.
    pub columns: usize,
    /// Points per column.
    pub detail: Detail,
    /// x → axis space (for logarithmic x axes); must not decrease.
    pub to_axis: &'a dyn Fn(f64) -> f64,
}

/// One number over steps: points in the order in which they came, with a min–max pyramid for drawing.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(from = "packed::PackedSeries", into = "packed::PackedSeries")]
pub struct Series {
    points: Points,
    /// The corners of all blocks of each level.
    levels: Vec<Points>,
}

impl Series {
    /// Number of points.
    pub fn len(&self) -> usize {
        self.points.len()
    }

    /// True without points.
    pub fn is_empty(&self) -> bool {
        self.points.len() == 0
    }

    /// Appends a point.
    pub fn push(&mut self, x: f64, y: f64) {
        self.points.push(Point { x, y });
        if self.points.rest(BLOCK) == 0 {
            let newest = self.points.newest::<BLOCK>();
            self.close_block(newest.and_then(|points| points.map(Block::of).into_iter().reduce(Block::join)));
        }
    }

    /// Enters a block of the finest level, and those of coarser ones that it completes.
    fn close_block(&mut self, mut closed: Option<Block>) {
        let mut level = 0;
        while let Some(block) = closed {
            if self.levels.len() == level {
                self.levels.push(Points::default());
            }
            let Some(corners) = self.levels.get_mut(level) else { return };
            block.corners().into_iter().for_each(|corner| corners.push(corner));
            closed = (corners.rest(FAN * CORNERS) == 0).then(|| newest(corners)).flatten();
            level += 1;
        }
    }

    /// The first point.
    pub fn first(&self) -> Option<Point> {
        self.points.get(0)
    }

    /// The last point.
    pub fn last(&self) -> Option<Point> {
        self.points.last()
    }

    /// All points in order.
    pub fn iter(&self) -> impl Iterator<Item = Point> {
        self.points.iter()
    }

    /// Passes all points on, in order, many at a time.
    pub(super) fn each(&self, pass: impl FnMut(&[Point])) {
        self.points.each(0, self.len(), pass);
    }

    /// The last point at or before `x`.
    pub fn at(&self, x: f64) -> Option<Point> {
        let after = self.points.partition_point(|point| point.x <= x);
        self.points.get(after.checked_sub(1)?)
    }

    /// Smallest and largest finite value, from the pyramid.
    pub fn value_range(&self) -> Option<(f64, f64)> {
        let mut range: Option<(f64, f64)> = None;
        self.feed(self.levels.len().checked_sub(1), 0, self.len(), &mut |block| {
            if !block.broken {
                let (low, high) = range.unwrap_or((block.min.y, block.max.y));
                range = Some((low.min(block.min.y), high.max(block.max.y)));
            }
        });
        range
    }

    /// Number of points with x in `from..=to`.
    pub fn count(&self, from: f64, to: f64) -> usize {
        let low = self.points.partition_point(|point| point.x < from);
        let high = self.points.partition_point(|point| point.x <= to);
        high.saturating_sub(low)
    }

    /// The points to draw for a query, in x order, one beyond each end so that lines run to the edge.
    pub fn query(&self, query: &Query<'_>) -> Vec<Point> {
        let low = self.points.partition_point(|point| point.x < query.from).saturating_sub(1);
        let high = (self.points.partition_point(|point| point.x <= query.to) + 1).min(self.points.len());
        let wanted = query.columns.max(1) * 4;
        if high - low <= wanted {
            return self.points.range(low, high).collect();
        }
        // The coarsest level that still has two blocks or more for each column.
        let mut level = None;
        for candidate in 0..self.levels.len() {
            if (high - low) / block_points(candidate) >= 2 * query.columns.max(1) {
                level = Some(candidate);
            }
        }
        let mut columns = Columns::new(query);
        self.feed(level, low, high, &mut |block| columns.add(block));
        columns.finish()
    }

    /// Passes the points `low..high` on, in blocks of `level` where whole and unbroken blocks exist, finer elsewhere; a broken
    /// block comes as a single point.
    fn feed(&self, level: Option<usize>, low: usize, high: usize, pass: &mut impl FnMut(Block)) {
        let Some((level, corners)) = level.and_then(|level| Some((level, self.levels.get(level)?))) else {
            self.points.each(low, high, |points| points.iter().for_each(|point| pass(Block::of(*point))));
            return;
        };
        let size = block_points(level);
        let finer = level.checked_sub(1);
        let first = low.div_ceil(size);
        let last = (high / size).min(corners.len() / CORNERS);
        if first >= last {
            self.feed(finer, low, high, pass);
            return;
        }
        self.feed(finer, low, first * size, pass);
        let mut index = first;
        corners.each(first * CORNERS, last * CORNERS, |corners| {
            for block in corners.as_chunks().0.iter().map(Block::from_corners) {
                if block.broken {
                    self.feed(finer, index * size, (index + 1) * size, pass);
                } else {
                    pass(block);
                }
                index += 1;
            }
        });
        self.feed(finer, last * size, high, pass);
    }
}

impl FromIterator<(f64, f64)> for Series {
    fn from_iter<I: IntoIterator<Item = (f64, f64)>>(points: I) -> Self {
        let mut series = Self::default();
        points.into_iter().for_each(|(x, y)| series.push(x, y));
        series
    }
}

/// Points in a block of pyramid level index `level` (index 0 is the sheet's level 2).
fn block_points(level: usize) -> usize {
    BLOCK * FAN.pow(level as u32)
}

/// The last blocks of a level that make one of the next, joined.
fn newest(corners: &Points) -> Option<Block> {
    let corners = corners.newest::<{ FAN * CORNERS }>()?;
    corners.as_chunks().0.iter().map(Block::from_corners).reduce(Block::join)
}

/// Joins blocks that fall into the same pixel column.
struct Columns<'a> {
    query: &'a Query<'a>,
    start: f64,
    per_unit: f64,
    open: Option<(i64, Block)>,
    out: Vec<Point>,
}

impl<'a> Columns<'a> {
    fn new(query: &'a Query<'a>) -> Self {
        let start = (query.to_axis)(query.from);
        let span = (query.to_axis)(query.to) - start;
        let per_unit = if span.is_finite() && span > 0.0 { query.columns as f64 / span } else { 0.0 };
        Self { query, start, per_unit, open: None, out: Vec::with_capacity(query.columns * 4) }
    }

    fn add(&mut self, block: Block) {
        if block.broken {
            self.flush();
            // Broken blocks come here as single points only.
            self.out.push(block.first);
            return;
        }
        let column = (((self.query.to_axis)(block.first.x) - self.start) * self.per_unit).floor() as i64;
        match &mut self.open {
            Some((open, joined)) if *open == column => *joined = joined.join(block),
            _ => {
                self.flush();
                self.open = Some((column, block));
            }
        }
    }

    fn flush(&mut self) {
        if let Some((_, block)) = self.open.take() {
            block.emit(self.query.detail, &mut self.out);
        }
    }

    fn finish(mut self) -> Vec<Point> {
        self.flush();
        self.out
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wave(count: usize) -> Series {
        (0..count).map(|i| (i as f64, (i as f64 * 0.37).sin() * (1.0 + i as f64 * 1e-4))).collect()
    }

    fn query(from: f64, to: f64, columns: usize) -> Query<'static> {
        Query { from, to, columns, detail: Detail::Full, to_axis: &|x| x }
    }

    #[test]
    fn a_column_keeps_its_extremes() {
        let series = wave(100_000);
        let points = series.query(&query(0.0, 100_000.0, 200));
        assert!(points.len() <= 4 * 202, "{} points for 200 columns", points.len());
        let (low, high) = series.iter().fold((f64::MAX, f64::MIN), |(l, h), p| (l.min(p.y), h.max(p.y)));
        assert!(
            points.iter().any(|p| p.y == low) && points.iter().any(|p| p.y == high),
            "extremes must survive"
        );
        assert!(points.windows(2).all(|pair| pair[0].x <= pair[1].x), "x must not go back");
    }

    #[test]
    fn a_few_points_come_as_they_are() {
        let series = wave(5000);
        let points = series.query(&query(100.0, 150.0, 300));
        let expected: Vec<Point> = series.iter().filter(|p| (99.0..=151.0).contains(&p.x)).collect();
        assert_eq!(points, expected, "raw points, and one beyond each end");
    }

    #[test]
    fn a_gap_survives_every_level() {
        let series: Series =
            (0..200_000).map(|i| (i as f64, if i == 77_777 { f64::NAN } else { 1.0 })).collect();
        let points = series.query(&query(0.0, 200_000.0, 100));
        assert_eq!(points.iter().filter(|p| p.y.is_nan()).count(), 1, "one break in the line");
        assert_eq!(series.value_range(), Some((1.0, 1.0)), "and none in the range");
    }

    #[test]
    fn a_growing_series_equals_one_built_at_once() {
        let mut growing = Series::default();
        for (index, point) in wave(4097).iter().enumerate() {
            growing.push(point.x, point.y);
            if index == 2000 {
                let copy = growing.clone();
                assert_eq!(copy.len(), 2001, "a copy in the middle");
            }
        }
        assert_eq!(
            growing.query(&query(0.0, 4097.0, 50)),
            wave(4097).query(&query(0.0, 4097.0, 50)),
            "same drawing"
        );
        assert_eq!(growing.at(12.5).map(|p| p.x), Some(12.0), "last point before");
        assert_eq!(growing.count(10.0, 20.0), 11, "both ends");
    }
}
