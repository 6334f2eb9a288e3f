//! Where the data of a plot lie, coarsely: so that the legend stands in the corner that covers the least of them.

use egui_plot::{Corner, PlotPoint};

use super::shape::Shape;

/// Fields across and up.
const ACROSS: usize = 32;
const UP: usize = 24;
/// Corners in the order in which equal ones are preferred.
const CORNERS: [Corner; 4] = [Corner::RightTop, Corner::LeftTop, Corner::RightBottom, Corner::LeftBottom];

/// The ranges of a plot as a coarse raster: which fields hold data, the lower left one first.
pub(super) struct Occupancy {
    taken: Vec<bool>,
    ranges: ((f64, f64), (f64, f64)),
}

impl Occupancy {
    /// Of shapes within the ranges of a plot, in axis space.
    pub(super) fn of(shapes: &[Shape], ranges: ((f64, f64), (f64, f64))) -> Self {
        let mut occupancy = Self { taken: vec![false; ACROSS * UP], ranges };
        shapes.iter().for_each(|shape| occupancy.take(shape));
        occupancy
    }

    /// The corner in which a legend with this share of the width and of the height covers the least.
    pub(super) fn freest(&self, width: f32, height: f32) -> Corner {
        let across = (f64::from(width) * ACROSS as f64).ceil().clamp(1.0, ACROSS as f64) as usize;
        let up = (f64::from(height) * UP as f64).ceil().clamp(1.0, UP as f64) as usize;
        let covered = |corner: Corner| {
            let left = match corner {
                Corner::RightTop | Corner::RightBottom => ACROSS - across,
                Corner::LeftTop | Corner::LeftBottom => 0,
            };
            let bottom = match corner {
                Corner::RightTop | Corner::LeftTop => UP - up,
                Corner::RightBottom | Corner::LeftBottom => 0,
            };
            let row = |row: usize| self.taken.get(row * ACROSS + left..row * ACROSS + left + across);
            (bottom..bottom + up).filter_map(row).flatten().filter(|taken| **taken).count()
        };
        CORNERS.into_iter().min_by_key(|corner| covered(*corner)).unwrap_or(Corner::RightTop)
    }

    fn take(&mut self, shape: &Shape) {
        match shape {
            Shape::Line { runs, .. } => {
                for run in runs {
                    run.iter().for_each(|point| self.point(*point));
                    run.windows(2).for_each(|pair| self.segment(pair));
                }
            }
            Shape::Dots { points, .. } => points.iter().for_each(|point| self.point(*point)),
            Shape::Tinted { groups, .. } => {
                groups.iter().flat_map(|(_, points)| points).for_each(|point| self.point(*point));
            }
            Shape::Bars { corners, .. } => corners.iter().for_each(|corners| self.bar(corners)),
            Shape::Band { x, lower, upper, .. } => {
                for ((x, lower), upper) in x.iter().zip(lower).zip(upper) {
                    self.bar(&[PlotPoint::new(*x, *lower), PlotPoint::new(*x, *upper)]);
                }
            }
            // No legend stands over a picture, and rules and words run through all corners alike.
            Shape::Image { .. }
            | Shape::Over { .. }
            | Shape::Rule { .. }
            | Shape::Label { .. }
            | Shape::Handle { .. } => {}
        }
    }

    /// The field of a point, in fields from the lower left; nothing outside.
    fn place(&self, point: PlotPoint) -> Option<(f64, f64)> {
        let share = |value: f64, (low, high): (f64, f64)| {
            let share = (value - low) / (high - low);
            (-0.001..=1.001).contains(&share).then(|| share.clamp(0.0, 0.999))
        };
        let (x, y) = (share(point.x, self.ranges.0)?, share(point.y, self.ranges.1)?);
        Some((x * ACROSS as f64, y * UP as f64))
    }

    fn point(&mut self, point: PlotPoint) {
        let Some((x, y)) = self.place(point) else { return };
        if let Some(taken) = self.taken.get_mut(y as usize * ACROSS + x as usize) {
            *taken = true;
        }
    }

    /// The fields between two points.
    fn segment(&mut self, pair: &[PlotPoint]) {
        let [from, to] = pair else { return };
        let (Some(a), Some(b)) = (self.place(*from), self.place(*to)) else { return };
        let fields = (a.0 - b.0).abs().max((a.1 - b.1).abs()).ceil() as usize;
        for field in 1..fields {
            let share = field as f64 / fields as f64;
            let between = |a: f64, b: f64| a + share * (b - a);
            self.point(PlotPoint::new(between(from.x, to.x), between(from.y, to.y)));
        }
    }

    /// The fields of an upright rectangle, by any of its corners, as far as it lies inside.
    fn bar(&mut self, corners: &[PlotPoint]) {
        let range = |of: fn(&PlotPoint) -> f64, (low, high): (f64, f64)| {
            let ends = corners.iter().map(of).fold((high, low), |(a, b), value| (a.min(value), b.max(value)));
            (ends.0.max(low), ends.1.min(high))
        };
        let (x, y) = (range(|point| point.x, self.ranges.0), range(|point| point.y, self.ranges.1));
        let field = |(low, high): (f64, f64), fields: usize| (high - low) / fields as f64;
        let (wide, high) = (field(self.ranges.0, ACROSS), field(self.ranges.1, UP));
        if wide <= 0.0 || high <= 0.0 {
            return;
        }
        for across in 0..=((x.1 - x.0) / wide).max(0.0) as usize {
            for up in 0..=((y.1 - y.0) / high).max(0.0) as usize {
                self.point(PlotPoint::new(x.0 + across as f64 * wide, y.0 + up as f64 * high));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::figure::model::{Dash, Ink, Stroke};

    fn line(points: &[[f64; 2]]) -> Shape {
        Shape::Line {
            name: String::new(),
            runs: vec![points.iter().map(|point| PlotPoint::new(point[0], point[1])).collect()],
            ink: Ink::Series(0),
            dash: Dash::Solid,
            stroke: Stroke::Normal,
            source: None,
        }
    }

    fn freest(shapes: &[Shape]) -> Corner {
        Occupancy::of(shapes, ((0.0, 10.0), (-1.0, 1.0))).freest(0.4, 0.4)
    }

    #[test]
    fn the_legend_stands_where_no_data_are() {
        assert_eq!(freest(&[]), Corner::RightTop, "as usual");
        let rising = line(&[[0.0, -1.0], [10.0, 1.0]]);
        assert_eq!(freest(&[rising]), Corner::LeftTop, "a line of two points is followed between them");
        let bar = |from: f64, to: f64| vec![PlotPoint::new(from, -1.0), PlotPoint::new(to, 1.0)];
        let bars = Shape::Bars {
            name: String::new(),
            corners: vec![bar(0.0, 3.0), bar(9.0, 10.0)],
            ink: Ink::Series(0),
        };
        assert!(matches!(freest(&[bars]), Corner::RightTop | Corner::RightBottom), "the narrower bar");
        let outside = line(&[[0.0, 50.0], [10.0, 50.0]]);
        assert_eq!(freest(&[outside]), Corner::RightTop, "what is not in sight takes no room");
    }
}
