//! Data outside the shown ranges: how many points lie beyond each edge of a plot, and which of them is farthest.
//!
//! Limits that a view suggests, or a zoom, must not hide a finding: the window and the files mark the edges with these.

use super::domain::Domain;
use super::model::{Item, Plot};
use super::number;

/// A side of a plot, as the reader sees it on axes that grow to the right and upwards.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Side {
    /// Smaller x.
    Left,
    /// Larger x.
    Right,
    /// Smaller y.
    Below,
    /// Larger y.
    Above,
}

/// What lies beyond one side.
#[derive(Clone, Debug, PartialEq)]
pub struct Beyond {
    /// The side.
    pub side: Side,
    /// Finite points beyond it.
    pub count: usize,
    /// The farthest of them.
    pub farthest: [f64; 2],
    /// The series that it belongs to; empty if that has no name.
    pub series: String,
}

impl Beyond {
    /// In words: how many, beyond which side, the farthest of which series and where.
    pub fn words(&self) -> String {
        let (count, word) = (number::count(self.count as u64), number::plural(self.count, "point"));
        let of =
            if self.series.is_empty() { String::new() } else { format!(", the farthest of {}", self.series) };
        let side = match self.side {
            Side::Left => "left of the edge",
            Side::Right => "right of the edge",
            Side::Below => "below the edge",
            Side::Above => "above the edge",
        };
        format!("{count} {word} {side}{of}: {}", number::significant(self.value(), 4))
    }

    /// The farthest value along the axis that it lies beyond.
    pub fn value(&self) -> f64 {
        let [x, y] = self.farthest;
        if matches!(self.side, Side::Left | Side::Right) { x } else { y }
    }
}

/// What lies beyond the sides of a plot: of lines over whole steps only above and below, since what came before and after a stretch of
/// steps is no surprise.
pub fn beyond(plot: &Plot, domain: &Domain) -> Vec<Beyond> {
    let mut found: Vec<Beyond> = Vec::new();
    for item in &plot.items {
        let (name, points): (&str, &[[f64; 2]]) = match item {
            Item::Line(line) => (&line.name, &line.points),
            Item::Points(points) => (&points.name, &points.points),
            _ => continue,
        };
        for point in points {
            let Some((side, distance)) = side(plot, domain, *point) else { continue };
            if let Some(known) = found.iter_mut().find(|known| known.side == side) {
                known.count += 1;
                if distance > away(plot, domain, side, known.farthest) {
                    known.farthest = *point;
                    name.clone_into(&mut known.series);
                }
            } else {
                let (count, series) = (1, name.to_owned());
                found.push(Beyond { side, count, farthest: *point, series });
            }
        }
    }
    found.sort_by_key(|known| known.side);
    found
}

/// The side beyond which a point lies, with how far, in axis space; nothing for one in sight, or in the corner beyond two sides.
fn side(plot: &Plot, domain: &Domain, [x, y]: [f64; 2]) -> Option<(Side, f64)> {
    if !(plot.x.scale.shows(x) && plot.y.scale.shows(y)) {
        return None;
    }
    let inside = |value: f64, (low, high): (f64, f64)| (low..=high).contains(&value);
    let side = match (inside(x, domain.x), inside(y, domain.y)) {
        (true, false) if y < domain.y.0 => Side::Below,
        (true, false) => Side::Above,
        (false, true) if plot.x.whole => return None,
        (false, true) if x < domain.x.0 => Side::Left,
        (false, true) => Side::Right,
        _ => return None,
    };
    Some((side, away(plot, domain, side, [x, y])))
}

/// Distance from a side in axis space.
fn away(plot: &Plot, domain: &Domain, side: Side, [x, y]: [f64; 2]) -> f64 {
    let (scale, value, end) = match side {
        Side::Left => (plot.x.scale, x, domain.x.0),
        Side::Right => (plot.x.scale, x, domain.x.1),
        Side::Below => (plot.y.scale, y, domain.y.0),
        Side::Above => (plot.y.scale, y, domain.y.1),
    };
    (scale.to_axis(value) - scale.to_axis(end)).abs()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::figure::model::{Axis, Ink, Line};

    fn plot() -> Plot {
        let points = vec![[0.0, 0.5], [1.0, -18_168.0], [2.0, -4.0], [3.0, 9.0], [40.0, 0.5], [41.0, -9.0]];
        let line = Line::new("fc0[7, 28]", points, Ink::Series(0));
        Plot::new(Axis::new("step").whole().range(0.0, 10.0), Axis::new("weight").range(-2.0, 2.0)).with(line)
    }

    #[test]
    fn each_side_counts_its_points_and_names_the_farthest() {
        let plot = plot();
        let found = beyond(&plot, &Domain::of(&plot));
        let words: Vec<(Side, usize, f64)> =
            found.iter().map(|side| (side.side, side.count, side.value())).collect();
        assert_eq!(
            words,
            [(Side::Below, 2, -18_168.0), (Side::Above, 1, 9.0)],
            "steps to come are no finding"
        );
        assert_eq!((found[0].series.as_str(), found[0].farthest[0]), ("fc0[7, 28]", 1.0), "and where it is");
    }

    #[test]
    fn beside_other_axes_the_sides_count_too_and_corners_nowhere() {
        let mut plot = plot();
        plot.x.whole = false;
        let found = beyond(&plot, &Domain::of(&plot));
        let right = found.iter().find(|side| side.side == Side::Right).unwrap();
        assert_eq!(
            (right.count, right.value()),
            (1, 40.0),
            "the point beyond two sides is not counted twice"
        );
        plot.x.range = None;
        plot.y.range = None;
        assert!(beyond(&plot, &Domain::of(&plot)).is_empty(), "all is in sight");
    }
}
