//! Rectangles and the map from data to the page. The page has its origin at the upper left, y downwards, in points.

use crate::figure::axis::Scale;
use crate::figure::model::Axis;

/// An upright rectangle.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Rect {
    pub(crate) x: f64,
    pub(crate) y: f64,
    pub(crate) width: f64,
    pub(crate) height: f64,
}

impl Rect {
    pub(crate) fn right(&self) -> f64 {
        self.x + self.width
    }

    pub(crate) fn bottom(&self) -> f64 {
        self.y + self.height
    }

    pub(crate) fn grown(&self, by: f64) -> Self {
        Self { x: self.x - by, y: self.y - by, width: self.width + 2.0 * by, height: self.height + 2.0 * by }
    }

    pub(crate) fn overlaps(&self, other: &Self) -> bool {
        self.x < other.right() && other.x < self.right() && self.y < other.bottom() && other.y < self.bottom()
    }

    pub(crate) fn contains(&self, other: &Self) -> bool {
        self.x <= other.x
            && self.y <= other.y
            && self.right() >= other.right()
            && self.bottom() >= other.bottom()
    }

    /// Whether a segment has a point inside (Liang and Barsky 1984).
    pub(crate) fn is_crossed(&self, from: [f64; 2], to: [f64; 2]) -> bool {
        let (dx, dy) = (to[0] - from[0], to[1] - from[1]);
        let bounds = [
            (-dx, from[0] - self.x),
            (dx, self.right() - from[0]),
            (-dy, from[1] - self.y),
            (dy, self.bottom() - from[1]),
        ];
        let (mut enter, mut leave) = (0.0f64, 1.0f64);
        for (slope, distance) in bounds {
            if slope == 0.0 {
                if distance < 0.0 {
                    return false;
                }
            } else if slope < 0.0 {
                enter = enter.max(distance / slope);
            } else {
                leave = leave.min(distance / slope);
            }
        }
        enter <= leave
    }
}

/// One axis laid on the page.
#[derive(Clone, Copy, Debug)]
pub(super) struct AxisMap {
    pub(super) scale: Scale,
    /// Shown range in data units.
    pub(super) range: (f64, f64),
    /// Page coordinates of the two ends of the range.
    pub(super) ends: (f64, f64),
}

impl AxisMap {
    /// A map onto the page from `start` to `end`, turned around for an inverted axis.
    pub(super) const fn new(axis: &Axis, range: (f64, f64), start: f64, end: f64) -> Self {
        let ends = if axis.inverted { (end, start) } else { (start, end) };
        Self { scale: axis.scale, range, ends }
    }

    /// Page coordinate of a value; NaN if it has none. Values far outside the range are brought close, because
    /// renderers lose precision with huge coordinates.
    pub(super) fn at(&self, value: f64) -> f64 {
        let (low, high) = (self.scale.to_axis(self.range.0), self.scale.to_axis(self.range.1));
        let share = (self.scale.to_axis(value) - low) / (high - low);
        if !share.is_finite() {
            return f64::NAN;
        }
        self.ends.0 + share.clamp(-50.0, 50.0) * (self.ends.1 - self.ends.0)
    }

    /// Page coordinate of a value, brought to the nearer end if it is outside the range or has no place.
    pub(super) fn clamped(&self, value: f64) -> f64 {
        let inside = if value.is_nan() { self.range.0 } else { value.clamp(self.range.0, self.range.1) };
        self.at(inside)
    }

    pub(super) fn shows(&self, value: f64) -> bool {
        value >= self.range.0 && value <= self.range.1
    }
}

/// Both axes laid on the page.
#[derive(Clone, Copy, Debug)]
pub(super) struct PlotMap {
    pub(super) x: AxisMap,
    pub(super) y: AxisMap,
}

impl PlotMap {
    pub(super) fn at(&self, point: [f64; 2]) -> [f64; 2] {
        [self.x.at(point[0]), self.y.at(point[1])]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn segments_are_found_that_cross_without_an_end_inside() {
        let rect = Rect { x: 0.0, y: 0.0, width: 10.0, height: 10.0 };
        assert!(rect.is_crossed([-5.0, 5.0], [15.0, 6.0]));
        assert!(rect.is_crossed([5.0, 5.0], [5.0, 5.0]));
        assert!(!rect.is_crossed([-5.0, 5.0], [4.0, 20.0]));
        assert!(!rect.is_crossed([11.0, 0.0], [11.0, 9.0]));
    }

    #[test]
    fn an_inverted_axis_runs_the_other_way() {
        let axis = Axis::new("x");
        assert_eq!(AxisMap::new(&axis, (0.0, 1.0), 10.0, 20.0).at(0.25), 12.5);
        assert_eq!(AxisMap::new(&axis.inverted(), (0.0, 1.0), 10.0, 20.0).at(0.25), 17.5);
    }
}
