//! The points of a series: an append-only list of pairs that is small and cheap to copy.
//!
//! Contract: every pair comes back to the bit; a copy never changes when the original grows, and costs the open chunk and a
//! few pointers, however long the list. Points of even steps with 32-bit values take 4 bytes each.

use std::sync::Arc;

use super::chunks::Chunks;
use super::column::Column;
use super::series::Point;

/// Points of one chunk.
const CHUNK: usize = 512;
/// Chunks that one shared list of chunks holds: what a copy has to count up.
const GROUP: usize = 32;

/// The points of a series, x and y each in its own column.
#[derive(Clone, Debug, Default)]
pub(super) struct Points {
    full: Chunks<Arc<Pairs>, GROUP>,
    open: Pairs,
}

/// Points as two columns of one length.
#[derive(Clone, Debug, Default)]
struct Pairs {
    x: Column,
    y: Column,
}

impl Pairs {
    #[inline]
    fn get(&self, index: usize) -> Option<Point> {
        Some(Point { x: self.x.get(index)?, y: self.y.get(index)? })
    }
}

impl Points {
    /// Number of points.
    pub(super) fn len(&self) -> usize {
        self.full.len() * CHUNK + self.open.y.len()
    }

    /// Appends a point.
    #[inline]
    pub(super) fn push(&mut self, point: Point) {
        self.open.x.push(point.x);
        self.open.y.push(point.y);
        if self.open.y.len() == CHUNK {
            let next = Pairs { x: self.open.x.renewed(), y: self.open.y.renewed() };
            self.full.push(Arc::new(std::mem::replace(&mut self.open, next)));
        }
    }

    /// The point at `index`.
    pub(super) fn get(&self, index: usize) -> Option<Point> {
        self.chunk(index / CHUNK)?.get(index % CHUNK)
    }

    /// The last point.
    pub(super) fn last(&self) -> Option<Point> {
        self.get(self.len().checked_sub(1)?)
    }

    /// All points in order.
    pub(super) fn iter(&self) -> impl Iterator<Item = Point> {
        self.range(0, self.len())
    }

    /// The points from `from` up to and without `to`.
    pub(super) fn range(&self, from: usize, to: usize) -> impl Iterator<Item = Point> {
        let chunks = from / CHUNK..to.min(self.len()).div_ceil(CHUNK);
        chunks.filter_map(|place| Some((place * CHUNK, self.chunk(place)?))).flat_map(
            move |(start, chunk)| {
                let inside = from.saturating_sub(start)..to.saturating_sub(start).min(CHUNK);
                inside.map_while(|index| chunk.get(index))
            },
        )
    }

    /// Number of points modulo `part`, which must divide the size of a chunk: known without a look at the full ones.
    pub(super) fn rest(&self, part: usize) -> usize {
        self.open.y.len() % part
    }

    /// The last points; `None` unless they stand in one chunk.
    pub(super) fn newest<const COUNT: usize>(&self) -> Option<[Point; COUNT]> {
        let full = || self.full.get(self.full.len().checked_sub(1)?).map(AsRef::as_ref);
        let chunk = if self.open.y.len() > 0 { &self.open } else { full()? };
        let start = chunk.y.len().checked_sub(COUNT)?;
        let mut found = [Point { x: 0.0, y: 0.0 }; COUNT];
        for (index, point) in (start..).zip(&mut found) {
            *point = chunk.get(index)?;
        }
        Some(found)
    }

    /// Passes the points `from..to` on, in order, a slice for each chunk: many times faster than one by one.
    pub(super) fn each(&self, from: usize, to: usize, mut pass: impl FnMut(&[Point])) {
        let mut slice: Vec<Point> = Vec::with_capacity(CHUNK.min(to.saturating_sub(from)));
        for place in from / CHUNK..to.min(self.len()).div_ceil(CHUNK) {
            let Some(chunk) = self.chunk(place) else { return };
            let start = place * CHUNK;
            let inside = from.saturating_sub(start)..to.saturating_sub(start).min(CHUNK);
            slice.clear();
            chunk.x.each(inside.clone(), |x| slice.push(Point { x, y: 0.0 }));
            let mut points = slice.iter_mut();
            chunk.y.each(inside, |y| {
                if let Some(point) = points.next() {
                    point.y = y;
                }
            });
            pass(&slice);
        }
    }

    /// Index of the first point for which `before` is false; the list must be partitioned by it.
    pub(super) fn partition_point(&self, before: impl Fn(Point) -> bool) -> usize {
        let (mut low, mut high) = (0, self.len());
        while low < high {
            let middle = low + (high - low) / 2;
            if self.get(middle).is_some_and(&before) {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        low
    }

    /// The chunk at a place; the open one is the last.
    fn chunk(&self, place: usize) -> Option<&Pairs> {
        match self.full.get(place) {
            Some(chunk) => Some(chunk),
            None => (place == self.full.len()).then_some(&self.open),
        }
    }
}

impl FromIterator<Point> for Points {
    fn from_iter<I: IntoIterator<Item = Point>>(all: I) -> Self {
        let mut points = Self::default();
        all.into_iter().for_each(|point| points.push(point));
        points
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn point(index: usize) -> Point {
        Point { x: index as f64, y: (index as f64 * 0.01).sin() }
    }

    #[test]
    fn a_copy_keeps_its_points_while_the_list_grows() {
        let mut points: Points = (0..20_000).map(point).collect();
        let copy = points.clone();
        (20_000..60_000).for_each(|index| points.push(point(index)));
        assert_eq!(copy.iter().collect::<Vec<_>>(), (0..20_000).map(point).collect::<Vec<_>>(), "the copy");
        assert_eq!((points.len(), points.last()), (60_000, Some(point(59_999))), "the list");
        assert!((0..60_000).all(|index| points.get(index) == Some(point(index))), "each in its place");
        for count in [16, 512, 600, 1024] {
            let points: Points = (0..count).map(point).collect();
            assert_eq!(points.rest(16), count % 16, "rest of {count}");
            assert_eq!(points.newest(), Some([point(count - 2), point(count - 1)]), "newest of {count}");
        }
        let just_begun: Points = (0..513).map(point).collect();
        assert_eq!(just_begun.newest::<2>(), None, "two points in two chunks");
    }

    #[test]
    fn ranges_and_searches_cross_chunks() {
        let points: Points = (0..40_000).map(point).collect();
        for (from, to) in
            [(0, 1), (500, 530), (512, 1024), (16_383, 33_000), (39_990, 50_000), (7, 7), (9, 3)]
        {
            let expected: Vec<Point> = (from..to.min(40_000)).map(point).collect();
            assert_eq!(points.range(from, to).collect::<Vec<_>>(), expected, "range {from}..{to}");
            let mut passed = Vec::new();
            points.each(from, to, |slice| passed.extend_from_slice(slice));
            assert_eq!(passed, expected, "the same in slices, {from}..{to}");
        }
        for wanted in [0, 1, 511, 512, 16_384, 39_999, 40_000] {
            assert_eq!(
                points.partition_point(|point| point.x < wanted as f64),
                wanted,
                "search for {wanted}"
            );
        }
    }
}
